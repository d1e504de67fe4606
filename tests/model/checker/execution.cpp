#include "execution.hpp"

#include "walk.hpp"

#include <algorithm>
#include <bit>

namespace silk::model {

execution& execution::the() {
  static execution& one = *new execution;  // never destroyed, as the memory that it uses
  return one;
}

execution::execution()
    : arena_(*new arena), shadow_(*new shadow(arena_)), fibers_(arena_), memory_(*this) {}

void execution::reset() {
  arena_.reset();
  shadow_.reset();
  memory_.reset(rules_.merges_values);
  thread_count_ = 0;
  current_ = 0;
  steps_ = 0;
  spurious_left_ = rules_.spurious;
  now_ = 1;
  undisturbed_ = false;
  ++stamp_;
  ordinary_ = 0;
  choices_.clear();
  failure_.clear();
  fault_address_ = nullptr;
  trace_.clear();
  names_.clear();
  foreign_.clear();
  ending_ = ending::complete;
}

ending execution::run(strategy& decides, const rules& limits, const std::function<void()>& body) {
  strategy_ = &decides;
  rules_ = limits;
  reset();
  fibers_.remember_locals();
  decides.begin();
  start(body);
  fibers_.switch_to(0);
  in_thread_ = false;
  return ending_;
}

// ---- threads ----

void execution::start(const std::function<void()>& body) {
  virtual_thread& first = threads_[0];
  thread_count_ = 1;
  prepare(0, body);
  first.life = stage::live;
}

void execution::prepare(thread_id id, const std::function<void()>& body) {
  virtual_thread& fresh = threads_[id];
  fresh.body = &body;
  fresh.pending = {};
  fresh.asleep = fresh.patient = false;
  fresh.seen_running = static_cast<thread_mask>(~0);
  fresh.gives_way_to = 0;
  fresh.joins = 0;
  fresh.deadline = never;
  fresh.spin.reads.clear();
  fresh.spin.before.clear();
  fresh.spin.wrote = false;
  fresh.spin.repeated = 0;
  fresh.spawned_by = current_;
  fresh.view = {};
  if (id != 0) {
    fresh.view.knows = me().view.knows;
    fresh.view.causes = me().view.causes;
    memory::flush(fresh.view);
  }
  fresh.view.knows.happened.at[id] = fresh.view.knows.seen.at[id] = 1;
  fibers_.prepare(id, run_thread);
}

thread_id execution::spawn(const std::function<void()>* body) {
  const inside in;
  if (thread_count_ == max_threads) fail("more than 8 threads in one execution");
  const auto id = static_cast<thread_id>(thread_count_++);
  threads_[id].life = stage::starting;
  prepare(id, *body);
  end();  // what the parent does next does not happen before what the child does
  // The child runs up to its first step at once: until then nobody can tell.
  const thread_id parent = current_;
  current_ = id;
  fibers_.switch_to(id);
  current_ = parent;
  return id;
}

void execution::run_thread(std::size_t) noexcept {
  execution& self = the();
  const std::function<void()>& body = *self.me().body;
  in_thread_ = true;
  body();
  if (self.current_ != 0) delete &body;
  in_thread_ = false;
  self.finish_thread();
}

void execution::finish_thread() {
  virtual_thread& thread = me();
  const bool was_starting = thread.life == stage::starting;
  thread.life = stage::done;
  thread.pending = {};
  if (was_starting) {
    fibers_.switch_to(thread.spawned_by);
  } else {
    const bool all_done = std::all_of(threads_.begin(), threads_.begin() + thread_count_,
                                      [](const auto& each) { return each.life == stage::done; });
    if (all_done) {
      check_leaks();
      leave(ending_);
    }
    run_next(current_, true);
  }
  std::abort();  // nobody goes on with a thread that has ended
}

void execution::leave(ending how) {
  ending_ = how;
  in_thread_ = false;
  fibers_.switch_to(fibers::host);
  std::abort();  // nobody goes on with an execution that has ended
}

void execution::give_up() {
  if (rules_.gives_up) leave(ending::given_up);
  static replay ordinary_course("-");
  ordinary_course.begin();
  ending_ = ending::given_up;
  strategy_ = &ordinary_course;
}

void execution::check_leaks() {
  if (arena_.live_blocks() == 0 || rules_.is_warm_up) return;
  const void* block = arena_.first_live();
  fail("leak: " + std::to_string(arena_.live_blocks()) + " blocks were not freed, the first at " +
           name_of(block),
       block);
}

bool execution::is_enabled(const virtual_thread& thread) const noexcept {
  if (thread.life != stage::live) return false;
  switch (thread.pending.kind) {
    case operation_kind::lock:
      return !(thread.wants->stamp == stamp_ && thread.wants->held);
    case operation_kind::timed_out:
      return !thread.asleep || thread.deadline != never;
    case operation_kind::join:
      for (std::size_t i = 0; i < thread_count_; ++i) {
        if ((thread.joins & bit_of(i)) != 0 && threads_[i].life != stage::done) return false;
      }
      return true;
    case operation_kind::settle:
      return false;  // not before all others wait
    case operation_kind::wait_for_change:
      return thread.patient || !sees_nothing_new(thread.spin);
    default:
      return true;
  }
}

thread_mask execution::enabled_threads() noexcept {
  thread_mask enabled = 0;
  for (std::size_t i = 0; i < thread_count_; ++i) {
    if (is_enabled(threads_[i])) enabled |= bit_of(i);
  }
  if (enabled != 0) return enabled;
  for (std::size_t i = 0; i < thread_count_; ++i) {
    const virtual_thread& each = threads_[i];
    const bool settles = each.life == stage::live && each.pending.kind == operation_kind::settle;
    if (settles) return bit_of(i);
  }
  // A loop that gives up after some rounds goes on; one that does not is found out.
  constexpr unsigned rounds = 100;
  for (std::size_t i = 0; i < thread_count_; ++i) {
    virtual_thread& each = threads_[i];
    const bool waits =
        each.life == stage::live && each.pending.kind == operation_kind::wait_for_change;
    if (!waits || each.spin.repeated > rounds) continue;
    each.patient = true;
    enabled |= bit_of(i);
  }
  return enabled;
}

// Fairness (Musuvathi and Qadeer, "Fair stateless model checking", PLDI 2008): who yields, and has let
// somebody have no turn since it yielded before, waits until that one had a turn. So loops that wait end.
thread_mask execution::fair(thread_mask enabled) const noexcept {
  thread_mask found = 0;
  for (std::size_t i = 0; i < thread_count_; ++i) {
    if ((threads_[i].gives_way_to & enabled) == 0) found |= bit_of(i);
  }
  found &= enabled;
  return found != 0 ? found : enabled;
}

void execution::note_turn(thread_id of) noexcept {
  for (std::size_t i = 0; i < thread_count_; ++i) {
    threads_[i].seen_running |= bit_of(of);
    threads_[i].gives_way_to &= static_cast<thread_mask>(~bit_of(of));
  }
}

void execution::run_next(thread_id previous, bool free_to_leave) {
  if (++steps_ > rules_.steps)
    fail("livelock: more than " + std::to_string(rules_.steps) + " steps");
  thread_mask enabled = enabled_threads();
  if (enabled == 0) stuck();
  if (free_to_leave && threads_[previous].life == stage::live) {
    virtual_thread& yields = threads_[previous];
    const int passed_over = enabled & ~yields.seen_running & ~bit_of(previous);
    yields.gives_way_to |= static_cast<thread_mask>(passed_over);
    yields.seen_running = 0;
  }
  enabled = fair(enabled);
  crossing at{enabled, previous, free_to_leave || (enabled & bit_of(previous)) == 0};
  if (undisturbed_) at.enabled = enabled = bit_of(thread_at(at, 0));
  unsigned chosen = strategy_->choose_thread(at);
  if (chosen == no_choice) {
    give_up();
    chosen = strategy_->choose_thread(at);
  }
  const auto next = static_cast<thread_id>(chosen);
  if (!std::has_single_bit(enabled)) record(index_of(at, next));
  const thread_id from = current_;
  current_ = next;
  if (next != from) fibers_.switch_to(next);
}

void execution::begin(const operation& next) {
  virtual_thread& thread = me();
  thread.pending = next;
  const thread_id self = current_;
  strategy_->arrived(self, next);
  if (thread.life == stage::starting) {
    thread.life = stage::live;
    fibers_.switch_to(thread.spawned_by);
  } else {
    const bool polite =
        next.kind == operation_kind::yield || next.kind == operation_kind::wait_for_change;
    run_next(self, polite);
  }
  strategy_->executes(self, next);
  note_turn(self);
  thread.view.causes.at[self] = thread.view.now(self);
  const bool is_spin = next.kind == operation_kind::yield ||
                       next.kind == operation_kind::wait_for_change ||
                       next.kind == operation_kind::load;
  if (!is_spin) thread.spin.wrote = true;
}

void execution::end() {
  virtual_thread& thread = me();
  thread.pending = {};
  knowledge& knows = thread.view.knows;
  if (knows.happened.at[current_] == store_record::never - 1) fail("too many steps of one thread");
  ++knows.happened.at[current_];
  knows.seen.at[current_] = knows.happened.at[current_];
}

void execution::join(thread_mask threads, std::source_location where) {
  const inside in;
  me().joins = threads;
  begin({.kind = operation_kind::join, .where = where});
  for (std::size_t i = 0; i < thread_count_; ++i) {
    if ((threads & bit_of(i)) == 0) continue;
    me().view.knows.join(threads_[i].view.knows);
    me().view.causes.join(threads_[i].view.causes);
  }
  me().joins = 0;
  end();
}

// ---- choices ----

void execution::record(unsigned chosen) {
  if (chosen == 0) {
    ++ordinary_;
  } else {
    choices_.emplace_back(ordinary_, chosen);
    ordinary_ = 0;
  }
}

unsigned execution::choose(unsigned count, std::uint64_t allowed) {
  if (allowed == 0 || (undisturbed_ && (allowed & 1) == 0)) give_up();
  if (count == 1 || undisturbed_) return 0;
  unsigned chosen = strategy_->choose(count, allowed);
  if (chosen == no_choice) {
    give_up();
    chosen = 0;
  }
  record(chosen);
  return chosen;
}

std::string execution::schedule() const {
  std::string text;
  for (const auto& [ordinary, chosen] : choices_) {
    if (!text.empty()) text += ' ';
    text += std::to_string(ordinary) + ":" + std::to_string(chosen);
  }
  return text.empty() ? "-" : text;
}

// ---- atomic objects ----

location& execution::find(const atomic_object& object) {
  cell* first = nullptr;
  const vector_clock& known = me().view.knows.happened;
  const shadow::verdict found =
      shadow_.touch_atomic(object.address, object.size, current_, known, first);
  check(found, object.address, "atomic access", nullptr);
  return memory_.at(first->location, object.address, object.size, first->writer, first->write_step);
}

std::uint32_t execution::stores_of(const void* object) {
  const location* found = memory_.find(shadow_.location_of(object));
  return found != nullptr && found->address == object ? found->created : 1;
}

unsigned execution::first_choice(thread_id thread, std::uint32_t only_from) {
  const operation& next = threads_[thread].pending;
  const location* at = memory_.find(shadow_.location_of(next.object));
  if (at == nullptr || at->address != next.object) return 0;
  const bool for_update = next.kind == operation_kind::update;
  const std::uint64_t choices =
      memory_.choices_of({thread, threads_[thread].view, only_from}, *at, next.ordered, for_update);
  return choices == 0 ? no_choice : static_cast<unsigned>(std::countr_zero(choices));
}

void execution::note_read(const location& from, const memory::reading& read) {
  spinning& spin = me().spin;
  if (!spin.wrote) spin.reads.push_back({&from, read.position, read.value});
}

namespace {

const char* name_of_order(std::memory_order order) noexcept {
  constexpr std::array<const char*, 6> names{"relaxed", "consume", "acquire",
                                             "release", "acq_rel", "seq_cst"};
  return names[static_cast<std::size_t>(order)];
}

std::string hex(std::uint64_t value) {
  if (value < 10'000) return std::to_string(value);
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (; value != 0; value /= 16) text.insert(text.begin(), digits[value % 16]);
  return "0x" + text;
}

std::string describe(const memory::reading& read) {
  std::string text =
      hex(read.value) + " of T" + std::to_string(read.writer) + "." + std::to_string(read.written);
  if (read.newer != 0) text += ", " + std::to_string(read.newer) + " newer";
  return text;
}

}  // namespace

std::uint64_t execution::load(atomic_object from, std::memory_order order,
                              std::source_location where) {
  const inside in;
  const operation step{.kind = operation_kind::load,
                       .ordered = order == std::memory_order_seq_cst,
                       .object = from.address,
                       .where = where};
  begin(step);
  location& at = find(from);
  const memory::reading read = memory_.load(actor(), at, order);
  note_read(at, read);
  if (tracing_)
    trace_step(step, std::string(name_of_order(order)) + " -> " + model::describe(read));
  end();
  return read.value;
}

void execution::store(atomic_object to, std::uint64_t value, std::memory_order order,
                      std::source_location where) {
  const inside in;
  const operation step{.kind = operation_kind::store,
                       .ordered = order == std::memory_order_seq_cst,
                       .object = to.address,
                       .where = where};
  begin(step);
  memory_.store(actor(), find(to), value, order);
  if (tracing_) trace_step(step, std::string(name_of_order(order)) + " = " + hex(value));
  end();
}

std::uint64_t execution::update(atomic_object object, update_kind kind, std::uint64_t operand,
                                std::memory_order order, std::source_location where) {
  const inside in;
  const operation step{.kind = operation_kind::update,
                       .ordered = order == std::memory_order_seq_cst,
                       .object = object.address,
                       .where = where};
  begin(step);
  location& at = find(object);
  const memory::reading read = memory_.update(actor(), at, kind, operand, order);
  if (tracing_) {
    constexpr std::array<const char*, 6> names{"exchange", "add", "subtract", "and", "or", "xor"};
    trace_step(step, std::string(name_of_order(order)) + " " +
                         names[static_cast<std::size_t>(kind)] + " " + hex(operand) + " -> " +
                         model::describe(read));
  }
  end();
  return read.value;
}

bool execution::compare_exchange(atomic_object object, std::uint64_t& expected,
                                 memory::comparison with, std::source_location where) {
  const inside in;
  const operation step{.kind = operation_kind::update,
                       .ordered = with.success == std::memory_order_seq_cst,
                       .object = object.address,
                       .where = where};
  begin(step);
  location& at = find(object);
  const bool was_weak = with.may_fail;
  with.may_fail = was_weak && spurious_left_ > 0;
  const memory::exchange_result result = memory_.compare_exchange(actor(), at, with);
  if (!result.exchanged) {
    if (result.read.value == expected) --spurious_left_;
    note_read(at, result.read);
  }
  if (tracing_) {
    trace_step(step, std::string(name_of_order(with.success)) + " compare-exchange " +
                         hex(with.expected) + " by " + hex(with.desired) +
                         (result.exchanged ? " done" : " failed") + " -> " +
                         model::describe(result.read));
  }
  expected = result.read.value;
  end();
  return result.exchanged;
}

void execution::fence(std::memory_order order, std::source_location where) {
  const inside in;
  const operation step{.kind = operation_kind::order_fence, .where = where};
  const bool visible = order == std::memory_order_seq_cst;
  if (visible) begin(step);
  memory_.fence(actor(), order);
  if (tracing_) trace_step(step, name_of_order(order));
  end();
}

void execution::light_fence(std::source_location where) {
  if (rules_.fences == fence_policy::full) return fence(std::memory_order_seq_cst, where);
  const inside in;
  memory::flush(me().view);
  end();  // what comes next is not covered
}

// membarrier(2): a full fence here, then one on each other thread, wherever that is at the time, then
// another one here.
void execution::heavy_fence(std::source_location where) {
  fence(std::memory_order_seq_cst, where);
  if (rules_.fences == fence_policy::full) return;
  const inside in;
  thread_mask others = 0;
  for (std::size_t i = 0; i < thread_count_; ++i) {
    const bool waits_for_us =
        (threads_[i].joins & bit_of(current_)) != 0;  // learns all in any case
    if (i != current_ && !waits_for_us) others |= bit_of(i);
  }
  if (rules_.barriers == barrier_steps::one) return reach(others, where);
  for (std::size_t i = 0; i < thread_count_; ++i) {
    if ((others & bit_of(i)) != 0) reach(bit_of(i), where);
  }
}

void execution::reach(thread_mask others, std::source_location where) {
  const operation step{.kind = operation_kind::barrier, .targets = others, .where = where};
  begin(step);
  for (std::size_t i = 0; i < thread_count_; ++i) {
    if ((others & bit_of(i)) == 0) continue;
    memory_.reach(actor(), {static_cast<thread_id>(i), threads_[i].view});
    if (tracing_) trace_step(step, "reaches T" + std::to_string(i));
  }
  memory_.fence(actor(), std::memory_order_seq_cst);
  end();
}

}  // namespace silk::model
