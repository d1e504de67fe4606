// Rows of the area `executor` about wrap_future, which is silk::from_std_future.
#include "row.hpp"

#include <future>
#include <latch>
#include <thread>

namespace {

using namespace silk_conformance;

ROW(executor, wrap_without_scheduler) {
  std::promise<int> promise;
  std::future<int> plain = promise.get_future();
  EXPECT_EQ(told([&] { silk::from_std_future(std::move(plain)); }), "usage");
}

ROW(executor, wrap_uses_running_scheduler) {
  silk::runtime runtime(options());
  const auto wrap_and_tell_where = [&](std::future<int> plain, std::latch& told_where) {
    const auto wrapper = silk::from_std_future(std::move(plain));
    wrapper.add_done_callback([&](const silk::future<int>& done) {
      EXPECT_EQ(&silk::runtime::current(), &runtime);
      EXPECT_EQ(done.result(), 42);
      told_where.count_down();
    });
    return wrapper;
  };
  std::latch in_task{1}, in_callback{1};
  std::promise<int> one, two;
  // Inside of a task.
  const auto waits = runtime.spawn([&]() -> silk::task<int> {
    co_return co_await wrap_and_tell_where(one.get_future(), in_task);
  });
  // With a current one, but no task.
  silk::future<int> made_in_callback;
  std::latch is_made{1};
  runtime.post([&] {
    made_in_callback = wrap_and_tell_where(two.get_future(), in_callback);
    is_made.count_down();
  });
  is_made.wait();
  std::thread([&] {
    one.set_value(42);
    two.set_value(42);
  }).join();
  EXPECT_EQ(runtime.block_on(waits), 42);
  in_task.wait();
  in_callback.wait();
  EXPECT_EQ(made_in_callback.result(), 42);
}

}  // namespace
