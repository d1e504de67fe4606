// The shared service. What a single wheel does is the matter of timer_wheel_test.cpp.
#include "../../scheduler/timers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace {

using silk::scheduler::arm_result;
using silk::scheduler::job;
using silk::scheduler::job_list;
using silk::scheduler::no_deadline;
using silk::scheduler::timer_cancel;
using silk::scheduler::timer_node;
using silk::scheduler::timer_state;
using silk::scheduler::timer_wheel;
using silk::scheduler::timers;

constexpr std::size_t no_limit = ~std::size_t{0};

struct timer : job {
  timer() { node.on_fire = this; }
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;
  timer_node node;
};

// What pool::prepare_timer does, and arming.
arm_result arm(timers& service, timer& one, std::size_t shard, std::uint64_t deadline) {
  one.node.shard = static_cast<std::uint16_t>(shard);
  one.node.deadline = deadline;
  return service.arm(one.node, shard);
}

std::vector<job*> serve(timers& service, std::size_t shard, std::uint64_t now,
                        std::size_t limit = no_limit) {
  job_list due;
  service.serve(shard, now, limit, due);
  std::vector<job*> fired;
  while (!due.empty()) fired.push_back(&due.pop_front());
  return fired;
}

class two_shards : public testing::Test {
 protected:
  timers service{2, 0};
  timer one, two, three;
};

TEST_F(two_shards, keep_their_timers_when_they_are_trimmed) {
  std::vector<timer> many(10'000);
  for (timer& each : many) EXPECT_EQ(arm(service, each, 1, 100), arm_result::armed);
  for (std::size_t i = 1; i < many.size(); ++i)
    EXPECT_EQ(service.cancel(many[i].node), timer_cancel::removed);
  service.trim();
  EXPECT_EQ(service.next(1), 100u);
  EXPECT_EQ(serve(service, 1, 100), std::vector<job*>{&many[0]});
}

TEST_F(two_shards, expect_nothing_at_first) {
  EXPECT_EQ(service.shard_count(), 2u);
  EXPECT_EQ(service.next(0), no_deadline);
  EXPECT_EQ(service.earliest(), no_deadline);
  EXPECT_TRUE(serve(service, 0, no_deadline - 1).empty());
}

TEST_F(two_shards, fire_what_is_due_in_order_of_deadline) {
  EXPECT_EQ(arm(service, one, 0, 30), arm_result::armed);
  EXPECT_EQ(arm(service, two, 0, 10), arm_result::armed);
  EXPECT_EQ(arm(service, three, 0, 20), arm_result::armed);
  EXPECT_TRUE(serve(service, 0, 9).empty());
  EXPECT_EQ(serve(service, 0, 29), (std::vector<job*>{&two, &three}));
  EXPECT_EQ(serve(service, 0, 30), std::vector<job*>{&one});
}

TEST_F(two_shards, fire_no_more_than_asked_for_and_go_on_later) {
  for (timer* each : {&one, &two, &three}) EXPECT_EQ(arm(service, *each, 1, 5), arm_result::armed);
  EXPECT_EQ(serve(service, 1, 5, 2), (std::vector<job*>{&one, &two}));
  EXPECT_EQ(service.next(1), 5u);
  EXPECT_EQ(serve(service, 1, 5, 2), std::vector<job*>{&three});
}

TEST_F(two_shards, are_apart) {
  EXPECT_EQ(arm(service, one, 0, 10), arm_result::armed);
  EXPECT_EQ(arm(service, two, 1, 10), arm_result::armed);
  EXPECT_EQ(serve(service, 0, 100), std::vector<job*>{&one});
  EXPECT_EQ(serve(service, 1, 100), std::vector<job*>{&two});
}

TEST_F(two_shards, know_the_earliest_deadline_of_each_and_of_all) {
  EXPECT_EQ(arm(service, one, 0, 30), arm_result::armed);
  EXPECT_EQ(arm(service, two, 1, 20), arm_result::armed);
  EXPECT_EQ(service.next(0), 30u);
  EXPECT_EQ(service.next(1), 20u);
  EXPECT_EQ(service.earliest(), 20u);
  EXPECT_EQ(arm(service, three, 0, 10), arm_result::armed);
  EXPECT_EQ(service.earliest(), 10u);
  EXPECT_EQ(service.cancel(three.node), timer_cancel::removed);
  EXPECT_EQ(service.cancel(two.node), timer_cancel::removed);
  EXPECT_LE(service.earliest(), 30u);
  EXPECT_EQ(service.cancel(one.node), timer_cancel::removed);
  EXPECT_EQ(service.earliest(), no_deadline);
}

// Against a wheel to which the same is done. T2 allows less; but a deadline that is gone would wake somebody in vain.
TEST(timers, publish_what_changes_and_leave_the_rest) {
  constexpr std::size_t count = 200;
  std::vector<timer> in_service(count), in_wheel(count);
  timers service(1, 0);
  timer_wheel wheel(0);
  std::mt19937_64 random(5);
  std::uint64_t now = 0;
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t i = random() % count;
    const std::size_t most = step / 1'000 % 2 == 0 ? 20 : count;  // few at a time, then a crowd
    if (in_wheel[i].node.state == timer_state::armed) {
      EXPECT_EQ(service.cancel(in_service[i].node), timer_cancel::removed);
      EXPECT_TRUE(wheel.remove(in_wheel[i].node));
    } else if (wheel.size() < most) {
      const std::uint64_t deadline = now + (std::uint64_t{1} << random() % 40);
      in_wheel[i].node.deadline = deadline;
      in_service[i].node.state = timer_state::idle;
      EXPECT_EQ(arm(service, in_service[i], 0, deadline), arm_result::armed);
      wheel.insert(in_wheel[i].node);
    }
    if (random() % 16 == 0) {
      now += std::uint64_t{1} << random() % 36;
      const std::size_t limit = 1 + random() % 8;
      job_list due;
      EXPECT_EQ(serve(service, 0, now, limit).size(), wheel.advance(now, limit, due));
    }
    ASSERT_EQ(service.next(0), wheel.next_deadline()) << "step " << step;
    ASSERT_EQ(service.is_crowded(0), wheel.size() >= silk::scheduler::sync::crowd_of_timers);
  }
}

TEST_F(two_shards, try_serve_serves_when_nobody_is_there) {
  EXPECT_EQ(arm(service, one, 0, 10), arm_result::armed);
  job_list due;
  EXPECT_TRUE(service.try_serve(0, 10, no_limit, due));
  EXPECT_EQ(due.first(), &one);
}

TEST_F(two_shards, a_cancelled_timer_does_not_fire) {
  EXPECT_EQ(arm(service, one, 0, 10), arm_result::armed);
  EXPECT_EQ(service.cancel(one.node), timer_cancel::removed);
  EXPECT_EQ(one.node.state, timer_state::cancelled);
  EXPECT_TRUE(serve(service, 0, 100).empty());
  EXPECT_EQ(service.cancel(one.node), timer_cancel::too_late);
}

TEST_F(two_shards, cancel_after_the_timer_has_fired_comes_too_late) {
  EXPECT_EQ(arm(service, one, 0, 10), arm_result::armed);
  EXPECT_EQ(serve(service, 0, 10).size(), 1u);
  EXPECT_EQ(one.node.state, timer_state::fired);
  EXPECT_EQ(service.cancel(one.node), timer_cancel::too_late);
}

// The canceller is faster than the task that is just going to sleep.
TEST_F(two_shards, a_timer_that_was_cancelled_before_is_not_armed) {
  EXPECT_EQ(service.cancel(one.node), timer_cancel::before_armed);
  EXPECT_EQ(arm(service, one, 0, 10), arm_result::cancelled_before);
  EXPECT_EQ(service.next(0), no_deadline);
  EXPECT_TRUE(serve(service, 0, 100).empty());
}

// T1 and T2 from several threads: each arms in its own shard, cancels anywhere and serves anywhere.
// Each timer fires exactly once or is cancelled exactly once, and none fires early.
TEST(timers, let_each_timer_fire_or_be_cancelled_once) {
  constexpr std::size_t threads = 4, each = 8'000;
  struct watched : timer {
    std::atomic<int> fired{0}, cancelled{0}, early{0};
  };
  const auto all = std::make_unique<watched[]>(threads * each);
  timers service(threads, 0);
  std::atomic<std::uint64_t> now{0};
  std::atomic<std::size_t> ready{0};
  const auto count_fired = [](job_list due, std::uint64_t time) {
    while (!due.empty()) {
      watched& one = static_cast<watched&>(static_cast<timer&>(due.pop_front()));
      ++one.fired;
      if (one.node.deadline > time) ++one.early;
    }
  };
  std::vector<std::jthread> workers;
  for (std::size_t t = 0; t < threads; ++t) {
    workers.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (++ready; ready < threads;) std::this_thread::yield();
      for (std::size_t i = 0; i < each; ++i) {
        watched& mine = all[t * each + i];
        mine.node.shard = static_cast<std::uint16_t>(t);
        const std::uint64_t deadline = now + random() % 5'000;
        if (random() % 16 == 0 && service.cancel(mine.node) == timer_cancel::before_armed) {
          ++mine.cancelled;
        }
        static_cast<void>(arm(service, mine, t, deadline));
        watched& other = all[(random() % threads) * each + random() % (i + 1)];
        // A node that its owner has not prepared yet lies in shard 0: not ours to touch.
        if (&other >= &all[t * each] && &other <= &mine) {
          if (service.cancel(other.node) == timer_cancel::removed) ++other.cancelled;
        }
        now += random() % 20;
        const std::uint64_t time = now;
        job_list due;
        if (i % 2 == 0) {
          service.serve(t, time, 1 + random() % 30, due);
        } else {
          service.try_serve(random() % threads, time, 1 + random() % 30, due);
        }
        count_fired(due, time);
      }
    });
  }
  workers.clear();
  for (std::size_t shard = 0; shard < threads; ++shard) {
    while (service.next(shard) != no_deadline) {
      job_list due;
      service.serve(shard, no_deadline - 1, no_limit, due);
      count_fired(due, no_deadline - 1);
    }
  }
  for (std::size_t i = 0; i < threads * each; ++i) {
    ASSERT_EQ(all[i].fired + all[i].cancelled, 1) << "timer " << i;
    ASSERT_EQ(all[i].early, 0) << "timer " << i;
  }
}

// One thread arms and waits for the end of each timer, another cancels it while it is armed and a
// third serves: fire and cancel race for the same node.
TEST(timers, decide_between_fire_and_cancel_once) {
  constexpr int rounds = 5'000;
  timers service(1, 0);
  timer one;
  std::atomic<int> armed{0}, asked{0}, fired{0}, cancelled{0};
  std::jthread canceller([&] {
    for (int round = 1; round <= rounds; ++round) {
      while (armed < round) std::this_thread::yield();
      if (service.cancel(one.node) == timer_cancel::removed) ++cancelled;
      asked = round;
    }
  });
  std::jthread server([&] {
    while (asked < rounds) {
      job_list due;
      service.serve(0, no_deadline - 1, no_limit, due);
      fired += static_cast<int>(due.size());
      std::this_thread::yield();
    }
  });
  for (int round = 1; round <= rounds; ++round) {
    ASSERT_EQ(arm(service, one, 0, 10), arm_result::armed);
    armed = round;
    while (asked < round || fired + cancelled < round) std::this_thread::yield();
    ASSERT_EQ(fired + cancelled, round);
    one.node.state = timer_state::idle;
  }
}

TEST(timers, tell_that_a_shard_is_crowded_and_that_it_is_no_more) {
  timers service(2, 0);
  std::vector<std::unique_ptr<timer>> crowd;
  while (crowd.size() < silk::scheduler::sync::crowd_of_timers) {
    EXPECT_FALSE(service.is_crowded(1));
    crowd.push_back(std::make_unique<timer>());
    EXPECT_EQ(arm(service, *crowd.back(), 1, 10), arm_result::armed);
  }
  EXPECT_TRUE(service.is_crowded(1));
  EXPECT_FALSE(service.is_crowded(0));
  EXPECT_EQ(service.cancel(crowd[0]->node), timer_cancel::removed);
  EXPECT_FALSE(service.is_crowded(1));
  EXPECT_EQ(serve(service, 1, 10, no_limit).size(), crowd.size() - 1);
  EXPECT_FALSE(service.is_crowded(1));
}

}  // namespace
