// Rows of the area `task`, about making tasks: asyncio.create_task is silk::spawn, a Task is what a
// silk::join_handle refers to.
#include "row.hpp"

#include <algorithm>
#include <atomic>
#include <coroutine>
#include <cstdlib>
#include <memory>
#include <set>
#include <vector>

namespace {

using namespace silk_conformance;

silk::task<int> number(int value) { co_return value; }

// Sets `ran` and holds on to `token`.
silk::task<> leaves_a_trace(bool& ran, std::shared_ptr<int> token) {
  ran = token != nullptr;
  co_return;
}

bool lists(const std::vector<silk::task_ref>& tasks, const silk::task_ref& one) {
  return std::ranges::find(tasks, one) != tasks.end();
}

ROW(task, create_binds_to_running_scheduler) {
  silk::runtime mine(options());
  silk::runtime other(options());
  mine.block_on([&]() -> silk::task<> {
    silk::promise<> go;
    const auto handle = silk::spawn([&]() -> silk::task<silk::runtime*> {
      co_await go.get_future();
      co_return &silk::runtime::current();
    });
    EXPECT_TRUE(lists(mine.all_tasks(), handle));
    EXPECT_FALSE(lists(other.all_tasks(), handle));
    go.set_value();
    silk::runtime* const where = co_await handle;
    EXPECT_EQ(where, &mine);
  });
}

ROW(task, create_without_scheduler_fails) {
  bool ran = false;
  const auto token = std::make_shared<int>(0);
  EXPECT_EQ(told([&] { silk::spawn(leaves_a_trace(ran, token)); }), "usage");
  EXPECT_EQ(told([&] { silk::ensure_future(leaves_a_trace(ran, token)); }), "usage");
  EXPECT_FALSE(ran);
  EXPECT_EQ(token.use_count(), 1);
}

ROW(task, create_on_closed_scheduler_destroys_coroutine) {
  bool ran = false;
  const auto token = std::make_shared<int>(0);
  silk::runtime runtime(options());
  runtime.shutdown();
  EXPECT_EQ(told([&] { runtime.spawn(leaves_a_trace(ran, token)); }), "usage");
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_FALSE(ran);
}

template <class T>
concept can_be_spawned = requires(T&& what) { silk::spawn(std::forward<T>(what)); };
template <class T>
concept can_be_ensured = requires(T&& what) { silk::ensure_future(std::forward<T>(what)); };

ROW(task, create_rejects_non_coroutine) {
  EXPECT_TRUE(can_be_spawned<silk::task<int>>);
  EXPECT_FALSE(can_be_spawned<int>);
  EXPECT_FALSE(can_be_spawned<std::string>);
  EXPECT_FALSE(can_be_spawned<int (*)()>);
  static_assert(!can_be_spawned<int> && can_be_spawned<silk::task<int>>);
}

// Knows nothing of silk.
class answer_later {
 public:
  explicit answer_later(int answer) : answer_(answer) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const { waiting.resume(); }
  int await_resume() const noexcept { return answer_; }

 private:
  int answer_;
};
class has_an_operator {
 public:
  answer_later operator co_await() const noexcept { return answer_later(2); }
};

ROW(task, create_accepts_custom_awaitable) {
  run([]() -> silk::task<> {
    const auto one = silk::spawn(answer_later(1));
    const auto two = silk::spawn(has_an_operator());
    const int first = co_await one;
    const int second = co_await two;
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 2);
  });
}

ROW(task, ensure_future_returns_same_handle) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    const silk::future<int> future = promise.get_future();
    const auto handle = silk::spawn([&]() -> silk::task<int> { co_return co_await future; });
    EXPECT_EQ(silk::ensure_future(future), future);
    EXPECT_EQ(silk::ensure_future(handle), handle);
    EXPECT_EQ(silk::ensure_future(handle).ref(), handle.ref());
    promise.set_value(7);
    const int value = co_await handle;
    EXPECT_EQ(value, 7);
    EXPECT_TRUE(future.done());
    EXPECT_EQ(silk::ensure_future(future), future);
    EXPECT_EQ(silk::ensure_future(handle), handle);
  });
}

// What holds instead of task.ensure_future_wrong_scheduler: a future belongs to no runtime.
TEST(deviation, a_future_can_be_awaited_in_any_runtime) {
  for (const unsigned workers : {1u, 2u, 8u}) {
    const silk::runtime_options options{.workers = workers,
                                        .time = silk::time_source::virtual_time};
    silk::runtime home(options);
    silk::runtime other(options);
    silk::promise<int> promise;
    const auto handle = home.spawn([&]() -> silk::task<int> {
      const int value = co_await promise.get_future();
      co_return value + 1;
    });
    const auto abroad = other.spawn([&]() -> silk::task<int> {
      const int value = co_await silk::ensure_future(handle);
      EXPECT_EQ(&silk::runtime::current(), &other);
      co_return value + 1;
    });
    EXPECT_FALSE(handle.done());
    promise.set_value(1);
    EXPECT_EQ(other.block_on(silk::future<int>(abroad)), 3);
    EXPECT_EQ(handle.result(), 2);
  }
}

ROW(task, ensure_future_rejects_non_awaitable) {
  EXPECT_TRUE(can_be_ensured<silk::task<int>>);
  EXPECT_TRUE(can_be_ensured<const silk::future<int>&>);
  EXPECT_FALSE(can_be_ensured<int>);
  EXPECT_FALSE(can_be_ensured<std::string>);
  static_assert(!can_be_ensured<int> && can_be_ensured<silk::future<int>>);
}

ROW(task, scheduling_failure_unwinds_create) {
  std::atomic<int> reports{0};
  silk::runtime_options with_handler = options();
  with_handler.on_failure = [&](const silk::failure&) { ++reports; };
  silk::runtime runtime(std::move(with_handler));
  runtime.shutdown();
  bool ran = false;
  const auto token = std::make_shared<int>(0);
  EXPECT_EQ(told([&] { runtime.spawn({.name = "lost"}, leaves_a_trace(ran, token)); }), "usage");
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_FALSE(ran);
  EXPECT_TRUE(runtime.all_tasks().empty());
  EXPECT_EQ(runtime.live_tasks(), 0u);
  EXPECT_EQ(reports, 0);
}

// The N of a generated name "task-N".
long number_of(const std::string& name) {
  return std::strtol(name.c_str() + name.find('-') + 1, nullptr, 10);
}

ROW(task, name_auto_unique) {
  run([]() -> silk::task<> {
    constexpr int makers = 8;
    constexpr std::size_t each = 100;
    std::vector<silk::task<std::vector<std::string>>> all;
    for (int i = 0; i < makers; ++i) {
      all.push_back([]() -> silk::task<std::vector<std::string>> {
        std::vector<silk::join_handle<>> made;
        for (std::size_t n = 0; n < each; ++n) made.push_back(silk::spawn(nothing()));
        std::vector<std::string> names;
        for (const auto& one : made) names.push_back(one.name());
        co_await silk::gather(made);
        co_return names;
      }());
    }
    const auto names_of_each = co_await silk::gather(std::move(all));
    std::set<std::string> distinct;
    for (const auto& names : names_of_each) {
      distinct.insert(names.begin(), names.end());
      // One maker never suspended while it made them, so they come from one thread.
      for (std::size_t n = 1; n < names.size(); ++n) {
        EXPECT_LT(number_of(names[n - 1]), number_of(names[n]));
      }
    }
    EXPECT_EQ(distinct.size(), makers * each);
  });
}

// Counts what is alive. A copy in a coroutine's frame is one, a result is one.
class counted {
 public:
  static std::atomic<int> alive;
  counted() { ++alive; }
  counted(const counted&) { ++alive; }
  counted(counted&&) noexcept { ++alive; }
  counted& operator=(const counted&) = default;
  ~counted() { --alive; }
};
std::atomic<int> counted::alive{0};

silk::task<counted> gives_one(counted mine) { co_return mine; }

ROW(task, no_leak_over_many) {
  run([]() -> silk::task<> {
    const int before = counted::alive;
    for (int i = 0; i < 100; ++i) {
      const auto handle = silk::spawn(gives_one(counted()));
      if (i % 2 == 0) co_await handle;
    }
    co_await at_rest();
    EXPECT_EQ(counted::alive, before);
    EXPECT_EQ(silk::all_tasks().size(), 1u);
    EXPECT_EQ(silk::runtime::current().live_tasks(), 1u);
  });
}

// Its destructor makes a task and drops it.
class makes_a_task_when_it_dies {
 public:
  explicit makes_a_task_when_it_dies(std::atomic<int>& made) : made_(&made) {}
  makes_a_task_when_it_dies(makes_a_task_when_it_dies&& other) noexcept
      : made_(std::exchange(other.made_, nullptr)) {}
  makes_a_task_when_it_dies& operator=(makes_a_task_when_it_dies&& other) = delete;
  ~makes_a_task_when_it_dies() {
    if (made_ == nullptr) return;
    silk::spawn([made = made_]() -> silk::task<> {
      ++*made;
      co_return;
    });
  }

 private:
  std::atomic<int>* made_;
};

ROW(task, result_destructor_may_reenter) {
  run([]() -> silk::task<> {
    std::atomic<int> made{0};
    const auto body = [&]() -> silk::task<makes_a_task_when_it_dies> {
      co_return makes_a_task_when_it_dies(made);
    };
    {
      std::vector<silk::join_handle<makes_a_task_when_it_dies>> handles;
      for (int i = 0; i < 100; ++i) handles.push_back(silk::spawn(body));
      const auto results = co_await silk::gather(handles);
      EXPECT_EQ(results.size(), 100u);
    }
    for (int i = 0; i < 100; ++i) silk::spawn(body);  // the worker destroys these results
    co_await at_rest();
    EXPECT_EQ(made, 200);
  });
}

template <class T>
concept can_be_awaited_twice = requires(T& task) { task.operator co_await(); };

ROW(task, double_await_of_owned_coroutine) {
  EXPECT_FALSE(can_be_awaited_twice<silk::task<int>>);  // it has to be moved
  EXPECT_FALSE(std::is_copy_constructible_v<silk::task<int>>);
  EXPECT_FALSE(can_be_spawned<silk::task<int>&>);
  run([]() -> silk::task<> {
    auto body = number(7);
    const auto handle = silk::spawn(std::move(body));
    // NOLINTBEGIN(bugprone-use-after-move): the misuse that is to be noticed
    const std::string again =
        co_await ending([&]() -> silk::task<> { static_cast<void>(co_await std::move(body)); }());
    EXPECT_EQ(again, "usage");
    EXPECT_EQ(told([&] { silk::spawn(std::move(body)); }), "usage");
    // NOLINTEND(bugprone-use-after-move)
    const int value = co_await handle;
    EXPECT_EQ(value, 7);
  });
}

}  // namespace
