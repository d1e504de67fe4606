// Steps that may have to wait: locks, sleeps, spinning.
#include "execution.hpp"

#include <algorithm>

namespace silk::model {

// ---- locks ----

lock_state& execution::fresh(lock_state& at) {
  cell* first = nullptr;
  const vector_clock& known = me().view.knows.happened;
  check(shadow_.touch_atomic(&at, sizeof(at.stamp), current_, known, first), &at, "lock", nullptr);
  if (at.stamp != stamp_) {
    at = {};
    at.stamp = stamp_;
  }
  return at;
}

void execution::change(lock_state& at, bool held) {
  at.held = held;
  at.changer = current_;
  at.changed = me().view.now(current_);
}

void execution::acquire(lock_state& at) {
  if (at.held) fail("a thread locks what it holds already");
  me().view.knows.join(at.released);
  me().view.causes.join(at.causes);
  change(at, true);
}

void execution::lock(lock_state& at, std::source_location where) {
  const inside in;
  const operation step{.kind = operation_kind::lock, .object = &at, .where = where};
  if (fresh(at).held && at.changer == current_) fail("a thread locks what it holds already", &at);
  me().wants = &at;
  begin(step);
  acquire(fresh(at));
  if (tracing_) trace_step(step, "");
  end();
}

// It may fail although the lock is free: while the last unlock is not known to happen before.
bool execution::try_lock(lock_state& at, std::source_location where) {
  const inside in;
  const operation step{.kind = operation_kind::try_lock, .object = &at, .where = where};
  begin(step);
  bool taken = !fresh(at).held;
  if (taken && !me().view.knows.happened.knows(at.changer, at.changed)) {
    taken = choose(2, ~std::uint64_t{0}) == 0;
  }
  if (taken) acquire(at);
  if (tracing_) trace_step(step, taken ? "taken" : "not taken");
  end();
  return taken;
}

void execution::unlock(lock_state& at, std::source_location where) {
  const inside in;
  const operation step{.kind = operation_kind::unlock, .object = &at, .where = where};
  begin(step);
  if (!fresh(at).held) fail("a thread unlocks what is not locked", &at);
  at.released = me().view.knows;
  at.causes = me().view.causes;
  change(at, false);
  if (tracing_) trace_step(step, "");
  end();
}

// ---- sleep and wake ----

bool execution::sleep(const void* object, std::uint64_t deadline, std::source_location where) {
  virtual_thread& self = me();
  self.asleep = true;
  self.sleeps_on = object;
  self.deadline = deadline;
  end();
  const operation step{.kind = operation_kind::timed_out,
                       .object = deadline != never ? object : nullptr,
                       .where = where};
  begin(step);
  const bool due = std::exchange(self.asleep, false);
  self.sleeps_on = nullptr;
  if (due) now_ = std::max(now_, deadline);
  if (tracing_) trace_step(step, due ? "the deadline has come" : "woken");
  return !due;
}

// The kernel's lock on the word makes a sleeper see what was stored before an earlier wake; it gives no
// more than that.
bool execution::sleep_while(atomic_object word, std::uint64_t expected, std::uint64_t deadline,
                            std::source_location where) {
  const inside in;
  const operation step{.kind = operation_kind::sleep, .object = word.address, .where = where};
  begin(step);
  location& at = find(word);
  knowledge& met = meeting_point(word.address);
  me().view.knows.seen.join(met.seen);
  met.seen.join(me().view.knows.seen);
  const memory::reading read = memory_.load(actor(), at, std::memory_order_relaxed);
  bool sleeps = read.value == expected;
  if (sleeps && spurious_left_ > 0 && choose(2, ~std::uint64_t{0}) == 1) {
    --spurious_left_;
    sleeps = false;
  }
  if (tracing_) trace_step(step, sleeps ? "sleeps" : "does not sleep");
  const bool woken = !sleeps || sleep(word.address, deadline, where);
  end();
  return woken;
}

bool execution::sleep_on(const void* object, lock_state& held, std::uint64_t deadline,
                         std::source_location where) {
  const inside in;
  const operation step{.kind = operation_kind::sleep, .object = object, .where = where};
  begin(step);
  bool woken = true;
  at_unlock(held);
  if (spurious_left_ > 0 && choose(2, ~std::uint64_t{0}) == 1) {
    --spurious_left_;
  } else {
    woken = sleep(object, deadline, where);
  }
  end();
  me().wants = &held;
  begin({.kind = operation_kind::lock, .object = &held, .where = where});
  acquire(fresh(held));
  end();
  return woken;
}

void execution::at_unlock(lock_state& held) {
  if (!fresh(held).held) fail("a thread waits without holding the lock", &held);
  held.released = me().view.knows;
  held.causes = me().view.causes;
  change(held, false);
}

void execution::wake(const void* object, int count, std::source_location where) {
  const inside in;
  const operation step{.kind = operation_kind::wake, .object = object, .where = where};
  begin(step);
  knowledge& met = meeting_point(object);
  met.seen.join(me().view.knows.seen);
  me().view.knows.seen.join(met.seen);
  for (; count > 0; --count) {
    std::vector<thread_id> sleepers;
    for (std::size_t i = 0; i < thread_count_; ++i) {
      const virtual_thread& each = threads_[i];
      if (each.life == stage::live && each.asleep && each.sleeps_on == object) {
        sleepers.push_back(static_cast<thread_id>(i));
      }
    }
    if (sleepers.empty()) break;
    const auto options = static_cast<unsigned>(sleepers.size());
    virtual_thread& woken = threads_[sleepers[choose(options, ~std::uint64_t{0})]];
    woken.asleep = false;
    woken.view.causes.join(me().view.causes);
    woken.view.knows.seen.join(met.seen);
    if (tracing_) trace_step(step, "wakes T" + std::to_string(&woken - threads_.data()));
  }
  end();
}

knowledge& execution::meeting_point(const void* object) {
  for (auto& [address, known] : foreign_) {
    if (address == object) return known;
  }
  return foreign_.emplace_back(object, knowledge{}).second;
}

// ---- spinning ----

bool execution::sees_nothing_new(const spinning& spin) const noexcept {
  return std::none_of(spin.reads.begin(), spin.reads.end(), [](const spin_read& read) {
    return memory::has_newer(*read.from, read.position, read.value);
  });
}

void execution::settle(std::source_location where) {
  const inside in;
  begin({.kind = operation_kind::settle, .where = where});
  end();
}

// A loop that waits reads the same stores again and again. The second time it shows nothing new: if
// there is something newer, another execution reads that at once; else the thread waits for it.
void execution::yield(std::source_location where) {
  spinning& spin = me().spin;
  if (!spin.wrote && spin.reads.empty()) return;
  const inside in;
  const bool same_place =
      spin.where.line() == where.line() && spin.where.file_name() == where.file_name();
  const bool repeats = same_place && !spin.wrote && spin.reads == spin.before;
  operation step{.kind = operation_kind::yield, .where = where};
  const bool blind = repeats && !sees_nothing_new(spin);
  if (blind) give_up();
  if (repeats && !blind) {
    ++spin.repeated;
    step.kind = operation_kind::wait_for_change;
  } else {
    spin.repeated = 0;
  }
  begin(step);
  me().patient = false;
  spin.before = std::exchange(spin.reads, {});
  spin.wrote = false;
  spin.where = where;
  if (tracing_) trace_step(step, "");
  end();
}

}  // namespace silk::model
