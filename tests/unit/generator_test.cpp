// generator: values one after the other, awaits in between, early ends. Shutdown: tests/conformance.
#include "at_workers.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace silk_tests;

class generator : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(generator);

// Counts the frames that hold one.
struct held {
  explicit held(int& count) : count_(count) { ++count_; }
  held(const held&) = delete;
  held& operator=(const held&) = delete;
  ~held() { --count_; }

 private:
  int& count_;
};

silk::generator<int> count_to(int last) {
  for (int n = 1; n <= last; ++n) co_yield n;
}
silk::generator<int> slowly_to(int last, int& alive) {
  const held here(alive);
  for (int n = 1; n <= last; ++n) {
    co_await silk::sleep(1s);
    co_yield n;
  }
}

template <class T>
silk::task<std::vector<T>> all_of(silk::generator<T> source) {
  std::vector<T> items;
  for (;;) {
    std::optional<T> item = co_await source.next();
    if (!item) break;
    items.push_back(std::move(*item));
  }
  co_return items;
}

TEST_P(generator, gives_one_value_after_the_other) {
  run([]() -> silk::task<> {
    const std::vector<int> got = co_await all_of(count_to(4));
    EXPECT_EQ(got, (std::vector{1, 2, 3, 4}));
    const std::vector<int> none = co_await all_of(count_to(0));
    EXPECT_TRUE(none.empty());
  });
}

TEST_P(generator, gives_nothing_again_after_its_end) {
  run([]() -> silk::task<> {
    silk::generator<int> source = count_to(1);
    const auto first = co_await source.next();
    EXPECT_EQ(first, 1);
    for (int i = 0; i < 3; ++i) {
      const auto end = co_await source.next();
      EXPECT_FALSE(end.has_value());
    }
  });
}

TEST_P(generator, awaits_between_its_values) {
  run([]() -> silk::task<> {
    int alive = 0;
    const silk::time_point begin = silk::now();
    const std::vector<int> got = co_await all_of(slowly_to(3, alive));
    EXPECT_EQ(got, (std::vector{1, 2, 3}));
    EXPECT_EQ(silk::now() - begin, 3s);
    EXPECT_EQ(alive, 0);
  });
}

TEST_P(generator, stands_still_until_it_is_asked) {
  run([]() -> silk::task<> {
    int steps = 0;
    auto counting = [](int& done) -> silk::generator<int> {
      for (;;) co_yield ++done;
    };
    silk::generator<int> source = counting(steps);
    EXPECT_EQ(steps, 0);
    co_await source.next();
    co_await silk::sleep(1s);
    EXPECT_EQ(steps, 1);
    co_await source.next();
    EXPECT_EQ(steps, 2);
  });
}

TEST_P(generator, gives_values_that_only_move_and_references) {
  run([]() -> silk::task<> {
    auto owners = []() -> silk::generator<std::unique_ptr<int>> {
      co_yield std::make_unique<int>(1);
      co_yield std::make_unique<int>(2);
    };
    const auto owned = co_await all_of(owners());
    EXPECT_EQ(*owned.at(1), 2);

    int number = 5;
    auto references = [](int& to) -> silk::generator<std::reference_wrapper<int>> { co_yield to; };
    silk::generator<std::reference_wrapper<int>> source = references(number);
    const auto reference = co_await source.next();
    EXPECT_EQ(&reference->get(), &number);
  });
}

TEST_P(generator, throws_what_its_body_throws_and_has_ended) {
  run([]() -> silk::task<> {
    auto failing = []() -> silk::generator<int> {
      co_yield 1;
      co_await silk::yield();
      throw boom(7);
    };
    silk::generator<int> source = failing();
    co_await source.next();
    int number = 0;
    try {
      co_await source.next();
    } catch (const boom& error) {
      number = error.number;
    }
    EXPECT_EQ(number, 7);
    const auto end = co_await source.next();
    EXPECT_FALSE(end.has_value());
  });
}

TEST_P(generator, may_be_left_half_way) {
  run([]() -> silk::task<> {
    int alive = 0;
    {
      silk::generator<int> source = slowly_to(10, alive);
      co_await source.next();
      EXPECT_EQ(alive, 1);
    }
    EXPECT_EQ(alive, 0);
    {
      const silk::generator<int> never_begun = slowly_to(10, alive);
    }
    EXPECT_EQ(alive, 0);
  });
}

// docs/cancellation.md: w16a
TEST_P(generator, is_cancelled_where_it_waits) {
  run([]() -> silk::task<> {
    int alive = 0;
    auto task = silk::spawn(all_of(slowly_to(10, alive)));
    co_await silk::sleep(1500ms);
    EXPECT_EQ(alive, 1);
    task.cancel("enough");
    const std::string end = co_await ending(task);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(alive, 0);
  });
}

// docs/cancellation.md: w16a
TEST_P(generator, goes_on_when_it_catches_a_cancel) {
  run([]() -> silk::task<> {
    auto stubborn = []() -> silk::generator<int> {
      try {
        co_await asleep();
      } catch (const silk::cancelled&) {
      }
      co_yield 1;
    };
    auto task = silk::spawn(all_of(stubborn()));
    co_await silk::sleep(1s);
    task.cancel();
    const std::vector<int> got = co_await task;
    EXPECT_EQ(got, std::vector{1});
  });
}

TEST_P(generator, belongs_to_the_task_that_awaits_the_step) {
  run([]() -> silk::task<> {
    auto names = []() -> silk::generator<std::string> {
      for (;;) {
        co_await silk::yield();
        std::string name = co_await silk::this_task::name();
        co_yield std::move(name);
      }
    };
    silk::generator<std::string> source = names();
    auto ask = [](auto& of) -> silk::task<std::string> {
      auto item = co_await of.next();
      co_return *item;
    };
    auto first = silk::spawn({.name = "first"}, ask(source));
    const std::string by_first = co_await first;
    auto second = silk::spawn({.name = "second"}, ask(source));
    const std::string by_second = co_await second;
    EXPECT_EQ(by_first, "first");
    EXPECT_EQ(by_second, "second");
  });
}

TEST_P(generator, of_generators) {
  run([]() -> silk::task<> {
    auto doubled = [](silk::generator<int> source) -> silk::generator<int> {
      for (;;) {
        auto item = co_await source.next();
        if (!item) break;
        co_yield *item * 2;
      }
    };
    const std::vector<int> got = co_await all_of(doubled(doubled(count_to(3))));
    EXPECT_EQ(got, (std::vector{4, 8, 12}));
  });
}

TEST_P(generator, of_a_million_values_needs_no_stack) {
  run([]() -> silk::task<> {
    silk::generator<int> source = count_to(1'000'000);
    long sum = 0;
    for (;;) {
      const auto item = co_await source.next();
      if (!item) break;
      sum += *item;
    }
    EXPECT_EQ(sum, 500'000'500'000);
  });
}

TEST_P(generator, is_asked_by_one_at_a_time) {
  run([]() -> silk::task<> {
    int alive = 0;
    silk::generator<int> source = slowly_to(2, alive);
    auto ask = [](auto& of) -> silk::task<> { co_await of.next(); };
    auto first = silk::spawn(ask(source));
    co_await silk::sleep(500ms);
    const std::string meanwhile = co_await ending(ask(source));
    EXPECT_EQ(meanwhile, "usage");
    co_await first;
    const std::string later = co_await ending(ask(source));
    EXPECT_EQ(later, "value");
  });
}

// What closing does to a body that cleans up in its own way.
silk::generator<int> cleaning_up(std::vector<std::string>& log, bool yields_again = false) {
  bool closing = false;
  try {
    co_yield 1;
    co_yield 2;
  } catch (const silk::cancelled&) {
    closing = true;
  }
  log.push_back(closing ? "closing" : "ended");
  co_await silk::sleep(1s);
  log.push_back("clean");
  if (yields_again) co_yield 3;
}

TEST_P(generator, may_await_its_clean_up_when_it_is_closed) {
  run([]() -> silk::task<> {
    std::vector<std::string> log;
    silk::generator<int> source = cleaning_up(log);
    co_await source.next();
    const silk::time_point begin = silk::now();
    co_await source.close();
    EXPECT_EQ(silk::now() - begin, 1s);
    EXPECT_EQ(log, (std::vector<std::string>{"closing", "clean"}));
    const auto end = co_await source.next();
    EXPECT_FALSE(end.has_value());
    co_await source.close();  // nothing to do
  });
}

TEST_P(generator, is_closed_without_a_clean_up_of_its_own) {
  run([]() -> silk::task<> {
    int alive = 0;
    silk::generator<int> half_way = slowly_to(2, alive), never_begun = slowly_to(2, alive);
    co_await half_way.next();
    co_await half_way.close();
    co_await never_begun.close();
    EXPECT_EQ(alive, 0);
    const auto end = co_await never_begun.next();
    EXPECT_FALSE(end.has_value());
  });
}

TEST_P(generator, must_not_yield_while_it_is_closed) {
  run([]() -> silk::task<> {
    std::vector<std::string> log;
    silk::generator<int> source = cleaning_up(log, true);
    co_await source.next();
    auto close = [](auto& which) -> silk::task<> { co_await which.close(); };
    const std::string end = co_await ending(close(source));
    EXPECT_EQ(end, "usage");
  });
}

// docs/cancellation.md: w16a
TEST_P(generator, whose_clean_up_is_cancelled_lets_the_cancel_out) {
  run([]() -> silk::task<> {
    std::vector<std::string> log;
    auto closing = silk::spawn([](auto& to) -> silk::task<> {
      silk::generator<int> source = cleaning_up(to);
      co_await source.next();
      co_await source.close();
    }(log));
    co_await silk::sleep(500ms);
    closing.cancel();
    const std::string end = co_await ending(closing);
    EXPECT_EQ(end, "cancelled");
    EXPECT_EQ(log, std::vector<std::string>{"closing"});
  });
}

}  // namespace
