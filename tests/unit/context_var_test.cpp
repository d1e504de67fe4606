// context_var<T>: who sees which value, whatever gather, timeouts and thieves do with the task.
#include "at_workers.hpp"

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace silk_tests;

using context_var = at_workers;
RUN_AT_1_2_AND_8_WORKERS(context_var);

const silk::context_var<std::string> word("initial");
const silk::context_var<int> number;

silk::task<> sets(std::string to) {
  EXPECT_EQ(word.get(), "parent's");
  co_await word.set(to);
  EXPECT_EQ(word.get(), to);
}

TEST_P(context_var, a_child_of_gather_keeps_its_value_to_itself) {
  run([]() -> silk::task<> {
    co_await word.set("parent's");
    co_await silk::gather(sets("a"), sets("b"), sets("c"));
    EXPECT_EQ(word.get(), "parent's");
  });
}

// The slots of the next gather are where those of the last one were.
TEST_P(context_var, a_child_of_gather_leaves_nothing_behind) {
  run([]() -> silk::task<> {
    co_await word.set("parent's");
    for (int round = 0; round < 20; ++round) {
      const auto sets_late = [](bool yields) -> silk::task<> {
        if (yields) co_await silk::yield();
        co_await sets("mine");
        if (!yields) co_await silk::yield();
        EXPECT_EQ(word.get(), "mine");
      };
      co_await silk::gather(sets_late(round % 2 == 0), sets_late(round % 3 == 0));
      EXPECT_EQ(word.get(), "parent's");
    }
  });
}

// What every await of the tree must see is known: the path that leads to it.
silk::task<> grows(std::string path, int depth, unsigned seed) {
  if (seed % 3 != 0) {
    path += std::to_string(seed % 7);
    co_await word.set(path);
  }
  if (seed % 5 == 0) co_await silk::yield();
  if (seed % 5 == 1) co_await silk::sleep(1ms * (seed % 4));
  EXPECT_EQ(word.get(), path);
  if (depth == 0) co_return;
  const unsigned next = seed * 1103515245u + 12345u;
  if (seed % 4 == 0) {
    const auto child = silk::spawn(grows(path, depth - 1, next >> 8));
    const auto in_time = [](std::string from, int levels, unsigned of) -> silk::task<> {
      co_await silk::with_timeout(1h, grows(from, levels, of));
    };
    co_await silk::gather(in_time(path, depth - 1, next >> 9));
    co_await child;
  } else {
    co_await silk::gather(grows(path, depth - 1, next >> 8), grows(path, depth - 1, next >> 9),
                          grows(path, depth - 1, next >> 10));
  }
}

TEST_P(context_var, every_branch_of_a_tree_sees_its_own_path) {
  run([]() -> silk::task<> {
    co_await word.set("");
    for (unsigned seed = 0; seed < 10; ++seed) {
      co_await silk::gather(grows("", 5, seed * 2654435761u >> 7));
      EXPECT_EQ(word.get(), "");
    }
  });
}

TEST_P(context_var, the_inside_of_a_timeout_is_part_of_the_task) {
  run([]() -> silk::task<> {
    co_await silk::with_timeout(1s, []() -> silk::task<> {
      co_await word.set("inside");
      co_await silk::sleep(1ms);
      co_await number.set(1);
    }());
    EXPECT_EQ(word.get(), "inside");
    EXPECT_EQ(number.get(), 1);
    co_await silk::with_task_group(
        [](silk::task_group&) -> silk::task<> { co_await word.set("in the group"); });
    EXPECT_EQ(word.get(), "in the group");
  });
}

TEST_P(context_var, a_child_of_gather_may_set_inside_of_a_timeout) {
  run([]() -> silk::task<> {
    const auto child = [](std::string mine) -> silk::task<> {
      co_await silk::with_timeout(
          1s, [](std::string to) -> silk::task<> { co_await word.set(to); }(mine));
      EXPECT_EQ(word.get(), mine);
      co_await silk::yield();
      EXPECT_EQ(word.get(), mine);
    };
    co_await silk::gather(child("a"), child("b"));
    EXPECT_FALSE(word.is_set());
  });
}

TEST_P(context_var, a_token_restores_what_was_before) {
  run([]() -> silk::task<> {
    auto first = co_await number.set(1);
    auto second = co_await number.set(2);
    EXPECT_EQ(first.old_value(), std::nullopt);
    EXPECT_EQ(second.old_value(), 1);
    number.reset(std::move(second));
    EXPECT_EQ(number.get(), 1);
    number.reset(std::move(first));
    EXPECT_FALSE(number.is_set());
  });
}

TEST_P(context_var, a_token_is_for_its_variable_and_works_once) {
  run([]() -> silk::task<> {
    const silk::context_var<int> another;
    auto token = co_await number.set(1);
    EXPECT_THROW(another.reset(std::move(token)), std::invalid_argument);
    EXPECT_EQ(number.get(), 1);
    number.reset(std::move(token));
    EXPECT_THROW(number.reset(std::move(token)), std::invalid_argument);
  });
}

TEST_P(context_var, a_token_is_for_the_task_that_made_it) {
  run([]() -> silk::task<> {
    auto token = co_await number.set(1);
    const auto uses_it = [&]() -> silk::task<> {
      co_await silk::yield();
      EXPECT_THROW(number.reset(std::move(token)), silk::usage_error);
      co_await number.set(2);
      EXPECT_THROW(number.reset(std::move(token)), silk::usage_error);
    };
    co_await silk::spawn(uses_it);
    co_await silk::gather(uses_it(), uses_it());
    std::thread([&] { EXPECT_THROW(number.reset(std::move(token)), silk::usage_error); }).join();
    EXPECT_EQ(number.get(), 1);
    const auto resets = [&]() -> silk::task<> {
      number.reset(std::move(token));  // the inside of a timeout is part of the task
      co_return;
    };
    co_await silk::with_timeout(1s, resets());
    EXPECT_FALSE(number.is_set());
  });
}

TEST_P(context_var, a_guard_restores_whatever_ends_its_scope) {
  run([]() -> silk::task<> {
    co_await number.set(1);
    const std::string end = co_await ending([]() -> silk::task<> {
      const auto hold = co_await number.scoped(2);
      EXPECT_EQ(number.get(), 2);
      co_await fail_after(1ms);
    }());
    EXPECT_EQ(end, "boom");
    EXPECT_EQ(number.get(), 1);
  });
}

TEST_P(context_var, set_here_is_not_for_tasks) {
  run([]() -> silk::task<> {
    EXPECT_THROW(number.set_here(1), silk::usage_error);
    co_return;
  });
}

TEST_P(context_var, a_runtime_starts_with_what_the_thread_sees) {
  auto token = word.set_here("thread's");
  run([]() -> silk::task<> {
    EXPECT_EQ(word.get(), "thread's");
    co_await word.set("task's");
  });
  EXPECT_EQ(word.get(), "thread's");
  word.reset(std::move(token));
  EXPECT_EQ(word.get(), "initial");
}

TEST_P(context_var, a_plain_function_may_be_run_in_a_context) {
  run([]() -> silk::task<> {
    co_await word.set("task's");
    const silk::context other;
    const std::string seen = other.run([] {
      word.set_here("other's");
      return word.get();
    });
    EXPECT_EQ(seen, "other's");
    EXPECT_EQ(word.get(), "task's");
    EXPECT_EQ(other.get(word), "other's");
    // What it starts inherits from it; what starts at once does not see it as its own.
    const auto started = other.run([] {
      return silk::spawn({.start = silk::start::eager}, []() -> silk::task<std::string> {
        std::string first = word.get();
        co_await word.set("started's");
        co_return first + ", " + word.get();
      });
    });
    const std::string told = co_await started;
    EXPECT_EQ(told, "other's, started's");
    EXPECT_EQ(other.get(word), "other's");
  });
}

TEST_P(context_var, a_copied_context_is_apart) {
  run([]() -> silk::task<> {
    co_await number.set(1);
    const silk::context copy = silk::copy_context();
    copy.set(number, 2);
    EXPECT_EQ(copy.get(number), 2);
    EXPECT_EQ(copy.copy().get(number), 2);
    EXPECT_NE(copy.copy(), copy);
    EXPECT_EQ(number.get(), 1);
  });
}

TEST_P(context_var, callbacks_see_what_they_were_handed_over_with) {
  run([]() -> silk::task<> {
    silk::runtime& here = silk::runtime::current();
    const silk::context given;
    given.set(word, "given");
    std::vector<std::string> seen(6);
    co_await word.set("caller's");
    here.post([&] { seen[0] = word.get(); });
    here.call_after(1ms, [&] { seen[1] = word.get(); });
    here.call_at(silk::now() + 1ms, [&] { seen[2] = word.get(); });
    here.post({.context = given}, [&] { seen[3] = word.get(); });
    here.call_after({.context = given}, 1ms, [&] { seen[4] = word.get(); });
    here.call_at({.context = given}, silk::now() + 1ms, [&] { seen[5] = word.get(); });
    co_await word.set("changed");
    co_await silk::sleep(1s);
    EXPECT_EQ(seen, (std::vector<std::string>{"caller's", "caller's", "caller's", "given", "given",
                                              "given"}));
  });
}

TEST_P(context_var, a_generator_is_part_of_the_task_that_consumes_it) {
  run([]() -> silk::task<> {
    const auto counts = []() -> silk::generator<int> {
      co_await number.set(1);
      co_yield number.get();
      co_yield number.get();
    };
    auto source = counts();
    const auto first = co_await source.next();
    EXPECT_EQ(first, 1);
    EXPECT_EQ(number.get(), 1);
    co_await number.set(2);
    const auto second = co_await source.next();
    EXPECT_EQ(second, 2);
  });
}

TEST_P(context_var, values_go_with_the_last_context_that_holds_them) {
  const silk::context_var<std::shared_ptr<int>> pointer;
  const auto counted = std::make_shared<int>();
  run([&]() -> silk::task<> {
    const auto sets_it = [&]() -> silk::task<> {
      co_await pointer.set(counted);
      EXPECT_EQ(counted.use_count(), 2);
    };
    co_await silk::gather(sets_it());
    EXPECT_EQ(counted.use_count(), 1);
    co_await silk::spawn(sets_it);
    co_await pointer.set(counted);
    co_await pointer.set(nullptr);
    EXPECT_EQ(counted.use_count(), 1);
  });
  EXPECT_EQ(counted.use_count(), 1);
}

}  // namespace
