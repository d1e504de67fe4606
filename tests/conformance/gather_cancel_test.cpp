// Rows of the area `gather`, about cancelling it: a cancel of the task that awaits it.
#include "row.hpp"

#include <atomic>
#include <vector>

namespace {

using namespace silk_conformance;

// Is cancelled, and takes `d` to clean up.
silk::task<> cleans_up_for(silk::duration d, std::atomic<int>& cleaned) {
  std::exception_ptr stop;
  try {
    co_await never_ends();
  } catch (const silk::cancelled&) {
    stop = std::current_exception();
  }
  if (stop == nullptr) co_return;
  co_await silk::sleep(d);
  ++cleaned;
  std::rethrow_exception(stop);
}

silk::task<int> swallows_the_cancel(int value) {
  try {
    co_await never_ends();
  } catch (const silk::cancelled&) {
  }
  co_return value;
}

ROW(gather, cancel_broadcasts) {
  run([]() -> silk::task<> {
    const silk::promise<> one, two;
    const auto future_of_one = one.get_future();
    const auto future_of_two = two.get_future();
    std::atomic<int> went_on{0};
    const auto child = [&](silk::future<> awaited) -> silk::task<> {
      co_await awaited;
      ++went_on;
    };
    // Of handles.
    const auto first = silk::spawn(child(future_of_one));
    const auto second = silk::spawn(child(future_of_two));
    const auto of_handles = silk::spawn([&]() -> silk::task<> {
      co_await silk::gather(first, second);
      ++went_on;
    });
    co_await at_rest();
    EXPECT_TRUE(of_handles.cancel("enough"));
    EXPECT_TRUE(future_of_one.is_cancelled());
    EXPECT_TRUE(future_of_two.is_cancelled());
    const std::string end = co_await ending(of_handles);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_FALSE(of_handles.cancel("again"));
    co_await at_rest();
    EXPECT_TRUE(first.is_cancelled());
    EXPECT_TRUE(second.is_cancelled());

    // Of tasks.
    const silk::promise<> three, four;
    const auto of_tasks = silk::spawn([&]() -> silk::task<> {
      co_await silk::gather(child(three.get_future()), child(four.get_future()));
      ++went_on;
    });
    co_await at_rest();
    EXPECT_TRUE(of_tasks.cancel("enough"));
    EXPECT_TRUE(three.get_future().is_cancelled());
    EXPECT_TRUE(four.get_future().is_cancelled());
    const std::string end_of_tasks = co_await ending(of_tasks);
    EXPECT_EQ(end_of_tasks, "cancelled: enough");
    EXPECT_FALSE(of_tasks.cancel("again"));
    EXPECT_EQ(went_on, 0);
  });
}

ROW(gather, cancel_refused_when_children_done) {
  run([&]() -> silk::task<> {
    for (int i = 0; i < 20; ++i) {
      silk::promise<int> one, two;
      const auto all = silk::spawn([&]() -> silk::task<int> {
        const auto [a, b] = co_await silk::gather(one.get_future(), two.get_future());
        co_return a + b;
      });
      co_await at_rest();
      one.set_value(1);
      two.set_value(2);
      const bool accepted = all.cancel("enough");
      const std::string end = co_await ending(all);
      EXPECT_EQ(end, accepted ? "cancelled: enough" : "value");
      EXPECT_EQ(all.is_cancelled(), accepted);
      if (!accepted) {
        EXPECT_EQ(all.result(), 3);
      }
      EXPECT_FALSE(all.cancel("again"));  // its completion has been delivered
      EXPECT_EQ(all.is_cancelled(), accepted);
    }
  });
}

ROW(gather, cancel_not_hidden_by_return_exceptions) {
  run([]() -> silk::task<> {
    const auto one = silk::spawn(never_ends());
    const auto two = silk::spawn(never_ends());
    std::string thrown = "value";
    const auto of_handles = silk::spawn([&]() -> silk::task<> {
      try {
        static_cast<void>(co_await silk::gather_settled(one, two));
      } catch (const silk::cancelled& stop) {
        thrown = stop.reason();
      }
    });
    co_await at_rest();
    of_handles.cancel("enough");
    co_await of_handles;
    EXPECT_EQ(thrown, "enough");

    const auto of_tasks = silk::spawn([]() -> silk::task<> {
      static_cast<void>(co_await silk::gather_settled(never_ends(), never_ends()));
    });
    co_await at_rest();
    of_tasks.cancel("enough");
    const std::string end = co_await ending(of_tasks);
    EXPECT_EQ(end, "cancelled: enough");
  });
}

// docs/cancellation.md: w7a
ROW(gather, cancel_with_return_exceptions_waits) {
  run([]() -> silk::task<> {
    std::atomic<int> cleaned{0};
    const auto short_one = silk::spawn(cleans_up_for(1s, cleaned));
    const auto long_one = silk::spawn(cleans_up_for(5s, cleaned));
    const auto all = silk::spawn([&]() -> silk::task<> {
      static_cast<void>(co_await silk::gather_settled(short_one, long_one));
    });
    co_await at_rest();
    all.cancel("enough");
    const std::string end = co_await ending(all);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(cleaned, 2);
    EXPECT_TRUE(short_one.done());
    EXPECT_TRUE(long_one.done());
    EXPECT_EQ(elapsed(), 5s + 1ms);
  });
}

// docs/cancellation.md: w7a
ROW(gather, cancel_completes_on_first_child) {
  run([]() -> silk::task<> {
    std::atomic<int> cleaned{0};
    const auto slow = silk::spawn(cleans_up_for(5s, cleaned));
    const auto quick = silk::spawn(cleans_up_for(1s, cleaned));
    const auto all = silk::spawn([&]() -> silk::task<> { co_await silk::gather(slow, quick); });
    co_await at_rest();
    all.cancel("enough");
    const std::string end = co_await ending(all);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(elapsed(), 1s + 1ms);
    EXPECT_TRUE(quick.done());
    EXPECT_FALSE(slow.done());
    static_cast<void>(co_await ending(slow));
    EXPECT_EQ(cleaned, 2);
  });
}

// docs/cancellation.md: w7a w8a
ROW(gather, cancel_even_if_children_swallow) {
  run([]() -> silk::task<> {
    const auto one = silk::spawn(swallows_the_cancel(1));
    const auto two = silk::spawn(swallows_the_cancel(2));
    const auto of_handles = silk::spawn([&]() -> silk::task<> { co_await silk::gather(one, two); });
    const auto of_tasks = silk::spawn([]() -> silk::task<> {
      co_await silk::gather(swallows_the_cancel(3), swallows_the_cancel(4));
    });
    co_await at_rest();
    of_handles.cancel("enough");
    of_tasks.cancel("enough");
    const std::string end = co_await ending(of_handles);
    const std::string end_of_tasks = co_await ending(of_tasks);
    EXPECT_EQ(end, "cancelled: enough");
    EXPECT_EQ(end_of_tasks, "cancelled: enough");
    EXPECT_EQ(one.result(), 1);
    EXPECT_EQ(two.result(), 2);
  });
}

ROW(gather, cancel_after_failure_is_noop) {
  run([]() -> silk::task<> {
    const auto failing = silk::spawn([]() -> silk::task<> {
      throw failure_e();
      co_return;
    });
    silk::promise<int> promise;
    const auto sibling =
        silk::spawn([&]() -> silk::task<int> { co_return co_await promise.get_future(); });
    const auto all =
        silk::spawn([&]() -> silk::task<> { co_await silk::gather(failing, sibling); });
    const std::string end = co_await ending(all);
    EXPECT_EQ(end, "E");
    EXPECT_FALSE(all.cancel("too late"));
    co_await at_rest();
    EXPECT_FALSE(sibling.done());
    EXPECT_EQ(sibling.cancelling(), 0u);
    promise.set_value(7);
    const int value = co_await sibling;
    EXPECT_EQ(value, 7);
    const std::string same_end = co_await ending(all);
    EXPECT_EQ(same_end, "E");
  });
}

}  // namespace
