// co_await of awaitables that know nothing of silk: the task comes home, whatever thread they resume
// on, and however they suspend.
#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <coroutine>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using silk_tests::ending;
using silk_tests::gate;
using silk_tests::virtual_time;

class foreign_await : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(foreign_await);

// A thread that resumes what it is given. Joins in its destructor.
class another_thread {
 public:
  another_thread() = default;
  ~another_thread() {
    const std::lock_guard hold(lock_);  // the resumed task may end before resume is through
    for (std::thread& one : threads_) one.join();
  }
  void resume(std::coroutine_handle<> waiting, gate* wait_for = nullptr) {
    const std::lock_guard hold(lock_);  // the next await may come before we are through
    threads_.emplace_back([=] {
      if (wait_for != nullptr) wait_for->pass();
      waiting.resume();
    });
  }

 private:
  std::mutex lock_;
  std::vector<std::thread> threads_;  // guarded by lock_
};

// Resumes on another thread, as an I/O library would.
struct on_another_thread {
  another_thread& thread;
  int value;
  gate* wait_for = nullptr;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const { thread.resume(waiting, wait_for); }
  int await_resume() const noexcept { return value; }
};

struct ready_already {
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const { throw std::logic_error("never suspends"); }
  int await_resume() const noexcept { return 7; }
};

struct declines_to_suspend {
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<>) const noexcept { return false; }
  int await_resume() const noexcept { return 7; }
};

struct transfers_back {
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) const noexcept {
    return waiting;
  }
  int await_resume() const noexcept { return 7; }
};

struct resumes_inside_await_suspend {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const { waiting.resume(); }
  int await_resume() const noexcept { return 7; }
};

struct fails_to_suspend {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const { throw std::runtime_error("no suspension"); }
  int await_resume() const noexcept { return 7; }
};

struct fails_to_resume {
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<>) const noexcept { return false; }
  int await_resume() const { throw std::runtime_error("no value"); }
};

struct has_member_operator {
  ready_already operator co_await() const noexcept { return {}; }
};
struct has_free_operator {};
ready_already operator co_await(has_free_operator) noexcept { return {}; }

TEST_P(foreign_await, resumed_on_another_thread_goes_on_at_home) {
  another_thread other;
  run([&]() -> silk::task<> {
    silk::runtime* home = &silk::runtime::current();
    for (int i = 0; i < 20; ++i) {
      const int value = co_await on_another_thread{other, i};
      EXPECT_EQ(value, i);
      EXPECT_EQ(&silk::runtime::current(), home);
    }
  });
}

TEST_P(foreign_await, suspends_in_every_way_that_the_language_has) {
  run([]() -> silk::task<> {
    int sum = 0;
    sum += co_await ready_already();
    sum += co_await declines_to_suspend();
    sum += co_await transfers_back();
    sum += co_await resumes_inside_await_suspend();
    sum += co_await has_member_operator();
    sum += co_await has_free_operator();
    ready_already variable;
    sum += co_await variable;
    co_await std::suspend_never();
    EXPECT_EQ(sum, 7 * 7);
  });
}

TEST_P(foreign_await, failure_is_thrown_at_the_await) {
  run([]() -> silk::task<> {
    const std::string suspending = co_await ending([]() -> silk::task<int> {
      const int never = co_await fails_to_suspend();
      co_return never;
    }());
    EXPECT_EQ(suspending, "no suspension");
    const std::string resuming = co_await ending([]() -> silk::task<int> {
      const int never = co_await fails_to_resume();
      co_return never;
    }());
    EXPECT_EQ(resuming, "no value");
  });
}

// docs/cancellation.md: w17a
TEST_P(foreign_await, is_not_interrupted_by_a_cancel_which_is_thrown_afterwards) {
  silk::runtime runtime(virtual_time());
  another_thread other;
  gate suspended, go_on;
  const auto handle = runtime.spawn([&]() -> silk::task<> {
    suspended.open();
    static_cast<void>(co_await on_another_thread{other, 1, &go_on});
    ADD_FAILURE() << "the cancel was lost";
  });
  suspended.pass();
  EXPECT_TRUE(handle.cancel("stop"));
  EXPECT_FALSE(handle.done());
  go_on.open();
  EXPECT_THROW(runtime.block_on(silk::future<void>(handle)), silk::cancelled);
  EXPECT_EQ(silk_tests::told_of(handle), "cancelled: stop");
}

TEST_P(foreign_await, of_a_gathered_child_hears_of_the_cancel_of_its_parent) {
  silk::runtime runtime(virtual_time());
  another_thread other;
  gate suspended, go_on;
  const auto handle = runtime.spawn([&]() -> silk::task<> {
    auto child = [&]() -> silk::task<> {
      suspended.open();
      static_cast<void>(co_await on_another_thread{other, 1, &go_on});
      ADD_FAILURE() << "the cancel was lost";
    };
    co_await silk::gather(child());
  });
  suspended.pass();
  silk_tests::let_run(runtime);  // on one worker the child is suspended now, else soon
  EXPECT_TRUE(handle.cancel("stop"));
  go_on.open();
  EXPECT_THROW(runtime.block_on(silk::future<void>(handle)), silk::cancelled);
}

TEST_P(foreign_await, may_be_gathered_with_tasks_that_sleep) {
  another_thread other;
  run([&]() -> silk::task<> {
    auto foreign = [&](int n) -> silk::task<int> {
      const int value = co_await on_another_thread{other, n};
      co_return value;
    };
    auto sleeper = [](int n) -> silk::task<int> {
      co_await silk::sleep(std::chrono::seconds(n));
      co_return n;
    };
    const auto [a, b, c] = co_await silk::gather(foreign(1), sleeper(2), foreign(3));
    EXPECT_EQ(a + b + c, 6);
  });
}

TEST_P(foreign_await, can_be_made_a_task_of_its_own) {
  run([]() -> silk::task<> {
    const int value = co_await silk::spawn(
        [](auto awaitable) -> silk::task<int> {
          const int result = co_await std::move(awaitable);
          co_return result;
        },
        has_member_operator());
    EXPECT_EQ(value, 7);
  });
}

}  // namespace
