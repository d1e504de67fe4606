#include "simulation.hpp"

#include "../call_graph.hpp"
#include "driver_seat.hpp"
#include "place.hpp"
#include "recorded.hpp"
#include "run_call.hpp"
#include "wait_teller.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace silk::detail {

namespace {

constinit thread_local simulation* this_simulation = nullptr;

constexpr std::string_view generated_prefix = "task-";

// With digits behind it: nobody gave that name.
bool is_generated(std::string_view name) noexcept {
  return name.starts_with(generated_prefix) &&
         name.find_first_not_of("0123456789", generated_prefix.size()) == name.npos;
}

testing::sim_options checked(testing::sim_options options) {
  if (options.workers == 0 || options.workers > engine::pool::max_workers)
    throw std::invalid_argument("sim_options::workers must be 1 to 4096");
  if (options.most_steps == 0)
    throw std::invalid_argument("sim_options::most_steps must be at least 1");
  return options;
}

engine::decisions decisions_for(const testing::sim_options& options,
                                const engine::schedule* replayed) {
  if (replayed != nullptr) return engine::decisions(*replayed);
  if (!options.schedule.empty()) return engine::decisions(schedule_of(options.schedule));
  return engine::decisions(options.seed);
}

engine::simulator::time_moves moves(testing::sim_time time) noexcept {
  return time == testing::sim_time::at_any_moment ? engine::simulator::time_moves::at_any_moment
                                                  : engine::simulator::time_moves::when_idle;
}

}  // namespace

class simulation::world : public runtime {
 public:
  world(runtime_options options, engine::simulator& by)
      : runtime(std::move(options), engine::threads::callers, &by) {}
  ~world() { core().close(); }
  using runtime::core;

  // Until `reached` says so, or nothing can run.
  template <class Reached>
  void drive_until(Reached reached) {
    struct goal_t final : engine::drive_goal {
      explicit goal_t(Reached& r) noexcept : is_reached(r) {}
      bool reached() noexcept override { return is_reached(); }
      Reached& is_reached;
    } goal(reached);
    const driver_seat seat(core(), "simulate");
    core().pool().drive(goal, engine::no_deadline);
  }
};

struct simulation::outside_call : engine::job {
  outside_call(simulation& owner, std::function<void()> f) : of(owner), function(std::move(f)) {
    run = [](engine::job& self) noexcept {
      const std::unique_ptr<outside_call> here(static_cast<outside_call*>(&self));
      try {
        here->function();
      } catch (...) {
        const std::exception_ptr error = std::current_exception();
        here->of.note_failure("a call from outside threw: " + describe(error), error);
      }
    };
  }
  simulation& of;
  std::function<void()> function;
};

simulation::simulation(testing::sim_options options, const engine::schedule* replayed)
    : options_(checked(std::move(options))),
      decisions_(decisions_for(options_, replayed)),
      simulator_(decisions_, *this, options_.most_steps, moves(options_.time)) {}

simulation::~simulation() = default;

simulation* simulation::here() noexcept { return this_simulation; }

// ---- the run ----

bool simulation::run(const testing::program& what, std::source_location where) {
  const engine::simulator::at_work on_this_thread(simulator_);
  struct here_t {
    explicit here_t(simulation* one) noexcept { this_simulation = one; }
    ~here_t() { this_simulation = nullptr; }
  } const here(this);
  world_ = std::make_unique<world>(options_of_the_runtime(), simulator_);
  world_->core().set_executor([this](blocking_job call) {
    call_from_outside(std::move(call), engine::simulator::time_is::free);
  });
  run_main(what, where);
  if (!left_) end_the_world();
  result_.steps = simulator_.steps();
  trace_->departures = decisions_.departures();
  result_.trace_ = trace_;
  return !left_;
}

// Calls from outside come in any case; then as runtime's destructor, but told when it would never end.
void simulation::end_the_world() {
  simulator_.allow(options_.most_steps);
  world_->drive_until([this]() noexcept { return !simulator_.has_calls(); });
  if (left_) return;
  world_->close();
  world_->drive_until(
      [this]() noexcept { return !simulator_.has_calls() && world_->live_tasks() == 0; });
  if (left_) return;
  world_.reset();
  look_at_what_is_left();
}

void simulation::run_main(const testing::program& what, std::source_location where) {
  try {
    const join_handle<void> main = world_->spawn({.name = "main"}, what, where);
    world_->block_on(future<void>(main));
  } catch (...) {
    if (left_) return;
    const std::exception_ptr error = std::current_exception();
    note_failure("main threw: " + describe(error), error);
  }
}

runtime_options simulation::options_of_the_runtime() {
  failure_handler on_failure = options_.on_failure;
  if (!on_failure) {
    on_failure = [this](const failure& what) {
      std::string message(what.message);
      if (!what.task_name.empty()) message.append(" of '").append(what.task_name).append("'");
      note_failure(message.append(": ").append(describe(what.error)), what.error);
    };
  }
  return {.workers = options_.workers,
          .time = time_source::virtual_time,
          .on_failure = std::move(on_failure),
          .on_spawn = [this](const task_ref& fresh) { name_task(fresh); }};
}

void simulation::look_at_what_is_left() {
  if (!options_.at_end) return;
  try {
    options_.at_end();
  } catch (...) {
    const std::exception_ptr error = std::current_exception();
    note_failure("at the end: " + describe(error), error);
  }
}

// ---- what the program asks for ----

void simulation::call_from_outside(std::function<void()> function,
                                   engine::simulator::time_is meanwhile) {
  auto call = std::make_unique<outside_call>(*this, std::move(function));
  simulator_.add_call(*call, meanwhile);
  [[maybe_unused]] auto* const deletes_itself = call.release();  // when it has been made
}

void simulation::call_from_outside(std::function<void()> function) {
  call_from_outside(std::move(function), decisions_.choose_evenly(engine::decision::call, 2) == 0
                                             ? engine::simulator::time_is::held
                                             : engine::simulator::time_is::free);
}

std::uint32_t simulation::choose(std::uint32_t options) {
  const std::uint32_t chosen = decisions_.choose_evenly(engine::decision::program, options);
  trace_->add(sim_trace::kind::choice, 0, chosen);
  return chosen;
}

void simulation::note_failure(std::string message, std::exception_ptr error) noexcept {
  if (result_.end != testing::sim_end::finished) return;
  result_.end = testing::sim_end::failed;
  result_.message = std::move(message);
  result_.error = std::move(error);
}

// ---- what happens ----

void simulation::name_task(const task_ref& fresh) {
  std::string name = fresh.name();
  const std::uint64_t number = trace_->tasks() + 1;
  if (is_generated(name)) {
    name.replace(generated_prefix.size(), name.npos, std::to_string(number));
    fresh.set_name(name);
  }
  numbers_[task_ref_access::core(fresh)->task()] = trace_->name_task(std::move(name));
}

std::uint64_t simulation::number_of(const task_node& task) const noexcept {
  const auto found = numbers_.find(&task);
  return found != numbers_.end() ? found->second : 0;
}

void simulation::runs(std::size_t worker, engine::job& item) noexcept {
  const task_node* task = task_node::resumed_by(item);
  if (promise_base* const paused = await_pause::paused_by(item)) task = &paused->context->root();
  if (task == nullptr) return trace_->add(sim_trace::kind::other_job, worker, 0);
  trace_->add(sim_trace::kind::task, worker, number_of(*task));
}

void simulation::stole(std::size_t worker, std::size_t victim) noexcept {
  trace_->add(sim_trace::kind::theft, worker, victim);
}

void simulation::called(std::uint64_t number) noexcept {
  trace_->add(sim_trace::kind::call, 0, number);
}

void simulation::time_moved(std::uint64_t now) noexcept {
  trace_->add(sim_trace::kind::time, 0, now);
}

void simulation::ended(engine::drive_end how) noexcept {
  left_ = true;
  world_->core().stop_driving();
  if (how == engine::drive_end::lost_wake)
    note_failure("something can run, and no worker wakes up for it: report this", nullptr);
  if (result_.end != testing::sim_end::finished) return;
  const bool closing = world_->core().state() != life::running;
  if (how == engine::drive_end::stuck) {
    result_.end = testing::sim_end::stuck;
    result_.message = "nothing can ever run again";
  } else {
    result_.end = testing::sim_end::endless;
    result_.message = "no end after " + std::to_string(simulator_.steps()) + " steps";
  }
  if (closing) result_.message += ", although every task has been cancelled";
  list_stuck();
}

void simulation::list_stuck() {
  std::vector<task_ref> tasks = world_->all_tasks();
  const auto number = [this](const task_ref& of) {
    return number_of(*task_ref_access::core(of)->task());
  };
  std::ranges::sort(tasks, {}, number);
  result_.message +=
      "; " + std::to_string(tasks.size()) + (tasks.size() == 1 ? " task is" : " tasks are");
  result_.message += " left:";
  wait_teller teller;
  for (const task_ref& each : tasks) {
    result_.stuck.push_back({.name = each.name(),
                             .waits_for = teller.tell(*task_ref_access::core(each)->task()),
                             .spawned_at = each.spawned_at(),
                             .frames = each.get_stack()});
    result_.message += "\n  " + result_.stuck.back().description();
  }
}

testing::sim_result simulate_as(const testing::program& what, const testing::sim_options& options,
                                const engine::schedule* replayed, std::source_location where) {
  check_may_block("simulate");
  if (engine::simulator::here() != nullptr)
    throw usage_error("simulate inside of a simulation: it would not do the same each time");
  auto run = std::make_unique<simulation>(options, replayed);
  const bool all_ended = run->run(what, where);
  testing::sim_result result = run->take_result();
  const bool alone = !run->met_foreign_threads();
  if (!all_ended) {
    [[maybe_unused]] auto* const stays = run.release();  // what is left refers to it
  }
  if (!alone) {
    throw usage_error(
        "another thread took part in a simulated run: give what it does to outside() instead");
  }
  return result;
}

}  // namespace silk::detail
