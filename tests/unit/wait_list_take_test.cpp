// Interleavings of a cancel with a task on its way to its place in a line, each forced.
#include "interposed.hpp"
#include "tasks_fixture.hpp"

#include <silk/detail/wait_list.hpp>
#include <silk/mutex.hpp>

#include <functional>

namespace {

using namespace silk_tests;
namespace detail = silk::detail;

// One permit. The task that asks for it is cancelled at a chosen point on its way.
class permit : private detail::wait_list {
 public:
  enum class moment { before_it_looks, after_it_took };

  permit(bool there, moment when) : there_(there), when_(when) {}
  auto acquire() { return detail::turn_operation<verb>(verb(*this)); }
  bool is_there() const {
    const detail::sync::lock_guard hold(lock_);
    return there_;
  }
  std::function<void()> cancel;

 private:
  struct verb {
    explicit verb(permit& of) : permit_(&of) {}
    detail::wait_list& home() const { return *permit_; }
    bool try_now() const { return false; }
    bool now_or_wait(detail::turn_wait& w) const {
      if (permit_->when_ == moment::before_it_looks) permit_->cancel();
      const bool waits = permit_->take_or_wait(w);
      if (permit_->when_ == moment::after_it_took) permit_->cancel();
      return waits;
    }
    void pass_on() const { permit_->put_back(); }
    void result() const {}
    permit* permit_;
  };
  bool take_or_wait(detail::turn_wait& w) {
    const detail::sync::lock_guard hold(lock_);
    if (!there_) return add(w);
    there_ = !take(w);
    return false;
  }
  void put_back() {
    const detail::sync::lock_guard hold(lock_);
    there_ = true;
  }

  bool there_;
  moment when_;
};

std::string asked_for(permit& wanted) {
  silk::runtime runtime(virtual_time(1));
  knows_itself<> asker(runtime, [&](knows_itself<>& self) -> silk::task<> {
    wanted.cancel = [&] { self.handle().cancel("enough"); };
    co_await wanted.acquire();
  });
  return runtime.block_on(ending(asker.handle()));
}

TEST(wait_list_take, does_not_take_a_turn_for_a_task_that_was_cancelled_before) {
  permit there(true, permit::moment::before_it_looks);
  EXPECT_EQ(asked_for(there), "cancelled: enough");
  EXPECT_TRUE(there.is_there());
}

TEST(wait_list_take, does_not_let_a_task_wait_that_was_cancelled_before) {
  permit none(false, permit::moment::before_it_looks);
  EXPECT_EQ(asked_for(none), "cancelled: enough");
  EXPECT_FALSE(none.is_there());
}

// The task is cancelled when it has its turn, but has not noticed yet that it need not wait.
TEST(wait_list_take, gives_a_turn_back_that_was_taken_without_waiting_and_then_cancelled) {
  permit there(true, permit::moment::after_it_took);
  EXPECT_EQ(asked_for(there), "cancelled: enough");
  EXPECT_TRUE(there.is_there());
}

TEST(wait_list_take, gives_a_mutex_back_that_was_taken_without_waiting_and_then_cancelled) {
  silk::mutex lock;
  ASSERT_TRUE(lock.try_lock());
  silk::runtime runtime(virtual_time(1));
  knows_itself<> locker(runtime, [&](knows_itself<>& self) -> silk::task<> {
    const auto unlock = [&] { lock.unlock(); };
    const auto cancel = [&] { self.handle().cancel(); };
    co_await interposed(lock.lock(), unlock, cancel);
  });
  EXPECT_EQ(runtime.block_on(ending(locker.handle())), "cancelled");
  EXPECT_FALSE(lock.is_locked());
}

}  // namespace
