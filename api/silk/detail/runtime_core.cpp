#include "runtime_core.hpp"

#include "own_reasons.hpp"
#include "run_call.hpp"

#include <algorithm>
#include <string>

namespace silk::detail {

// ---- registry ----

task_registry::task_registry(std::size_t shards) {
  for (std::size_t i = 0; i < shards; ++i) shards_.push_back(std::make_unique<shard>());
}

void task_registry::add(task_node& node) noexcept {
  const engine::worker* here = engine::current_worker();
  node.registry_shard_ =
      here != nullptr ? static_cast<std::uint16_t>(here->index() % shards_.size()) : 0;
  shard& home = *shards_[node.registry_shard_];
  sync::lock_guard hold(home.lock);
  node.next_ = home.first;
  if (home.first != nullptr) home.first->previous_ = &node;
  home.first = &node;
  ++home.count;
}

void task_registry::remove(task_node& node) noexcept {
  shard& home = *shards_[node.registry_shard_];
  sync::lock_guard hold(home.lock);
  (node.previous_ != nullptr ? node.previous_->next_ : home.first) = node.next_;
  if (node.next_ != nullptr) node.next_->previous_ = node.previous_;
  --home.count;
}

std::size_t task_registry::size() const noexcept {
  std::size_t sum = 0;
  for (const auto& one : shards_) {
    sync::lock_guard hold(one->lock);
    sum += one->count;
  }
  return sum;
}

std::vector<task_registry::kept_task> task_registry::snapshot() const {
  std::vector<kept_task> tasks;
  for (const auto& one : shards_) {
    tasks.reserve(tasks.size() + size());
    sync::lock_guard hold(one->lock);
    for (task_node* node = one->first; node != nullptr; node = node->next_) {
      tasks.push_back({core_ptr<future_core>(&node->core()), node});
    }
  }
  return tasks;
}

// ---- the runtimes that are alive ----

namespace {

// For failures that are noticed when the runtime of the task may be long gone.
struct live_runtimes {
  sync::mutex lock;
  std::vector<runtime_core*> all;
};

live_runtimes& runtimes() {
  static auto& list =
      *new live_runtimes;  // never destroyed: handles may outlive static destructors
  return list;
}

}  // namespace

void report_failure(std::uint32_t runtime_serial, const failure& what) noexcept {
  failure_handler handler;
  {
    sync::lock_guard hold(runtimes().lock);
    const auto& all = runtimes().all;
    const auto found = std::ranges::find(all, runtime_serial, &runtime_core::serial);
    if (found != all.end()) handler = (*found)->on_failure();
  }
  if (handler) {
    try {
      return handler(what);
    } catch (...) {
      print_handler_failure("failure", std::current_exception());
    }
  }
  print_failure(what);
}

void callback_failed(failure what) noexcept {
  runtime_core& here = *current_runtime();
  if (is_fatal(what.error) && here.raise(what.error)) return;
  what.message = "nobody catches the exception";
  report_failure(here.serial(), what);
}

bool schedule_on_runtime(std::uint32_t serial, engine::job& item) noexcept {
  runtime_core* home = current_runtime();
  if (home != nullptr && home->serial() == serial) {
    home->pool().schedule(item);
    return true;
  }
  {
    sync::lock_guard hold(runtimes().lock);
    const auto found = std::ranges::find(runtimes().all, serial, &runtime_core::serial);
    if (found == runtimes().all.end()) return false;
    home = *found;
    home->visits_.fetch_add(1, sync::memory_order_seq_cst);  // E:visit out, before we look
  }
  const bool open = home->life_.load(sync::memory_order_seq_cst) != life::closed;  // E:closing in
  if (open) home->pool().schedule(item);
  home->visits_.fetch_sub(1, sync::memory_order_release);  // E:visit out
  return open;
}

// ---- the core ----

namespace {

std::uint32_t next_serial() noexcept {
  static sync::atomic<std::uint32_t> last{no_runtime};
  return last.fetch_add(1, sync::memory_order_relaxed) + 1;  // relaxed: only has to be distinct
}

}  // namespace

runtime_core::runtime_core(runtime& face, options chosen)
    : face_(face),
      serial_(next_serial()),
      on_failure_(std::move(chosen.on_failure)),
      on_spawn_(std::move(chosen.on_spawn)),
      tasks_(chosen.workers),
      blocking_threads_(chosen.blocking_threads),
      starts_eagerly_(chosen.starts_eagerly),
      sigint_(chosen.sigint),
      observed_(static_cast<bool>(on_spawn_)),
      debugging_(std::move(chosen.debug)),
      pool_({.workers = chosen.workers,
             .clock = chosen.clock,
             .threads = chosen.threads,
             .simulated_by = chosen.simulated_by,
             .embedder = this}) {
  static_cast<void>(own_reasons::get());  // made now, or never
  watch_jobs();                           // nobody else knows us yet
  sync::lock_guard hold(runtimes().lock);
  runtimes().all.push_back(this);
}

runtime_core::~runtime_core() {
  close();
  sync::lock_guard hold(runtimes().lock);
  std::erase(runtimes().all, this);
}

failure_handler runtime_core::on_failure() const {
  sync::lock_guard hold(handler_lock_);
  return on_failure_;
}

void runtime_core::set_on_failure(failure_handler handler) {
  sync::lock_guard hold(handler_lock_);
  on_failure_.swap(handler);  // the old one goes after the unlock
}

spawn_observer runtime_core::on_spawn() const {
  sync::lock_guard hold(handler_lock_);
  return on_spawn_;
}

void runtime_core::set_on_spawn(spawn_observer observer) {
  sync::lock_guard hold(handler_lock_);
  on_spawn_.swap(observer);  // the old one goes after the unlock
  // relaxed: who sees it late spawns as before
  observed_.store(static_cast<bool>(on_spawn_), sync::memory_order_relaxed);
}

void runtime_core::set_debug(bool on) noexcept {
  sync::lock_guard hold(handler_lock_);
  debugging_.set(on);
  watch_jobs();
}

void runtime_core::watch_jobs() noexcept {
  pool_.run_jobs_through(debugging_.on() || state() != life::running ? run_watched : nullptr);
}

void runtime_core::run_watched(engine::job& item) noexcept {
  runtime_core& here = *current_runtime();
  if (here.state() != life::running) {
    if (task_node* node = task_node::resumed_by(item))
      node->cancel_for_closing(own_reasons::get().runtime_closes);
  }
  if (!here.debugging_.on()) return item.run(item);
  here.debugging_.run_step(item);
}

void runtime_core::set_executor(submit_function submit) {
  sync::lock_guard hold(handler_lock_);
  submit_.swap(submit);  // the old one goes after the unlock
}

void runtime_core::submit(blocking_work& call) {
  submit_function submit;
  {
    sync::lock_guard hold(handler_lock_);
    submit = submit_;
  }
  if (!submit) {
    if (blocking().submit(call) == engine::submit_status::accepted) return;
    throw usage_error("to_thread: the runtime is closed");
  }
  const auto ticket = std::make_shared<blocking_ticket>(call);
  try {
    submit(blocking_job(ticket));
  } catch (...) {
    if (ticket->take() != nullptr) throw;  // else it has been called, or is about to be
  }
}

bool runtime_core::withdraw(blocking_work& call) noexcept {
  sync::unique_lock hold(blocking_lock_);
  engine::blocking_pool* const own = blocking_.get();
  hold.unlock();
  return own != nullptr && own->withdraw(call);
}

engine::blocking_pool& runtime_core::blocking() {
  sync::lock_guard hold(blocking_lock_);
  if (!blocking_) {
    blocking_ = std::make_unique<engine::blocking_pool>(
        engine::blocking_options{.max_threads = blocking_threads_});
  }
  return *blocking_;
}

runtime_core::visit::visit(runtime_core& runtime) {
  if (!runtime.pool().is_worker()) {
    guest_ = &runtime;
    runtime.visits_.fetch_add(1, sync::memory_order_seq_cst);  // E:visit out, before we look
  }
  if (runtime.life_.load(sync::memory_order_seq_cst) != life::closed) return;  // E:closing in
  // relaxed: nothing was handed over
  if (guest_ != nullptr) guest_->visits_.fetch_sub(1, sync::memory_order_relaxed);
  throw usage_error("the runtime is closed: it takes no more tasks and callbacks");
}

void runtime_core::enter(run_call& call) {
  sync::lock_guard hold(run_calls_lock_);
  run_calls_.push_back(&call);
}

std::exception_ptr runtime_core::leave(run_call& call) noexcept {
  sync::lock_guard hold(run_calls_lock_);
  std::erase(run_calls_, &call);
  return std::exchange(call.fatal_, nullptr);
}

bool runtime_core::raise(std::exception_ptr& fatal) noexcept {
  std::exception_ptr before;  // destroyed after the unlock: its destructor is the user's
  sync::lock_guard hold(run_calls_lock_);
  if (run_calls_.empty()) return fatal == raised_;
  for (run_call* const each : run_calls_) each->raise(fatal);
  // Moved, before anybody has seen it: the exception's end is not ours.
  before = std::exchange(raised_, std::exchange(fatal, nullptr));
  return true;
}

admission runtime_core::admit(task_node& node) noexcept {
  const bool late = state() != life::running;
  const bool stays_outside = late && !pool_.is_worker();
  if (!stays_outside) tasks_.add(node);
  if (!late && state() == life::running) [[likely]]
    return admission::welcome;
  node.cancel_for_closing(own_reasons::get().runtime_closes);
  return stays_outside ? admission::refused : admission::cancelled;
}

void runtime_core::dismiss(task_node& node) noexcept {
  tasks_.remove(node);
  if (state() == life::running) [[likely]]
    return;
  tell_that_one_ended();
}

void runtime_core::tell_that_one_ended() noexcept {
  emptied_.fetch_add(1, sync::memory_order_release);  // E:emptied out
  sync::futex_wake(emptied_, 1 << 30);
  if (pool_.is_driven()) pool_.look_at_goal();
}

void runtime_core::call_begins() noexcept {
  pool_.hold_time();
  calls_.fetch_add(1, sync::memory_order_relaxed);  // relaxed: our task is alive, nothing is empty
}

void runtime_core::call_ended() noexcept {
  // The thread may be one that we do not stop: a visitor until it is out of here. relaxed: before E:calls
  visits_.fetch_add(1, sync::memory_order_relaxed);
  pool_.release_time();
  calls_.fetch_sub(1, sync::memory_order_seq_cst);  // E:calls out, before we look
  if (life_.load(sync::memory_order_seq_cst) != life::running)
    tell_that_one_ended();                           // E:closing in
  visits_.fetch_sub(1, sync::memory_order_release);  // E:visit out
}

void runtime_core::begin_closing() noexcept {
  life expected = life::running;
  // E:closing out: I8
  if (!life_.compare_exchange_strong(expected, life::closing, sync::memory_order_seq_cst)) return;
  // From now on no task is resumed that has not been cancelled: keeps I8.
  {
    sync::lock_guard hold(handler_lock_);
    watch_jobs();
  }
  // All before any: one that runs just now must not see others end because of it.
  const reason_ptr& reason = own_reasons::get().runtime_closes;
  auto tasks = tasks_.snapshot();
  std::erase_if(tasks, [&](const auto& task) { return !task.node->mark_for_closing(reason); });
  for (const auto& task : tasks) task.node->interrupt_for_closing(reason);
}

bool runtime_core::is_empty() const noexcept {
  // E:calls in; a task that could begin one is gone by now
  return tasks_.size() == 0 && calls_.load(sync::memory_order_seq_cst) == 0;
}

bool runtime_core::wait_until_empty(std::uint64_t deadline) noexcept {
  if (pool_.is_driven()) return drive_until_empty(deadline);
  for (;;) {
    const std::uint32_t seen = emptied_.load(sync::memory_order_acquire);  // E:emptied in
    if (is_empty()) return true;
    if (engine::clock::steady_now() >= deadline) return false;
    if (deadline == engine::no_deadline) {
      sync::futex_wait(emptied_, seen);
    } else {
      sync::futex_wait_until(emptied_, seen, deadline);
    }
  }
}

bool runtime_core::drive_until_empty(std::uint64_t deadline) noexcept {
  struct everybody_gone final : engine::drive_goal {
    explicit everybody_gone(const runtime_core& of) noexcept : runtime(of) {}
    bool reached() noexcept override { return was_reached = runtime.is_empty(); }
    const runtime_core& runtime;
    bool was_reached = false;
  } goal(*this);
  const bool seated = pool_.take_seat();
  SILK_ASSERT(seated, "end a manual_runtime when no other thread drives it, and not inside of it");
  {
    const interlude inside;  // a task of another runtime may own this one
    pool_.drive(goal, deadline);
  }
  pool_.leave_seat();
  return goal.was_reached;  // a spawn from outside may have come since: that is for close()
}

void runtime_core::close() noexcept {
  sync::lock_guard one_at_a_time(close_lock_);
  if (state() == life::closed) return;
  begin_closing();
  wait_until_empty(engine::no_deadline);
  life_.store(life::closed, sync::memory_order_seq_cst);                   // E:closing out
  while (visits_.load(sync::memory_order_seq_cst) != 0) sync::give_way();  // E:visit in
  wait_until_empty(engine::no_deadline);  // what the last visitors left starts cancelled, and ends
  if (blocking_) blocking_->stop();
  pool_.stop();
  engine::job_list leftovers = pool_.take_timers();
  while (!leftovers.empty()) {  // callbacks whose time has not come: they drop themselves
    engine::job& item = leftovers.pop_front();
    item.run(item);
  }
}

runtime_core* current_runtime() noexcept {
  engine::worker* here = engine::current_worker();
  return here == nullptr ? nullptr : static_cast<runtime_core*>(here->owner().embedder());
}

runtime_core& required_runtime(const char* verb) {
  if (runtime_core* runtime = current_runtime()) return *runtime;
  throw usage_error(std::string(verb) +
                    " needs a running task; on another thread call it in a task of a runtime: "
                    "runtime.spawn(...)");
}

}  // namespace silk::detail
