// Broadcasts and watches read through generators, in tasks with context variables, time limits and done
// callbacks, which are cancelled at any moment while threads and tasks send.
//
// Conservation: a receiver sees or is told to have missed each value that was sent since it subscribed, in
// order; the last value of a watch is seen; a done callback is called once, or was removed; a variable has
// the value that its own task gave it.
#pragma once

#include "../stress/tasks.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace silk_stress::streaming {

inline const silk::context_var<std::uint64_t> whose(0);

struct scene {
  silk::broadcast<std::uint64_t> news{8};
  silk::watch<std::uint64_t> latest{0};
  std::mutex sending;
  std::uint64_t sent = 0;  // guarded by sending
  std::atomic<std::uint64_t> callbacks_added{0}, callbacks_called{0}, callbacks_removed{0};

  void send() {
    const std::lock_guard one_at_a_time(sending);
    news.send(++sent);
    latest.send(sent);
    liveness_oracle::progress();
  }
  // Nothing is sent meanwhile, so that the receiver knows where it begins.
  auto subscribe(std::uint64_t& from) {
    const std::lock_guard nobody_sends(sending);
    from = sent;
    return news.subscribe();
  }
};

using receiver = silk::broadcast<std::uint64_t>::receiver;

// The values, and through `missed` those that were not seen. A receiver is where it was after each end.
inline silk::generator<std::uint64_t> values_of(life, receiver& from, std::uint64_t& missed) {
  for (;;) {
    std::uint64_t lost = 0;
    try {
      const auto got = co_await from.next();
      if (!got) co_return;
      co_yield *got;
    } catch (const silk::lagged_error& lag) {
      lost = lag.missed();
    }
    missed += lost;
  }
}

// Goes on through cancels and time limits until the broadcast is closed.
class listener {
 public:
  listener(scene& on, dice random) : on_(on), random_(random), from_(on.subscribe(seen_)) {}

  silk::task<> listens(std::uint64_t me) {
    co_await whose.set(me);
    bool open = true;
    while (open) {
      bool stopped = false;
      try {
        open = co_await some_values();
      } catch (const silk::cancelled&) {
        stopped = true;
      } catch (const silk::timeout_error&) {
      }
      expect(whose.get() == me);
      if (stopped) co_await silk::this_task::uncancel();
    }
    expect(seen_ == on_.sent);  // nobody sends any more
  }

 private:
  silk::task<bool> some_values() {
    switch (random_.below(3)) {
      case 0:
        co_return co_await silk::with_timeout(microseconds(random_.below(300)), reads());
      case 1: {
        silk::timeout_scope limit(microseconds(random_.below(300)));
        const auto body = [&]() -> silk::task<bool> {
          move(limit);
          co_return co_await reads();
        };
        co_return co_await limit.run(body);
      }
      default:
        co_return co_await reads();
    }
  }

  void move(silk::timeout_scope& limit) {
    try {
      limit.reschedule(silk::now() + microseconds(random_.below(300)));
    } catch (const silk::usage_error&) {  // the time has come meanwhile
    }
  }

  silk::task<bool> reads() {
    auto values = values_of(life(), from_, seen_);
    for (unsigned i = 1 + random_.below(20); i > 0; --i) {
      const auto value = co_await values.next();
      if (!value) co_return false;
      expect(*value == ++seen_);
      if (random_.one_in(8)) co_await nap(random_.another());
    }
    if (random_.one_in(2)) co_await values.close();
    co_return true;
  }

  scene& on_;
  dice random_;
  std::uint64_t seen_;  // or missed
  receiver from_;
};

inline silk::task<> listens(life, scene& on, dice random) {
  const std::uint64_t me = random.roll();
  listener here(on, random.another());
  co_await here.listens(me);
}

// Sees the last value, whatever happens before.
inline silk::task<> watches(life, scene& on, dice random) {
  auto changes = on.latest.subscribe();
  std::uint64_t last = changes.get();
  for (bool open = true; open;) {
    bool stopped = false;
    try {
      co_await changes.changed();
      const std::uint64_t now = changes.get();
      expect(now >= last);
      last = now;
      if (random.one_in(8)) co_await nap(random.another());
    } catch (const silk::cancelled&) {
      stopped = true;
    } catch (const silk::closed_error&) {
      open = false;
    }
    if (stopped) co_await silk::this_task::uncancel();
  }
  expect(last == on.sent);
}

// Children of its own see its value, and leave it alone.
inline silk::task<> forks(life, scene& on, dice random) {
  const std::uint64_t me = random.roll();
  co_await whose.set(me);
  const auto child = [](life, std::uint64_t parent, dice mine) -> silk::task<> {
    expect(whose.get() == parent);
    const std::uint64_t own = mine.roll();
    co_await whose.set(own);
    co_await nap(mine.another());
    expect(whose.get() == own);
  };
  for (unsigned i = random.below(8); i > 0; --i) {
    on.send();
    const auto spawned = silk::ensure_future(child(life(), me, random.another()));
    co_await silk::gather(child(life(), me, random.another()), child(life(), me, random.another()));
    co_await spawned;
    expect(whose.get() == me);
  }
}

using handles = std::vector<silk::join_handle<>>;

// From any thread: callbacks come and go while the tasks end.
inline void calls_back(scene& on, const handles& all, dice& random) {
  for (const auto& each : all) {
    ++on.callbacks_added;
    const auto token = each.add_done_callback(
        [&on, here = life()](const silk::future<>&) { ++on.callbacks_called; });
    jitter(random);
    if (random.one_in(3) && each.remove_done_callback(token)) ++on.callbacks_removed;
  }
}

}  // namespace silk_stress::streaming
