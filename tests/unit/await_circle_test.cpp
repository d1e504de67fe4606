// Tasks that await each other in a circle wait for ever, until a cancel comes: it unwinds the circle.
#include "at_workers.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using silk_tests::ending;
using namespace std::chrono_literals;

class await_circle : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(await_circle);

using handle = silk::join_handle<>;

// `count` tasks of which each awaits the next one, and the last one the first, each in its own way.
class circle {
 public:
  using how = std::function<silk::task<>(const handle& next)>;

  explicit circle(const std::vector<how>& ways) : members_(ways.size()) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      members_[i] = silk::spawn([this, i, way = ways[i]]() -> silk::task<> {
        co_await closed_.wait();
        co_await way(members_[(i + 1) % members_.size()]);
      });
    }
    closed_.set();
  }

  const handle& operator[](std::size_t i) const { return members_[i]; }

  // In virtual time a sleep ends when nothing else can run.
  silk::task<> at_rest() {
    co_await silk::sleep(1s);
    for (const handle& each : members_) EXPECT_FALSE(each.done());
  }
  silk::task<> all_end_cancelled() {
    for (const handle& each : members_) {
      static_cast<void>(co_await ending(awaits(each)));
      EXPECT_TRUE(each.is_cancelled());
    }
  }

  static silk::task<> awaits(handle next) { co_await next; }
  static silk::task<> in_a_gather(handle next) {
    co_await silk::gather(awaits(next), silk_tests::asleep());
  }
  static silk::task<> gathers(handle next) {
    const handle other = silk::spawn(silk_tests::asleep());
    co_await silk::gather(next, other);
  }
  static silk::task<> gathers_among_tasks(handle next) {
    co_await silk::gather(silk_tests::asleep(), next);
  }
  static silk::task<> settles(handle next) { co_await silk::gather_settled(next); }
  static silk::task<> in_a_scope(handle next) {
    co_await silk::with_timeout(10'000h, awaits(next));
  }
  static silk::task<> in_a_group(handle next) {
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      group.spawn(awaits, next);
      co_return;
    });
  }

 private:
  silk::event closed_;
  std::vector<handle> members_;
};

silk::task<> in_two_seconds(handle next) { co_await silk::with_timeout(2s, circle::awaits(next)); }

const std::vector<circle::how> every_way = {
    circle::awaits,  circle::in_a_gather, circle::gathers,   circle::gathers_among_tasks,
    circle::settles, circle::in_a_scope,  circle::in_a_group};

TEST_P(await_circle, of_two_unwinds_when_one_is_cancelled) {
  run([]() -> silk::task<> {
    circle two({circle::awaits, circle::awaits});
    co_await two.at_rest();
    EXPECT_TRUE(two[0].cancel());
    co_await two.all_end_cancelled();
  });
}

TEST_P(await_circle, unwinds_whatever_it_is_made_of) {
  run([]() -> silk::task<> {
    for (const auto& first : every_way) {
      for (const auto& second : every_way) {
        circle three({first, second, circle::awaits});
        co_await three.at_rest();
        EXPECT_TRUE(three[0].cancel());
        co_await three.all_end_cancelled();
        circle pair({first, second});
        co_await pair.at_rest();
        EXPECT_TRUE(pair[1].cancel());
        co_await pair.all_end_cancelled();
      }
    }
  });
}

TEST_P(await_circle, of_many_unwinds_without_a_deep_stack) {
  run([]() -> silk::task<> {
    circle many(std::vector<circle::how>(20'000, circle::awaits));
    co_await many.at_rest();
    EXPECT_TRUE(many[7].cancel());
    co_await many.all_end_cancelled();
  });
}

TEST_P(await_circle, unwinds_when_who_waits_for_it_is_cancelled) {
  run([]() -> silk::task<> {
    circle two({circle::awaits, circle::gathers});
    const handle outside = silk::spawn(circle::awaits, two[0]);
    co_await two.at_rest();
    EXPECT_TRUE(outside.cancel());
    co_await two.all_end_cancelled();
    const std::string end = co_await ending(circle::awaits(outside));
    EXPECT_EQ(end, "cancelled");
  });
}

TEST_P(await_circle, ends_by_a_timeout_in_it) {
  run([]() -> silk::task<> {
    const auto for_two_seconds = [](handle next) -> silk::task<> {
      const std::string end = co_await ending(in_two_seconds(next));
      EXPECT_EQ(end, "timeout");
    };
    circle two({for_two_seconds, circle::awaits});
    co_await two.at_rest();
    co_await silk::sleep(2s);
    EXPECT_TRUE(two[0].done());
    EXPECT_FALSE(two[0].is_cancelled());  // its time was up, nobody cancelled it
    EXPECT_TRUE(two[1].is_cancelled());
  });
}

TEST_P(await_circle, counts_one_request_for_each_member) {
  run([]() -> silk::task<> {
    std::vector<std::uint32_t> counts;
    const auto counting = [&](handle next) -> silk::task<> {
      bool stopped = false;
      try {
        co_await next;
      } catch (const silk::cancelled&) {
        stopped = true;
      }
      if (!stopped) co_return;
      counts.push_back(co_await silk::this_task::cancelling());
      throw silk::cancelled();
    };
    circle two({counting, counting});
    co_await two.at_rest();
    EXPECT_TRUE(two[0].cancel());
    co_await two.all_end_cancelled();
    EXPECT_EQ(counts, (std::vector<std::uint32_t>{1, 1}));
  });
}

TEST_P(await_circle, does_not_keep_its_runtime_from_ending) {
  std::vector<handle> left;
  run([&]() -> silk::task<> {
    left.resize(2);
    silk::event closed;
    left[0] = silk::spawn([&]() -> silk::task<> {
      co_await closed.wait();
      co_await left[1];
    });
    left[1] = silk::spawn([&]() -> silk::task<> {
      co_await closed.wait();
      co_await left[0];
    });
    closed.set();
    co_await silk::sleep(1s);
  });
  for (const handle& each : left) EXPECT_TRUE(each.is_cancelled());
}

// Each group tells its children when its body has ended, so that no cancel goes round in one go.
TEST_P(await_circle, of_groups_unwinds_when_their_bodies_take_their_time) {
  run([]() -> silk::task<> {
    const auto slow_group = [](silk::duration takes) {
      return [takes](handle next) -> silk::task<> {
        co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
          group.spawn(circle::awaits, next);
          bool cleaned = false;
          co_await silk_tests::cleans_up_for(takes, cleaned);
        });
      };
    };
    for (const silk::duration second : {1s, 2s, 3s}) {
      circle two({slow_group(2s), slow_group(second)});
      co_await two.at_rest();
      EXPECT_TRUE(two[0].cancel());
      EXPECT_TRUE(two[1].cancel());
      co_await two.all_end_cancelled();
    }
  });
}

// The group has told its child before the child begins to await the group's owner.
TEST_P(await_circle, of_a_group_unwinds_when_it_is_closed_after_the_cancel) {
  if (GetParam() == 1) GTEST_SKIP() << "one worker runs one task at a time";
  run([]() -> silk::task<> {
    silk::event child_runs;
    handle owner;
    const auto child = [&]() -> silk::task<> {
      child_runs.set();
      for (std::uint32_t told = 0; told == 0;) {
        told = co_await silk::this_task::cancelling();
        std::this_thread::yield();
      }
      co_await owner;
    };
    owner = silk::spawn([&]() -> silk::task<> {
      co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
        group.spawn(child);
        co_await silk_tests::asleep();
      });
    });
    co_await child_runs.wait();
    EXPECT_TRUE(owner.cancel());
    co_await silk::sleep(1s);  // in virtual time: until nothing else can run
    EXPECT_TRUE(owner.is_cancelled());
  });
}

// A task that is reached on two ways is told on each of them, as in asyncio.
TEST_P(await_circle, is_not_what_two_ways_to_one_task_are) {
  run([]() -> silk::task<> {
    std::uint32_t requests = 0;
    const handle shared = silk::spawn([&]() -> silk::task<> {
      // The second one may come with the first, or interrupt the clean-up after it.
      const std::string end = co_await ending(silk_tests::asleep());
      EXPECT_EQ(end, "cancelled");
      static_cast<void>(co_await ending(silk_tests::asleep(1s)));
      requests = co_await silk::this_task::cancelling();
    });
    const handle left = silk::spawn(circle::awaits, shared);
    const handle right = silk::spawn(circle::awaits, shared);
    const handle top = silk::spawn([&]() -> silk::task<> { co_await silk::gather(left, right); });
    co_await silk::sleep(1s);
    EXPECT_TRUE(top.cancel());
    static_cast<void>(co_await silk::gather_settled(left, right, top));
    EXPECT_EQ(requests, 2u);
    EXPECT_TRUE(top.is_cancelled());
    EXPECT_FALSE(left.is_cancelled());  // what they waited for ended with a value
    EXPECT_FALSE(right.is_cancelled());
  });
}

TEST_P(await_circle, unwinds_when_both_ends_are_cancelled_at_once) {
  silk::runtime runtime({.workers = GetParam()});
  for (int round = 0; round < 200; ++round) {
    std::unique_ptr<circle> two;
    runtime.block_on([&]() -> silk::task<> {
      two = std::make_unique<circle>(std::vector<circle::how>{
          every_way[round % every_way.size()], every_way[round / 7 % every_way.size()]});
      for (int turn = 0; turn < 4; ++turn) co_await silk::yield();
    });
    bool told[2] = {};
    std::thread other([&] { told[1] = (*two)[1].cancel(); });
    told[0] = (*two)[0].cancel();
    other.join();
    for (const std::size_t i : {0u, 1u}) {
      static_cast<void>(runtime.block_on(ending(circle::awaits((*two)[i]))));
      // The circle may not have been closed yet: then one of them may end before it is told.
      EXPECT_TRUE((*two)[i].is_cancelled() || !told[i]);
    }
  }
}

}  // namespace
