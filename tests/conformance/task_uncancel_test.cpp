// Rows of the area `task`, about uncancel(): a task that takes a request to stop back.
#include "row.hpp"

#include <concepts>

namespace {

using namespace silk_conformance;

ROW(task, uncancel_restores_normal_running) {
  run([]() -> silk::task<> {
    int caught = 0;
    const auto handle = silk::spawn([&]() -> silk::task<> {
      try {
        co_await never_ends();
      } catch (const silk::cancelled&) {
        ++caught;
      }
      static_cast<void>(co_await silk::this_task::uncancel());
      co_await never_ends();
    });
    co_await at_rest();
    EXPECT_TRUE(handle.cancel("first"));
    co_await at_rest();
    EXPECT_EQ(caught, 1);
    EXPECT_EQ(handle.cancelling(), 0u);
    EXPECT_EQ(handle.ref().status(), silk::task_status::pending);
    EXPECT_EQ(handle.ref().description().find("cancelling"), std::string::npos);
    EXPECT_FALSE(handle.done());
    EXPECT_TRUE(handle.cancel("second"));
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled: second");
  });
}

ROW(task, uncancel_floor_is_zero) {
  run([]() -> silk::task<> {
    const unsigned none = co_await silk::this_task::uncancel();
    EXPECT_EQ(none, 0u);
    silk::current_task().cancel();
    silk::current_task().cancel();
    const unsigned one_left = co_await silk::this_task::uncancel();
    const unsigned none_left = co_await silk::this_task::uncancel();
    const unsigned still_none = co_await silk::this_task::uncancel();
    EXPECT_EQ(one_left, 1u);
    EXPECT_EQ(none_left, 0u);
    EXPECT_EQ(still_none, 0u);
    const unsigned requests = co_await silk::this_task::cancelling();
    EXPECT_EQ(requests, 0u);
    co_await at_rest();  // nothing is thrown here
  });
}

template <class T>
concept can_be_uncancelled_by_others = requires(T& task) { task.uncancel(); };

ROW(task, uncancel_after_done_no_effect) {
  // Only a task that runs can ask, and only for itself: nobody can for one that has ended.
  EXPECT_FALSE(can_be_uncancelled_by_others<silk::join_handle<int>>);
  EXPECT_FALSE(can_be_uncancelled_by_others<silk::task_ref>);
  run([]() -> silk::task<> {
    const auto handle = silk::spawn(never_ends());
    handle.cancel("enough");
    static_cast<void>(co_await ending(handle));
    static_cast<void>(co_await silk::this_task::uncancel());
    EXPECT_TRUE(handle.done());
    EXPECT_TRUE(handle.is_cancelled());
    EXPECT_EQ(told([&] { handle.result(); }), "cancelled: enough");
    EXPECT_EQ(handle.cancelling(), 1u);
  });
}

// The block of the row. `body` runs until it ends or until `limit` is over.
silk::task<> at_most(silk::duration limit, silk::task<> body) {
  const silk::task_ref me = silk::current_task();
  bool time_is_up = false;
  const auto timer = silk::runtime::current().call_after(limit, [&time_is_up, me] {
    time_is_up = true;
    me.cancel();
  });
  std::exception_ptr stop;
  try {
    co_await std::move(body);
  } catch (const silk::cancelled&) {
    stop = std::current_exception();
  }
  timer.cancel();
  if (stop == nullptr) co_return;
  if (time_is_up) {
    const unsigned remaining = co_await silk::this_task::uncancel();
    if (remaining == 0) throw silk::timeout_error();
  }
  std::rethrow_exception(stop);
}

ROW(task, uncancel_structured_block) {
  run([]() -> silk::task<> {
    const std::string too_long = co_await ending(at_most(1s, never_ends()));
    EXPECT_EQ(too_long, "timeout");
    EXPECT_EQ(elapsed(), 1s);
    const unsigned after_too_long = co_await silk::this_task::cancelling();
    EXPECT_EQ(after_too_long, 0u);
    co_await at_rest();

    const std::string in_time = co_await ending(at_most(1s, at_rest()));
    EXPECT_EQ(in_time, "value");
    const unsigned after_in_time = co_await silk::this_task::cancelling();
    EXPECT_EQ(after_in_time, 0u);
    co_await silk::sleep(2s);  // the timer would be due now

    // A cancel from elsewhere is not turned into a timeout.
    const auto other = silk::spawn(at_most(1s, never_ends()));
    co_await at_rest();
    other.cancel("enough");
    const std::string end = co_await ending(other);
    EXPECT_EQ(end, "cancelled: enough");
  });
}

// What holds instead of task.uncancel_drops_undelivered_cancel.
TEST(deviation, a_task_drops_its_own_undelivered_cancel) {
  for (const unsigned workers : {1u, 2u, 8u}) {
    silk::run(
        []() -> silk::task<> {
          silk::promise<int> promise;
          const auto handle = silk::spawn([&]() -> silk::task<int> {
            EXPECT_TRUE(silk::current_task().cancel());
            const unsigned remaining = co_await silk::this_task::uncancel();
            EXPECT_EQ(remaining, 0u);
            co_return co_await promise.get_future();
          });
          co_await at_rest();
          EXPECT_FALSE(handle.done());
          promise.set_value(7);
          const int value = co_await handle;
          EXPECT_EQ(value, 7);
        },
        {.workers = workers, .time = silk::time_source::virtual_time});
  }
}

}  // namespace
