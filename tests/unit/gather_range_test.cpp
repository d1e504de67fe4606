// gather of a range of lazy tasks, of any length, from any kind of range.
#include "at_workers.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using silk_tests::ending;

class gather_range : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(gather_range);

silk::task<int> give(int n) { co_return n; }
silk::task<int> give_later(int n) {
  co_await silk::sleep(std::chrono::milliseconds(n % 7));
  co_return n;
}
silk::task<> add(std::atomic<int>& sum, int n) {
  co_await silk::yield();
  sum += n;
}
std::vector<int> up_to(int n) {
  std::vector<int> numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

TEST_P(gather_range, gives_the_values_in_order) {
  run([]() -> silk::task<> {
    std::vector<silk::task<int>> tasks;
    for (int i = 0; i < 100; ++i) tasks.push_back(i % 2 ? give(i) : give_later(i));
    const std::vector<int> values = co_await silk::gather(std::move(tasks));
    EXPECT_EQ(values, up_to(100));
  });
}

TEST_P(gather_range, of_nothing_gives_nothing) {
  run([]() -> silk::task<> {
    const std::vector<int> values = co_await silk::gather(std::vector<silk::task<int>>());
    EXPECT_TRUE(values.empty());
    co_await silk::gather(std::vector<silk::task<>>());
  });
}

TEST_P(gather_range, of_a_hundred_thousand_that_never_suspend) {
  run([]() -> silk::task<> {
    auto tasks = std::views::iota(0, 100'000) | std::views::transform(give);
    const std::vector<int> values = co_await silk::gather(tasks);
    EXPECT_EQ(values, up_to(100'000));
  });
}

TEST_P(gather_range, of_a_hundred_thousand_that_sleep) {
  run([]() -> silk::task<> {
    auto tasks = std::views::iota(0, 100'000) | std::views::transform(give_later);
    const std::vector<int> values = co_await silk::gather(std::move(tasks));
    EXPECT_EQ(values, up_to(100'000));
    EXPECT_EQ(silk::now().time_since_epoch(), 6ms);
  });
}

TEST_P(gather_range, of_void_children_gives_nothing) {
  std::atomic<int> sum = 0;
  run([&]() -> silk::task<> {
    std::vector<silk::task<>> tasks;
    for (int i = 0; i < 100; ++i) tasks.push_back(add(sum, i));
    co_await silk::gather(std::move(tasks));
    EXPECT_EQ(sum, 99 * 100 / 2);
  });
}

TEST_P(gather_range, takes_any_container) {
  run([]() -> silk::task<> {
    std::list<silk::task<int>> list;
    for (int i = 0; i < 3; ++i) list.push_back(give(i));
    const std::vector<int> of_list = co_await silk::gather(std::move(list));
    EXPECT_EQ(of_list, up_to(3));

    std::array<silk::task<int>, 3> array{give(0), give(1), give(2)};
    const std::vector<int> of_array = co_await silk::gather(std::move(array));
    EXPECT_EQ(of_array, up_to(3));
  });
}

TEST_P(gather_range, takes_a_view_whose_length_is_not_known) {
  run([]() -> silk::task<> {
    auto even = std::views::iota(0, 20) | std::views::filter([](int n) { return n % 2 == 0; }) |
                std::views::transform([](int n) { return give(n / 2); });
    const std::vector<int> values = co_await silk::gather(even);
    EXPECT_EQ(values, up_to(10));
  });
}

TEST_P(gather_range, cancels_the_rest_of_a_hundred_thousand_when_one_fails) {
  auto token = std::make_shared<int>(0);
  run([&]() -> silk::task<> {
    auto child = [&](int n) -> silk::task<> {
      return [](int number, std::shared_ptr<int>) -> silk::task<> {
        co_await silk::sleep(number == 77'777 ? 1s : 10'000s);
        throw std::runtime_error("number " + std::to_string(number));
      }(n, token);
    };
    std::string end;
    try {
      co_await silk::gather(std::views::iota(0, 100'000) | std::views::transform(child));
    } catch (const std::runtime_error& error) {
      end = error.what();
    }
    EXPECT_EQ(end, "number 77777");
    EXPECT_EQ(token.use_count(), 1);
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

// None of the others begins; each is passed by, one after the other, without a deep stack.
TEST_P(gather_range, of_a_hundred_thousand_begins_no_more_when_the_first_fails_at_once) {
  run([&]() -> silk::task<> {
    auto begun = std::make_shared<std::atomic<int>>(0);
    auto child = [&](int n) -> silk::task<> {
      return [](int number, std::shared_ptr<std::atomic<int>> count) -> silk::task<> {
        ++*count;
        if (number == 0) throw std::runtime_error("at once");
        co_await silk::sleep(10'000s);
      }(n, begun);
    };
    std::string end;
    try {
      co_await silk::gather(std::views::iota(0, 100'000) | std::views::transform(child));
    } catch (const std::runtime_error& error) {
      end = error.what();
    }
    EXPECT_EQ(end, "at once");
    EXPECT_EQ(begun.use_count(), 1);
    if (GetParam() == 1) {
      EXPECT_EQ(*begun, 1);
    }
  });
}

TEST_P(gather_range, destroys_what_it_has_when_the_range_throws) {
  auto token = std::make_shared<int>(0);
  run([&]() -> silk::task<> {
    auto make = [&](int n) {
      if (n == 5) throw std::runtime_error("no sixth task");
      return [](std::shared_ptr<int> t) -> silk::task<> {
        ++*t;
        co_return;
      }(token);
    };
    auto tasks = std::views::iota(0, 10) | std::views::transform(make);
    EXPECT_THROW(static_cast<void>(silk::gather(tasks)), std::runtime_error);
    EXPECT_EQ(token.use_count(), 1);
    co_return;
  });
  EXPECT_EQ(*token, 0);
}

TEST_P(gather_range, never_awaited_destroys_its_tasks_unstarted) {
  auto token = std::make_shared<int>(0);
  {
    std::vector<silk::task<>> tasks;
    for (int i = 0; i < 3; ++i) {
      tasks.push_back([](std::shared_ptr<int> t) -> silk::task<> {
        ++*t;
        co_return;
      }(token));
    }
    static_cast<void>(silk::gather(std::move(tasks)));
  }
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(*token, 0);
}

TEST_P(gather_range, nests) {
  run([]() -> silk::task<> {
    auto row = [](int n) -> silk::task<int> {
      const std::vector<int> values =
          co_await silk::gather(std::views::iota(0, n) | std::views::transform(give_later));
      co_return std::accumulate(values.begin(), values.end(), 0);
    };
    const std::vector<int> sums =
        co_await silk::gather(std::views::iota(0, 100) | std::views::transform(row));
    EXPECT_EQ(std::accumulate(sums.begin(), sums.end(), 0), 161'700);
  });
}

// A container that keeps its name keeps its tasks, too: gather must be told to take them.
using container = std::vector<silk::task<int>>;
using view = decltype(std::views::iota(0, 3) | std::views::transform(give));
static_assert(silk::detail::gives_up_its_tasks<container>);
static_assert(silk::detail::gives_up_its_tasks<view>);
static_assert(silk::detail::gives_up_its_tasks<view&>);
static_assert(!silk::detail::gives_up_its_tasks<container&>);
static_assert(
    !silk::detail::gives_up_its_tasks<decltype(std::views::all(std::declval<container&>()))>);

}  // namespace
