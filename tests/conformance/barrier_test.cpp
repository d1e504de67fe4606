// Rows of the area `barrier`: asyncio.Barrier is silk::barrier, BrokenBarrierError silk::broken_barrier.
#include "row.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <vector>

namespace {

using namespace silk_conformance;

using indices = std::vector<std::size_t>;
using silk::barrier_phase;

const std::string broken = silk::broken_barrier().what();

silk::task<std::size_t> meets(silk::barrier& meeting) {
  const std::size_t index = co_await meeting.wait();
  co_return index;
}
silk::task<std::string> tells(silk::barrier& meeting) { return ending(meets(meeting)); }

std::vector<silk::join_handle<std::size_t>> spawn_at(silk::barrier& meeting, int tasks) {
  std::vector<silk::join_handle<std::size_t>> all;
  for (int i = 0; i < tasks; ++i) all.push_back(silk::spawn(meets(meeting)));
  return all;
}
std::vector<silk::join_handle<std::string>> spawn_tellers(silk::barrier& meeting, int tasks) {
  std::vector<silk::join_handle<std::string>> all;
  for (int i = 0; i < tasks; ++i) all.push_back(silk::spawn(tells(meeting)));
  return all;
}
int count_of(const std::vector<std::string>& all, const std::string& one) {
  return static_cast<int>(std::count(all.begin(), all.end(), one));
}

// So many tasks pass, each with another index.
silk::task<> passes(silk::barrier& meeting) {
  const auto all = spawn_at(meeting, static_cast<int>(meeting.parties()));
  indices got = co_await silk::gather(all);
  std::sort(got.begin(), got.end());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], i);
  EXPECT_EQ(meeting.waiting(), 0u);
  EXPECT_EQ(meeting.phase(), barrier_phase::filling);
}

ROW(barrier, parties_validated) {
  EXPECT_EQ(told([] { silk::barrier meeting(0); }), "invalid argument");
  EXPECT_EQ(told([] { silk::barrier meeting(-5); }), "invalid argument");
  EXPECT_EQ(silk::barrier(1).parties(), 1u);
}

ROW(barrier, releases_all_with_unique_index) {
  run([]() -> silk::task<> {
    silk::barrier meeting(5);
    const auto early = spawn_at(meeting, 4);
    co_await at_rest();
    for (const auto& one : early) EXPECT_FALSE(one.done());
    EXPECT_EQ(meeting.waiting(), 4u);
    const std::size_t mine = co_await meeting.wait();
    indices got = co_await silk::gather(early);
    got.push_back(mine);
    std::sort(got.begin(), got.end());
    EXPECT_EQ(got, (indices{0, 1, 2, 3, 4}));
  });
}

ROW(barrier, waiting_count) {
  run([]() -> silk::task<> {
    silk::barrier meeting(3);
    EXPECT_EQ(meeting.waiting(), 0u);
    const auto first = silk::spawn(meets(meeting));
    co_await at_rest();
    EXPECT_EQ(meeting.waiting(), 1u);
    const auto second = silk::spawn(meets(meeting));
    co_await at_rest();
    EXPECT_EQ(meeting.waiting(), 2u);
    co_await meets(meeting);
    EXPECT_EQ(meeting.waiting(), 0u);
    co_await silk::gather(first, second);
    EXPECT_EQ(meeting.waiting(), 0u);
  });
}

ROW(barrier, single_party) {
  run([]() -> silk::task<> {
    silk::barrier meeting(1);
    for (int round = 0; round < 3; ++round) {
      const std::size_t index = co_await meeting.wait();
      EXPECT_EQ(index, 0u);
      EXPECT_EQ(meeting.phase(), barrier_phase::filling);
    }
  });
}

ROW(barrier, reusable) {
  run([]() -> silk::task<> {
    silk::barrier meeting(5);
    std::atomic<int> first_round = 0, second_round = 0;
    const auto twice = [&]() -> silk::task<> {
      ++first_round;
      co_await meeting.wait();
      EXPECT_EQ(first_round, 5);
      ++second_round;
      co_await meeting.wait();
      EXPECT_EQ(second_round, 5);
    };
    std::vector<silk::join_handle<>> all;
    for (int i = 0; i < 5; ++i) all.push_back(silk::spawn(std::ref(twice)));
    co_await silk::gather(all);
    EXPECT_EQ(meeting.waiting(), 0u);
    EXPECT_EQ(meeting.phase(), barrier_phase::filling);
  });
}

ROW(barrier, generations_do_not_mix) {
  run([this]() -> silk::task<> {
    constexpr int parties = 4;
    constexpr int rounds = 2000;
    silk::barrier meeting(parties);
    std::vector<std::atomic<int>> arrived(rounds);
    const auto walks = [&]() -> silk::task<> {
      for (std::size_t round = 0; round < rounds; ++round) {
        ++arrived[round];
        co_await meeting.wait();
        EXPECT_EQ(arrived[round], parties);  // nobody of another round was counted
      }
    };
    std::vector<silk::join_handle<>> all;
    for (int i = 0; i < parties; ++i) all.push_back(silk::spawn(std::ref(walks)));
    co_await silk::gather(all);

    if (workers() == 1) {
      // The one that goes on first comes back while the others have not resumed yet.
      silk::barrier pair(2);
      const auto other = silk::spawn(meets(pair));
      co_await at_rest();
      co_await pair.wait();
      EXPECT_EQ(pair.phase(), barrier_phase::draining);
      const auto again = spawn_at(pair, 1);
      const std::size_t index = co_await pair.wait();
      EXPECT_TRUE(other.done());  // it has drained first
      const std::size_t others = co_await again.front();
      EXPECT_EQ(index + others, 1u);
    }
  });
}

ROW(barrier, cancel_while_filling) {
  run([]() -> silk::task<> {
    silk::barrier meeting(3);
    const auto stays = silk::spawn(meets(meeting));
    co_await at_rest();
    const auto leaves = silk::spawn(tells(meeting));
    co_await at_rest();
    leaves.cancel("enough");
    const std::string end = co_await leaves;
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(meeting.waiting(), 1u);
    EXPECT_FALSE(meeting.is_broken());
    stays.cancel();
    co_await silk::gather_settled(stays);
    EXPECT_EQ(meeting.waiting(), 0u);
    co_await passes(meeting);

    // A cancel that meets the last arrival: the task counts, and all are released, or it does not, and
    // the others wait for one more.
    for (int round = 0; round < 100; ++round) {
      const auto waits = silk::spawn(meets(meeting));
      const auto cancelled = silk::spawn(meets(meeting));
      co_await at_rest();
      const auto last = silk::spawn(meets(meeting));
      if (round % 2 == 0) co_await silk::yield();
      const bool accepted = cancelled.cancel();
      co_await at_rest();
      const std::string cancelled_end = co_await ending(cancelled);
      EXPECT_EQ(cancelled_end, accepted ? "cancelled" : "value");
      EXPECT_EQ(waits.done(), last.done());
      if (!accepted) {
        EXPECT_TRUE(last.done());
      }
      EXPECT_EQ(meeting.waiting(), last.done() ? 0u : 2u);
      if (!last.done()) co_await meeting.wait();
      co_await silk::gather(waits, last);
    }
  });
}

ROW(barrier, reset_idle) {
  run([]() -> silk::task<> {
    silk::barrier meeting(3);
    meeting.reset();
    EXPECT_EQ(meeting.waiting(), 0u);
    EXPECT_FALSE(meeting.is_broken());
    EXPECT_EQ(meeting.phase(), barrier_phase::filling);
    co_await passes(meeting);
  });
}

ROW(barrier, reset_while_filling) {
  run([]() -> silk::task<> {
    silk::barrier meeting(3);
    const auto waiting = spawn_tellers(meeting, 2);
    co_await at_rest();
    meeting.reset();
    const auto ends = co_await silk::gather(waiting);
    EXPECT_EQ(count_of(ends, broken), 2);
    EXPECT_FALSE(meeting.is_broken());
    EXPECT_EQ(meeting.waiting(), 0u);
    EXPECT_EQ(meeting.phase(), barrier_phase::filling);
    co_await passes(meeting);
  });
}

ROW(barrier, reset_while_half_drained) {
  run([this]() -> silk::task<> {
    silk::barrier meeting(9);
    std::atomic<int> left = 0;
    const auto member = [&]() -> silk::task<> {
      co_await meeting.wait();
      if (++left == 4) meeting.reset();
    };
    std::vector<silk::join_handle<std::string>> all;
    for (int i = 0; i < 9; ++i) all.push_back(silk::spawn(ending(member())));
    const auto ends = co_await silk::gather(all);
    const int passed = count_of(ends, "value");
    EXPECT_GE(passed, 4);
    EXPECT_EQ(passed + count_of(ends, broken), 9);
    if (workers() == 1) {
      EXPECT_EQ(passed, 4);
    }
    EXPECT_EQ(meeting.phase(), barrier_phase::filling);
    EXPECT_EQ(meeting.waiting(), 0u);
    co_await passes(meeting);
  });
}

// On one worker: a round is released, newcomers come before anybody has resumed and wait outside, then
// `act` is done, then those inside resume. Gives how the two kinds ended; `next` is how many more arrive
// once that is over.
struct ends_of {
  std::vector<std::string> inside, outside;
};
template <class Act>
silk::task<ends_of> act_while_draining(silk::barrier& meeting, int newcomers, Act act, int next) {
  const auto inside = spawn_tellers(meeting, static_cast<int>(meeting.parties()) - 1);
  co_await at_rest();
  const auto outside = spawn_tellers(meeting, newcomers);
  const auto acting = silk::spawn([&]() -> silk::task<> {
    EXPECT_EQ(meeting.phase(), barrier_phase::draining);
    act();
    for (const auto& one : inside) EXPECT_FALSE(one.done());
    for (const auto& one : outside) EXPECT_FALSE(one.done());
    co_return;
  });
  co_await meeting.wait();  // does not suspend, so the queue is: outside, acting, inside
  co_await acting;
  co_await at_rest();
  const auto later = spawn_tellers(meeting, next);
  ends_of ends;
  ends.inside = co_await silk::gather(inside);
  ends.outside = co_await silk::gather(outside);
  co_await silk::gather(later);
  co_return ends;
}

ROW(barrier, reset_keeps_blocked_newcomers) {
  run([this]() -> silk::task<> {
    silk::barrier meeting(4);
    if (workers() == 1) {
      const ends_of ends = co_await act_while_draining(meeting, 3, [&] { meeting.reset(); }, 1);
      EXPECT_EQ(count_of(ends.inside, broken), 3);
      EXPECT_EQ(count_of(ends.outside, "value"), 3);
    }
    // Anywhere: the first that leaves a round resets the barrier, with newcomers at the door. Who was
    // outside passes, who was inside by then does not; either way nobody is left behind.
    for (int round = 0; round < 50; ++round) {
      std::atomic<int> left = 0;
      const auto newcomers = spawn_tellers(meeting, 8);
      const auto member = [&]() -> silk::task<> {
        co_await meeting.wait();
        if (++left == 1) meeting.reset();
      };
      std::vector<silk::join_handle<std::string>> all;
      for (int i = 0; i < 4; ++i) all.push_back(silk::spawn(ending(member())));
      co_await at_rest();
      EXPECT_EQ(meeting.phase(), barrier_phase::filling);
      while (meeting.waiting() != 0) {
        silk::spawn(tells(meeting));
        co_await at_rest();
      }
      auto ends = co_await silk::gather(all);
      const auto more = co_await silk::gather(newcomers);
      ends.insert(ends.end(), more.begin(), more.end());
      EXPECT_EQ(count_of(ends, "value") + count_of(ends, broken), 12);
    }
    co_await passes(meeting);
  });
}

ROW(barrier, reset_after_drained) {
  run([]() -> silk::task<> {
    silk::barrier meeting(3);
    std::atomic<int> left = 0;
    std::vector<silk::join_handle<std::string>> next_round;
    const auto member = [&]() -> silk::task<> {
      co_await meeting.wait();
      ++left;
    };
    std::vector<silk::join_handle<>> all;
    for (int i = 0; i < 3; ++i) all.push_back(silk::spawn(std::ref(member)));
    co_await silk::gather(all);
    EXPECT_EQ(left, 3);
    meeting.reset();  // nobody is inside any more
    EXPECT_EQ(meeting.phase(), barrier_phase::filling);
    next_round = spawn_tellers(meeting, 2);
    co_await at_rest();
    EXPECT_EQ(meeting.waiting(), 2u);
    co_await meeting.wait();
    const auto ends = co_await silk::gather(next_round);
    EXPECT_EQ(count_of(ends, "value"), 2);
  });
}

ROW(barrier, abort_idle) {
  silk::barrier meeting(3);
  meeting.abort();
  EXPECT_TRUE(meeting.is_broken());
  EXPECT_EQ(meeting.waiting(), 0u);
}

ROW(barrier, abort_breaks_waiting_and_blocked) {
  run([this]() -> silk::task<> {
    if (workers() == 1) {
      silk::barrier meeting(4);
      const ends_of ends = co_await act_while_draining(meeting, 3, [&] { meeting.abort(); }, 2);
      EXPECT_EQ(count_of(ends.inside, broken), 3);
      EXPECT_EQ(count_of(ends.outside, broken), 3);
      EXPECT_TRUE(meeting.is_broken());
    }
    silk::barrier filling(4);
    const auto inside = spawn_tellers(filling, 3);
    co_await at_rest();
    filling.abort();
    EXPECT_TRUE(filling.is_broken());
    EXPECT_EQ(filling.waiting(), 0u);
    const auto ends = co_await silk::gather(inside);
    EXPECT_EQ(count_of(ends, broken), 3);
    for (int i = 0; i < 5; ++i) {  // and whoever comes later
      const std::string end = co_await tells(filling);
      EXPECT_EQ(end, broken);
    }
    EXPECT_TRUE(filling.is_broken());
  });
}

ROW(barrier, abort_after_task_failure) {
  run([]() -> silk::task<> {
    silk::barrier meeting(5);
    std::atomic<int> first_round = 0, second_round = 0;
    const auto member = [&](bool fails) -> silk::task<> {
      try {
        co_await meeting.wait();
        ++first_round;
        if (fails) throw failure_e();
        co_await meeting.wait();
        ++second_round;
      } catch (const failure_e&) {
        meeting.abort();
      }
    };
    std::vector<silk::join_handle<std::string>> all;
    for (int i = 0; i < 5; ++i) all.push_back(silk::spawn(ending(member(i == 2))));
    const auto ends = co_await silk::gather(all);
    EXPECT_EQ(second_round, 0);
    EXPECT_EQ(count_of(ends, broken), 4);
    EXPECT_EQ(count_of(ends, "value"), 1);
    EXPECT_TRUE(meeting.is_broken());
  });
}

ROW(barrier, abort_then_reset) {
  run([]() -> silk::task<> {
    silk::barrier meeting(3);
    const auto inside = spawn_tellers(meeting, 2);
    co_await at_rest();
    meeting.abort();
    meeting.reset();  // at once: those inside have not left yet, or they have
    const auto ends = co_await silk::gather(inside);
    EXPECT_EQ(count_of(ends, broken), 2);
    EXPECT_FALSE(meeting.is_broken());
    EXPECT_EQ(meeting.phase(), barrier_phase::filling);
    co_await passes(meeting);
    meeting.abort();
    EXPECT_TRUE(meeting.is_broken());
    meeting.reset();
    EXPECT_FALSE(meeting.is_broken());
    co_await passes(meeting);
  });
}

}  // namespace
