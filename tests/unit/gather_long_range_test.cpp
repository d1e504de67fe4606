// gather of a long view: its tasks are made while those before them run.
#include "at_workers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using silk_tests::ending;

class gather_long_range : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(gather_long_range);

constexpr int enough = 120'000;  // their slots take more than 4 MiB

silk::task<int> number(int n) { co_return n; }
silk::task<> fail_at_once() {
  throw std::runtime_error("at once");
  co_return;
}
silk::task<> hold(std::shared_ptr<int>) { co_await silk::sleep(10'000h); }

// Counts in a plain int: the range is read by one thread at a time.
auto counted(int& made, int count, auto task_of) {
  return std::views::iota(0, count) | std::views::transform([&made, task_of](int n) {
           ++made;
           return task_of(n);
         });
}

template <class Tasks>
silk::task<> all_of(Tasks& tasks) {
  co_await silk::gather(tasks);
}
template <class Tasks>
silk::task<> all_of_after(silk::event& go, Tasks& tasks) {
  co_await go.wait();
  co_await silk::gather(tasks);
}
template <class Tasks>
silk::task<> settle_all_of(Tasks& tasks) {
  static_cast<void>(co_await silk::gather_settled(tasks));
}

TEST_P(gather_long_range, gives_all_values_in_order) {
  run([]() -> silk::task<> {
    int made = 0;
    const std::vector<int> values = co_await silk::gather(counted(made, enough, number));
    EXPECT_EQ(made, enough);
    EXPECT_EQ(values.size(), std::size_t{enough});
    for (int i = 0; i < enough; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i);
  });
}

TEST_P(gather_long_range, is_kept_when_it_is_an_rvalue) {
  run([]() -> silk::task<> {
    int made = 0;
    auto all = silk::gather(counted(made, 1000, number));
    EXPECT_LT(made, 1000);
    const std::vector<int> values = co_await all;
    EXPECT_EQ(values.back(), 999);
  });
}

TEST_P(gather_long_range, starts_in_order) {
  if (GetParam() != 1) GTEST_SKIP() << "several workers start several at once";
  run([]() -> silk::task<> {
    std::vector<int> started;
    int made = 0;
    auto tasks = counted(made, 1000, [&started](int n) -> silk::task<> {
      return [](std::vector<int>& order, int own) -> silk::task<> {
        order.push_back(own);
        if (own % 3 == 0) co_await silk::sleep(1s);
      }(started, n);
    });
    co_await silk::gather(tasks);
    EXPECT_TRUE(std::ranges::equal(started, std::views::iota(0, 1000)));
  });
}

silk::task<> raise(bool& flag) {
  flag = true;
  co_return;
}

TEST_P(gather_long_range, of_tasks_that_never_wait_gives_others_a_turn) {
  if (GetParam() != 1) GTEST_SKIP() << "another worker may be the one that gives it";
  run([]() -> silk::task<> {
    bool others_had_one = false;
    int before = 0;
    const auto other = silk::spawn(raise(others_had_one));
    auto tasks = std::views::iota(0, enough) | std::views::transform([&](int n) {
                   if (!others_had_one) ++before;
                   return number(n);
                 });
    co_await silk::gather(tasks);
    EXPECT_LT(before, enough / 4);
  });
}

TEST_P(gather_long_range, is_read_no_further_when_a_child_has_failed) {
  run([]() -> silk::task<> {
    int made = 0;
    auto token = std::make_shared<int>();
    auto tasks = counted(
        made, enough, [&](int n) -> silk::task<> { return n == 7 ? fail_at_once() : hold(token); });
    const std::string end = co_await ending(all_of(tasks));
    EXPECT_EQ(end, "at once");
    EXPECT_GE(made, 8);
    if (GetParam() == 1) {
      EXPECT_LT(made, 1000);
    }
    EXPECT_EQ(token.use_count(), 1);
  });
}

TEST_P(gather_long_range, is_read_no_further_when_it_is_cancelled) {
  run([]() -> silk::task<> {
    int made = 0;
    auto token = std::make_shared<int>();
    silk::event go;
    silk::join_handle<> gathering;
    auto tasks = counted(made, enough, [&](int n) -> silk::task<> {
      if (n == 1000) gathering.cancel("enough");
      return hold(token);
    });
    gathering = silk::spawn(all_of_after(go, tasks));
    go.set();
    const std::string end = co_await ending(gathering);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_GE(made, 1001);
    EXPECT_LT(made, enough);
    EXPECT_EQ(token.use_count(), 1);
  });
}

TEST_P(gather_long_range, that_cannot_be_read_to_its_end_fails_and_cancels_the_others) {
  run([]() -> silk::task<> {
    int made = 0;
    auto token = std::make_shared<int>();
    auto tasks = counted(made, enough, [&](int n) -> silk::task<> {
      if (n == 5000) throw std::runtime_error("no more");
      return hold(token);
    });
    const std::string gathered = co_await ending(all_of(tasks));
    EXPECT_EQ(gathered, "no more");
    EXPECT_EQ(made, 5001);
    EXPECT_EQ(token.use_count(), 1);
    const std::string settled = co_await ending(settle_all_of(tasks));
    EXPECT_EQ(settled, "no more");
    EXPECT_EQ(made, 2 * 5001);
    EXPECT_EQ(token.use_count(), 1);
  });
}

// Here the holder of the join token reads on, since nobody has to wait.
TEST_P(gather_long_range, that_cannot_be_read_to_its_end_fails_when_nobody_sleeps) {
  run([]() -> silk::task<> {
    int made = 0;
    auto tasks = counted(made, enough, [](int n) {
      if (n == 5000) throw std::runtime_error("no more");
      return number(n);
    });
    const std::string settled = co_await ending(settle_all_of(tasks));
    EXPECT_EQ(settled, "no more");
    EXPECT_EQ(made, 5001);
    const std::string gathered = co_await ending(all_of(tasks));
    EXPECT_EQ(gathered, "no more");
  });
}

TEST_P(gather_long_range, of_failures_settles_each) {
  run([]() -> silk::task<> {
    int made = 0;
    auto ended = co_await silk::gather_settled(counted(made, 10'000, [](int n) -> silk::task<> {
      return n % 3 == 0 ? silk_tests::fail_after(1ms, n) : silk_tests::nothing();
    }));
    EXPECT_EQ(ended.size(), 10'000u);
    for (std::size_t i = 0; i < ended.size(); ++i) EXPECT_EQ(ended[i].has_value(), i % 3 != 0);
  });
}

// The last child of the first chunk waits, the loop gives out the second one, and then the first chunk's holder
// of the token takes the third. The turn at which it goes on depends on where the worker's count of turns stands.
TEST_P(gather_long_range, goes_on_behind_a_chunk_that_it_has_not_given_out) {
  run([]() -> silk::task<> {
    constexpr int chunk = silk::detail::fork_feeder::first_chunk;
    for (int turns = 0; turns < 64; ++turns) {
      silk::event go;
      const auto child = [&go](int n) -> silk::task<int> {
        return [](silk::event& event, int own) -> silk::task<int> {
          if (own == chunk - 1) co_await event.wait();
          if (own == 2 * chunk - 1) event.set();
          co_return own;
        }(go, n);
      };
      for (int i = 0; i < turns; ++i) co_await silk::yield();
      const std::vector<int> values =
          co_await silk::gather(std::views::iota(0, 8 * chunk) | std::views::transform(child));
      EXPECT_EQ(values.back(), 8 * chunk - 1);
    }
  });
}

TEST_P(gather_long_range, nests) {
  run([]() -> silk::task<> {
    std::atomic<int> ended = 0;
    const auto leaf = [&ended](int n) -> silk::task<> {
      return [](std::atomic<int>& count, int own) -> silk::task<> {
        if (own % 5 == 0) co_await silk::yield();
        ++count;
      }(ended, n);
    };
    const auto row = [leaf](int) -> silk::task<> {
      return [](auto leaf_of) -> silk::task<> {
        co_await silk::gather(std::views::iota(0, 300) | std::views::transform(leaf_of));
      }(leaf);
    };
    co_await silk::gather(std::views::iota(0, 300) | std::views::transform(row));
    EXPECT_EQ(ended, 300 * 300);
  });
}

// Says that it has more tasks than it gives.
struct boastful {
  struct iterator {
    using difference_type = int;
    using value_type = silk::task<int>;
    silk::task<int> operator*() const { return number(at); }
    iterator& operator++() { return ++at, *this; }
    void operator++(int) { ++at; }
    bool operator==(std::default_sentinel_t) const { return at == 70; }
    int at = 0;
  };
  iterator begin() const { return {}; }
  std::default_sentinel_t end() const { return {}; }
  std::size_t size() const { return 100; }
};

TEST_P(gather_long_range, with_fewer_tasks_than_it_says_is_misuse) {
  run([]() -> silk::task<> {
    boastful tasks;
    const std::string end = co_await ending(settle_all_of(tasks));
    EXPECT_EQ(end, "usage");
  });
}

TEST_P(gather_long_range, never_awaited_makes_no_more) {
  int made = 0;
  static_cast<void>(silk::gather(counted(made, enough, number)));
  EXPECT_LT(made, 1000);
}

// The places of their results are more than 4 GiB long; nobody writes there.
struct large {
  std::byte bytes[std::size_t{1} << 20];
};
silk::task<large> never_gives(const large* result) {
  throw std::runtime_error("none");
  co_return *result;
}

TEST_P(gather_long_range, of_large_results_fails_like_any) {
  std::string end;
  run([&end]() -> silk::task<> {
    const auto fails = [](int) { return never_gives(nullptr); };
    auto tasks = std::views::iota(0, 4'200) | std::views::transform(fails);
    end = co_await ending(all_of(tasks));
  });
  if (end == "std::bad_alloc") GTEST_SKIP() << "there is not so much memory";
  EXPECT_EQ(end, "none");
}

}  // namespace
