// wait_list: a turn that a task takes, is granted, or is refused while a cancel arrives.
#include "at_workers.hpp"

#include <functional>
#include <mutex>
#include <string>
#include <utility>

namespace {

using namespace silk_tests;

// A single turn. What `at_take` does, it does while the task is about to take it or to wait.
class turnstile : private silk::detail::wait_list {
 public:
  struct hooks {
    std::function<void()> before, after;
  };

  auto pass(hooks at_take = {}) {
    return silk::detail::turn_operation<verb>(verb(*this, std::move(at_take)));
  }
  void open() {
    silk::detail::wake_list woken;
    {
      const std::lock_guard hold(lock_);
      if (empty()) {
        free_ = true;
      } else {
        grant_first(woken);
      }
    }
    woken.run();
  }
  bool is_free() const {
    const std::lock_guard hold(lock_);
    return free_;
  }
  std::size_t waiting() const {
    const std::lock_guard hold(lock_);
    return wait_list::waiting();
  }

 private:
  class verb {
   public:
    verb(turnstile& home, hooks at_take) : home_(&home), hooks_(std::move(at_take)) {}
    silk::detail::wait_list& home() const noexcept { return *home_; }
    bool try_now() const noexcept { return false; }  // what is free is found at the second look
    bool now_or_wait(silk::detail::turn_wait& w) const {
      if (hooks_.before) hooks_.before();
      const bool waits = home_->take_or_wait(w);
      if (hooks_.after) hooks_.after();
      return waits;
    }
    void pass_on() const { home_->open(); }
    void result() const noexcept {}

   private:
    turnstile* home_;
    hooks hooks_;
  };

  bool take_or_wait(silk::detail::turn_wait& w) {
    const std::lock_guard hold(lock_);
    if (!free_) return add(w);
    free_ = false;
    return false;
  }

  bool free_ = true;
};

class wait_list : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(wait_list);

// A task that cancels itself at the given point of its wait.
enum class when { before_the_look, after_the_look };

silk::task<std::string> pass_and_be_cancelled(turnstile& turns, when cancels) {
  silk::promise<silk::join_handle<std::string>> known;
  const silk::future<silk::join_handle<std::string>> itself = known.get_future();
  const auto body = [&]() -> silk::task<std::string> {
    const silk::join_handle<std::string> me = co_await itself;
    turnstile::hooks hooks;
    (cancels == when::before_the_look ? hooks.before : hooks.after) = [me] { me.cancel(); };
    const auto walk = [&]() -> silk::task<> { co_await turns.pass(std::move(hooks)); };
    const std::string end = co_await ending(walk());
    co_return end;
  };
  const auto task = silk::spawn(std::ref(body));
  known.set_value(task);
  const std::string end = co_await task;
  co_return end;
}

TEST_P(wait_list, passes_on_a_turn_that_was_free_after_a_cancel_had_come) {
  run([]() -> silk::task<> {
    turnstile turns;
    const std::string end = co_await pass_and_be_cancelled(turns, when::before_the_look);
    EXPECT_EQ(end, "cancelled");
    EXPECT_TRUE(turns.is_free());
  });
}

TEST_P(wait_list, passes_on_a_turn_that_was_taken_when_a_cancel_came) {
  run([]() -> silk::task<> {
    turnstile turns;
    const std::string end = co_await pass_and_be_cancelled(turns, when::after_the_look);
    EXPECT_EQ(end, "cancelled");
    EXPECT_TRUE(turns.is_free());
  });
}

TEST_P(wait_list, refuses_a_task_that_was_cancelled_before_it_could_wait) {
  run([]() -> silk::task<> {
    turnstile turns;
    co_await turns.pass();
    const std::string end = co_await pass_and_be_cancelled(turns, when::before_the_look);
    EXPECT_EQ(end, "cancelled");
    EXPECT_EQ(turns.waiting(), 0u);
    EXPECT_FALSE(turns.is_free());
    turns.open();
    EXPECT_TRUE(turns.is_free());
  });
}

}  // namespace
