// Locks, events, conditions, semaphores, barriers and latches, used by tasks of two runtimes that are
// cancelled at any moment, and by threads that are no workers.
//
// Nobody helps twice: at the end of a round the event is set once, the barrier aborted once, and each
// item of the condition is announced once, when it is made. So whatever is lost on the way leaves a task
// waiting for ever, and the oracle finds it.
#pragma once

#include "../stress/tasks.hpp"

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace silk_stress::syncing {

constexpr int permits_of_all = 3;
constexpr int parties = 4;

struct tools {
  explicit tools(unsigned tasks) : steps(tasks) {}

  // At the end of a round nobody has or waits for anything.
  void expect_all_back() {
    expect(meeting.phase() == silk::barrier_phase::broken);
    meeting.reset();
    expect(meeting.phase() == silk::barrier_phase::filling);  // all have left
    expect(meeting.waiting() == 0u);
    expect(!lock.is_locked());
    expect(lock.waiting() == 0u);
    expect(!shared.is_locked());
    expect(shared.readers() == 0u);
    expect(shared.waiting() == 0u);
    expect(permits.available() == permits_of_all);
    expect(permits.waiting() == 0u);
    expect(bounded.available() == 1);
    expect(bounded.waiting() == 0u);
    expect(!change.is_locked());
    expect(change.waiting() == 0u);
    expect(happened.waiting() == 0u);
    expect(steps.count() == 0);
    expect(steps.waiting() == 0u);
    expect(inside == 0);
    expect(holders == 0);
  }

  silk::mutex lock;
  int inside = 0;  // guarded by lock
  silk::rw_mutex shared;
  int left = 0, right = 0;  // guarded by shared, and equal when nobody writes
  silk::semaphore permits{permits_of_all};
  std::atomic<int> holders = 0;
  silk::bounded_semaphore bounded{1};
  int bounded_inside = 0;  // guarded by bounded
  silk::condition change;
  int items = 0;  // guarded by change
  silk::event happened;
  silk::barrier meeting{parties};
  silk::latch steps;
};

// One step of the latch and one item, which a task owes from its spawn to its end, started or not.
class debts {
 public:
  explicit debts(tools& to) noexcept : to_(&to) {}
  debts(debts&& other) noexcept : to_(std::exchange(other.to_, nullptr)) {}
  debts& operator=(debts&&) = delete;
  ~debts() {
    if (to_ != nullptr) to_->steps.count_down();
  }
  auto arrive() { return std::exchange(to_, nullptr)->steps.arrive_and_wait(); }
  bool open() const noexcept { return to_ != nullptr; }

 private:
  tools* to_;
};

inline silk::task<> locks(tools& with, dice random) {
  const auto hold = co_await with.lock.scoped();
  expect(with.inside++ == 0);
  // The guard must not be the only one to know that we leave: a cancel comes here, too.
  std::exception_ptr stopped;
  try {
    co_await nap(random);
  } catch (const silk::cancelled&) {
    stopped = std::current_exception();
  }
  expect(--with.inside == 0);
  if (stopped != nullptr) std::rethrow_exception(stopped);
}

inline silk::task<> writes(tools& with, dice random) {
  const auto hold = co_await with.shared.scoped();
  ++with.left;
  std::exception_ptr stopped;
  try {
    co_await nap(random);
  } catch (const silk::cancelled&) {
    stopped = std::current_exception();
  }
  ++with.right;
  if (stopped != nullptr) std::rethrow_exception(stopped);
}

inline silk::task<> reads(tools& with, dice random) {
  const auto hold = co_await with.shared.scoped_shared();
  expect(with.left == with.right);
  co_await nap(random);
  expect(with.left == with.right);
}

struct counted {
  explicit counted(std::atomic<int>& all) : all_(all) { expect(++all_ <= permits_of_all); }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { --all_; }
  std::atomic<int>& all_;
};

inline silk::task<> acquires(tools& with, dice random) {
  const auto hold = co_await with.permits.scoped();
  const counted here(with.holders);
  co_await nap(random.another());
  if (random.one_in(4)) co_await locks(with, random.another());
}

inline silk::task<> acquires_the_only_one(tools& with) {
  co_await with.bounded.acquire();
  expect(with.bounded_inside++ == 0);
  expect(--with.bounded_inside == 0);
  with.bounded.release();
}

inline silk::task<> consumes(tools& with) {
  const auto hold = co_await with.change.scoped();
  while (with.items == 0) co_await with.change.wait();
  --with.items;
}

inline silk::task<> meets(tools& with) {
  try {
    const std::size_t index = co_await with.meeting.wait();
    expect(index < std::size_t{parties});
  } catch (const silk::broken_barrier&) {
  }
}

inline silk::task<> one_act(tools& with, dice random, debts& owed, bool& may_consume) {
  switch (random.below(16)) {
    case 0:
      if (std::exchange(may_consume, false)) co_await consumes(with);
      break;
    case 1:
      co_await with.happened.wait();
      break;
    case 2:
      if (owed.open() && random.one_in(2)) co_await owed.arrive();
      break;
    case 3:
    case 4:
      co_await meets(with);
      break;
    case 5:
    case 6:
      co_await writes(with, random.another());
      break;
    case 7:
    case 8:
      co_await reads(with, random.another());
      break;
    case 9:
    case 10:
      co_await acquires(with, random.another());
      break;
    case 11:
      co_await silk::gather(locks(with, random.another()), reads(with, random.another()),
                            acquires_the_only_one(with));
      break;
    case 12:
      co_await silk::with_timeout(microseconds(random.below(300)), locks(with, random.another()));
      break;
    case 13:
      co_await acquires_the_only_one(with);
      break;
    default:
      co_await locks(with, random.another());
  }
}

// Swallows some of its cancels.
inline silk::task<> user(life, dice random, tools& with, debts owed) {
  bool may_consume = true;  // one item is made for each task
  for (unsigned acts = 1 + random.below(6); acts > 0; --acts) {
    bool stopped = false;
    try {
      co_await one_act(with, random.another(), owed, may_consume);
    } catch (const silk::cancelled&) {
      if (random.one_in(3)) throw;
      stopped = true;
    } catch (const silk::timeout_error&) {
    }
    liveness_oracle::progress();
    if (stopped) co_await silk::this_task::uncancel();
  }
}

using handles = std::vector<silk::join_handle<void>>;

// What any thread may do.
inline void meddle(tools& with, dice& random) {
  switch (random.below(8)) {
    case 0:
      if (!with.lock.try_lock()) break;
      expect(with.inside++ == 0);
      jitter(random);
      expect(--with.inside == 0);
      with.lock.unlock();
      break;
    case 1:
      if (!with.shared.try_lock()) break;
      ++with.left;
      ++with.right;
      with.shared.unlock();
      break;
    case 2:
      if (!with.shared.try_lock_shared()) break;
      expect(with.left == with.right);
      with.shared.unlock_shared();
      break;
    case 3:
      if (!with.permits.try_acquire()) break;
      {
        const counted here(with.holders);
      }
      with.permits.release();
      break;
    case 4:
      with.happened.set();
      break;
    case 5:
      with.happened.clear();
      break;
    case 6:
      with.meeting.reset();
      break;
    default:
      if (!with.change.try_lock()) break;
      with.change.notify(0);
      with.change.unlock();
  }
}

inline void disturb(tools& with, const handles& all, dice random) {
  for (std::size_t i = 2 * all.size(); i > 0; --i) {
    const auto& target = all[random.below(static_cast<unsigned>(all.size()))];
    if (random.one_in(3)) target.cancel(random.one_in(2) ? "from outside" : "");
    meddle(with, random);
    jitter(random);
  }
}

inline silk::task<> disturb_inside(life, dice random, std::shared_ptr<const handles> all) {
  for (const auto& each : *all) {
    if (random.one_in(4)) each.cancel("from inside");
    co_await nap(random.another());
  }
}

// Each item is announced once.
inline silk::task<> produce(life, dice random, tools& with, unsigned items) {
  for (; items > 0; --items) {
    {
      const auto hold = co_await with.change.scoped();
      ++with.items;
      with.change.notify();
    }
    co_await nap(random.another());
  }
}

}  // namespace silk_stress::syncing
