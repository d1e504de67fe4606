#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <silk/parallel_for.hpp>
#include <silk/parallel_reduce.hpp>

#include <atomic>
#include <cstdint>
#include <limits>
#include <list>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace silk_tests;

class parallel_for : public at_workers {
 protected:
  template <class F>
  static void in_a_task(F function) {
    const auto calls = [&function]() -> silk::task<> {
      function();
      co_return;
    };
    run(calls);
  }
};
RUN_AT_1_2_AND_8_WORKERS(parallel_for);
using parallel_reduce = parallel_for;
INSTANTIATE_TEST_SUITE_P(workers, parallel_reduce, testing::Values(1u, 2u, 8u),
                         testing::PrintToStringParamName());

constexpr std::size_t grains[] = {0, 1, 7, 1000};

TEST_P(parallel_for, calls_the_body_once_for_each_number) {
  in_a_task([] {
    for (const std::size_t grain : grains) {
      for (const int count : {0, 1, 2, 3, 100, 12'345}) {
        std::vector<std::atomic<int>> calls(static_cast<std::size_t>(count));
        silk::parallel_for(0, count, [&](int i) { ++calls[static_cast<std::size_t>(i)]; },
                           {.grain = grain});
        for (const auto& each : calls) EXPECT_EQ(each, 1);
      }
    }
  });
}

TEST_P(parallel_for, takes_numbers_of_any_kind) {
  in_a_task([] {
    std::atomic<std::int64_t> sum = 0;
    silk::parallel_for(std::numeric_limits<std::int8_t>::min(),
                       std::numeric_limits<std::int8_t>::max(), [&](std::int8_t i) { sum += i; });
    EXPECT_EQ(sum, -128 - 127);
    std::vector<int> values(1000);
    silk::parallel_for(0, values.size(), [&](std::size_t i) { values[i] = static_cast<int>(i); });
    EXPECT_EQ(values[999], 999);
    std::atomic<int> calls = 0;
    silk::parallel_for(std::numeric_limits<std::int64_t>::max() - 3,
                       std::numeric_limits<std::int64_t>::max(), [&](std::int64_t) { ++calls; });
    silk::parallel_for(5, 3, [&](int) { ++calls; });
    EXPECT_EQ(calls, 3);
  });
}

TEST_P(parallel_for, calls_the_body_for_each_element) {
  in_a_task([] {
    std::vector<int> values(10'000);
    std::iota(values.begin(), values.end(), 0);
    silk::parallel_for(values.begin(), values.end(), [](int& each) { each *= 2; });
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], 2 * static_cast<int>(i));
  });
}

TEST_P(parallel_for, may_be_inside_of_another_one) {
  in_a_task([] {
    std::atomic<int> calls = 0;
    silk::parallel_for(0, 100, [&](int) { silk::parallel_for(0, 100, [&](int) { ++calls; }); });
    EXPECT_EQ(calls, 10'000);
  });
}

TEST(parallel_for_apart, lets_an_idle_worker_have_a_part) {
  silk::run(
      []() -> silk::task<> {
        const auto here = std::this_thread::get_id();
        std::atomic<bool> shared = false;
        while (!shared) {
          silk::parallel_for(0, 1000,
                             [&](int) {
                               if (std::this_thread::get_id() != here) shared = true;
                             },
                             {.grain = 1});
        }
        co_return;
      },
      virtual_time(2));
}

TEST_P(parallel_for, throws_what_an_iteration_has_thrown) {
  for (const std::size_t grain : grains) {
    std::atomic<int> begun = 0;
    std::atomic<int> ended = 0;
    const std::string how = told([&] {
      in_a_task([&] {
        silk::parallel_for(0, 10'000,
                           [&](int i) {
                             ++begun;
                             struct at_end {
                               ~at_end() { ++count; }
                               std::atomic<int>& count;
                             } const noted{ended};
                             if (i == 5'000) throw boom();
                           },
                           {.grain = grain});
      });
    });
    EXPECT_EQ(how, "boom");
    EXPECT_EQ(begun, ended);
  }
}

TEST_P(parallel_for, gives_other_tasks_a_turn) {
  run([]() -> silk::task<> {
    std::atomic<bool> ran = false;
    const auto sets = [&ran]() -> silk::task<> {
      co_await silk::yield();
      ran = true;
    };
    auto other = silk::spawn(sets);
    while (!ran) silk::parallel_for(0, 1000, [](int) {});
    co_await other;
  });
}

TEST(parallel_for_outside, says_where_it_is_to_be_called) {
  EXPECT_THROW(silk::parallel_for(0, 1, [](int) {}), silk::usage_error);
  EXPECT_THROW(
      silk::parallel_reduce(0, 1, 0, [](int i) { return i; }, std::plus<>()), silk::usage_error);
}

TEST_P(parallel_reduce, combines_all_values) {
  in_a_task([] {
    for (const std::size_t grain : grains) {
      const long sum =
          silk::parallel_reduce(0, 10'001, 0L, [](int i) { return static_cast<long>(i); },
                                std::plus<>(), {.grain = grain});
      EXPECT_EQ(sum, 50'005'000);
    }
  });
}

TEST_P(parallel_reduce, gives_the_identity_when_there_is_nothing) {
  in_a_task([] {
    const int none = silk::parallel_reduce(3, 3, 42, [](int i) { return i; }, std::plus<>());
    EXPECT_EQ(none, 42);
  });
}

// Concatenation is associative, and not commutative.
TEST_P(parallel_reduce, combines_from_left_to_right) {
  in_a_task([] {
    std::vector<char> letters(3000);
    for (std::size_t i = 0; i < letters.size(); ++i) letters[i] = static_cast<char>('a' + i % 26);
    const std::string expected(letters.begin(), letters.end());
    for (const std::size_t grain : grains) {
      const std::string text = silk::parallel_reduce(
          letters.begin(), letters.end(), std::string(), [](char c) { return std::string(1, c); },
          [](std::string a, const std::string& b) { return std::move(a) + b; }, {.grain = grain});
      EXPECT_EQ(text, expected);
    }
  });
}

TEST_P(parallel_reduce, throws_what_was_thrown) {
  const std::string how = told([] {
    in_a_task([] {
      static_cast<void>(silk::parallel_reduce(
          0, 1000, 0,
          [](int i) {
            if (i == 900) throw boom();
            return i;
          },
          std::plus<>()));
    });
  });
  EXPECT_EQ(how, "boom");
}

}  // namespace
