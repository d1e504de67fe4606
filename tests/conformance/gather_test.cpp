// Rows of the area `gather`, about results and failures. asyncio's gather makes a future; silk's is an
// await, so where a row speaks of the future, a task that awaits the gather stands for it.
// Cancelling a gather: gather_cancel_test.cpp.
#include "row.hpp"

#include <atomic>
#include <concepts>
#include <coroutine>
#include <memory>
#include <vector>

namespace {

using namespace silk_conformance;

silk::task<int> gives(int value) { co_return value; }
silk::task<int> fails_with_after(silk::duration d, std::exception_ptr error) {
  co_await silk::sleep(d);
  std::rethrow_exception(error);
  co_return 0;
}
std::exception_ptr make_error(const std::string& what) {
  return std::make_exception_ptr(failure_e(what));
}

ROW(gather, callback_once) {
  run([]() -> silk::task<> {
    silk::promise<int> first, second;
    const auto future_of_first = first.get_future();
    const auto future_of_second = second.get_future();
    const auto all = silk::spawn(
        [&]() -> silk::task<> { co_await silk::gather(future_of_first, future_of_second); });
    std::atomic<int> called{0};
    all.add_done_callback([&](const silk::future<>&) { ++called; });
    co_await at_rest();
    second.set_value(2);
    co_await at_rest();
    EXPECT_EQ(called, 0);
    first.set_value(1);
    co_await at_rest();
    EXPECT_EQ(called, 1);
    EXPECT_TRUE(all.done());
  });
}

ROW(gather, return_exceptions_all_ok) {
  run([]() -> silk::task<> {
    const auto one = silk::spawn(gives_after(2s, 1));
    const auto two = silk::spawn(gives_after(1s, 2));
    const auto plain = co_await silk::gather(one, two);
    const auto settled = co_await silk::gather_settled(one, two);
    EXPECT_EQ(std::get<0>(settled).value(), std::get<0>(plain));
    EXPECT_EQ(std::get<1>(settled).value(), std::get<1>(plain));
    EXPECT_EQ(plain, std::tuple(1, 2));
    const auto of_tasks = co_await silk::gather_settled(gives_after(2s, 3), gives_after(1s, 4));
    EXPECT_EQ(std::get<0>(of_tasks).value(), 3);
    EXPECT_EQ(std::get<1>(of_tasks).value(), 4);
    EXPECT_EQ(elapsed(), 4s);
  });
}

ROW(gather, first_exception_propagates) {
  run([]() -> silk::task<> {
    const std::exception_ptr error = make_error("E");
    const auto slow = silk::spawn(gives_after(10s, 1));
    const auto failing = silk::spawn(fails_with_after(1s, error));
    const auto later = silk::spawn(fails_with_after(2s, make_error("later")));
    std::exception_ptr seen;
    try {
      co_await silk::gather(slow, failing, later);
    } catch (const failure_e&) {
      seen = std::current_exception();
    }
    EXPECT_EQ(seen, error);
    EXPECT_EQ(elapsed(), 1s);
    EXPECT_FALSE(slow.done());
    EXPECT_FALSE(later.done());
    static_cast<void>(co_await silk::gather_settled(slow, later));
  });
}

ROW(gather, siblings_survive_exception) {
  run([]() -> silk::task<> {
    const std::exception_ptr error = make_error("E");
    const auto failing = silk::spawn(fails_with_after(1s, error));
    const auto gives_a_value = silk::spawn(gives_after(2s, 7));
    const auto is_cancelled = silk::spawn(gives_after(10s, 8));
    const auto fails_later = silk::spawn(fails_with_after(2s, make_error("later")));
    const auto all = silk::spawn([&]() -> silk::task<> {
      co_await silk::gather(failing, gives_a_value, is_cancelled, fails_later);
    });
    const std::string end = co_await ending(all);
    EXPECT_EQ(end, "E");
    EXPECT_EQ(elapsed(), 1s);
    EXPECT_EQ(gives_a_value.cancelling(), 0u);
    EXPECT_EQ(is_cancelled.cancelling(), 0u);
    EXPECT_EQ(fails_later.cancelling(), 0u);
    is_cancelled.cancel();
    const auto ends = co_await silk::gather_settled(gives_a_value, is_cancelled, fails_later);
    EXPECT_EQ(std::get<0>(ends).value(), 7);
    EXPECT_TRUE(std::get<1>(ends).is_cancelled());
    EXPECT_EQ(told_of(std::get<2>(ends).exception()), "later");
    EXPECT_EQ(all.exception(), error);
  });
}

// What holds instead of gather.child_cancel_becomes_exception.
TEST(deviation, a_cancelled_child_is_thrown_by_gather_and_cancels_nobody) {
  for (const unsigned workers : {1u, 2u, 8u}) {
    silk::run(
        []() -> silk::task<> {
          const auto stopped = silk::spawn(never_ends());
          const auto sibling = silk::spawn(gives_after(10s, 7));
          const auto all =
              silk::spawn([&]() -> silk::task<> { co_await silk::gather(stopped, sibling); });
          co_await at_rest();
          stopped.cancel("enough");
          const std::string end = co_await ending(all);
          EXPECT_EQ(end, "cancelled: enough");
          EXPECT_EQ(all.cancelling(), 0u);  // so it was not the gather that was cancelled
          EXPECT_FALSE(sibling.done());
          EXPECT_EQ(sibling.cancelling(), 0u);
          const int value = co_await sibling;
          EXPECT_EQ(value, 7);
        },
        {.workers = workers, .time = silk::time_source::virtual_time});
  }
}

ROW(gather, return_exceptions_child_cancel) {
  run([]() -> silk::task<> {
    std::vector<silk::join_handle<int>> six;
    for (int i = 0; i < 6; ++i) six.push_back(silk::spawn(gives_after((i + 1) * 1s, i)));
    const auto all = silk::spawn([&]() -> silk::task<std::vector<silk::settled<int>>> {
      co_return co_await silk::gather_settled(six);
    });
    co_await at_rest();
    six[1].cancel("one");
    six[5].cancel("five");
    const auto& ends = co_await all;
    EXPECT_EQ(elapsed(), 5s);
    EXPECT_EQ(ends.size(), 6u);
    for (int i = 0; i < 6; ++i) {
      const auto& end = ends[static_cast<std::size_t>(i)];
      EXPECT_EQ(end.is_cancelled(), i == 1 || i == 5);
      if (end.has_value()) {
        EXPECT_EQ(end.value(), i);
      }
    }
    EXPECT_EQ(told_of(ends[1].exception()), "cancelled: one");
    EXPECT_EQ(told_of(ends[5].exception()), "cancelled: five");
  });
}

// A ready value instead of a failure.
ROW(gather, empty_without_scheduler) {
  auto of_nothing = silk::gather();
  EXPECT_TRUE(of_nothing.await_ready());
  of_nothing.await_resume();
  auto of_an_empty_range = silk::gather(std::vector<silk::task<int>>());
  EXPECT_TRUE(of_an_empty_range.await_ready());
  EXPECT_TRUE(of_an_empty_range.await_resume().empty());
}

// They are welcome: a future belongs to no runtime.
ROW(gather, mixed_schedulers_rejected) {
  silk::runtime first(options());
  silk::runtime second(options());
  silk::promise<int> promise;
  const auto gives_promised = [&]() -> silk::task<int> { co_return co_await promise.get_future(); };
  const auto in_first = first.spawn(gives_promised);
  const auto in_second = second.spawn(gives_promised);
  const auto all = first.spawn([&]() -> silk::task<int> {
    const auto [a, b] = co_await silk::gather(in_first, in_second);
    EXPECT_EQ(&silk::runtime::current(), &first);
    co_return a + b;
  });
  promise.set_value(7);
  EXPECT_EQ(first.block_on(silk::future<int>(all)), 14);
}

// It is bound to the runtime of the task that awaits it, as the children belong to none.
ROW(gather, adopts_children_scheduler) {
  silk::runtime home(options());
  silk::promise<int> promise;
  const auto gives_promised = [&]() -> silk::task<int> { co_return co_await promise.get_future(); };
  const auto one = home.spawn(gives_promised);
  const auto two = home.spawn(gives_promised);
  run([&]() -> silk::task<> {
    silk::runtime* const here = &silk::runtime::current();
    const auto gather_both = [&]() -> silk::task<int> {
      const auto [a, b] = co_await silk::gather(one, two);
      EXPECT_EQ(&silk::runtime::current(), here);
      co_return a + b;
    };
    const auto first = silk::spawn(gather_both);
    const auto again = silk::spawn(gather_both);
    co_await turns();
    promise.set_value(7);
    const int sum = co_await first;
    const int same_sum = co_await again;
    EXPECT_EQ(sum, 14);
    EXPECT_EQ(same_sum, 14);
  });
}

template <class Awaiter>
concept can_suspend_anything =
    requires(Awaiter& awaiter, std::coroutine_handle<> foreign) { awaiter.await_suspend(foreign); };

// What holds instead of gather.coroutines_need_scheduler.
TEST(deviation, a_gather_outside_of_tasks_starts_nothing) {
  bool ran = false;
  const auto token = std::make_shared<int>(0);
  const auto child = [](bool& ran_here, std::shared_ptr<int> kept) -> silk::task<> {
    ran_here = kept != nullptr;
    co_return;
  };
  {
    auto all = silk::gather(child(ran, token), child(ran, token));
    // Only a task of a runtime can wait for it.
    static_assert(!can_suspend_anything<decltype(all)>);
  }
  EXPECT_FALSE(ran);
  EXPECT_EQ(token.use_count(), 1);
}

ROW(gather, coroutines_use_running_scheduler) {
  run([]() -> silk::task<> {
    silk::runtime* const here = &silk::runtime::current();
    const auto child = [&](silk::duration d) -> silk::task<silk::runtime*> {
      co_await silk::sleep(d);
      co_return &silk::runtime::current();
    };
    const auto [one, two] = co_await silk::gather(child(1s), child(2s));
    EXPECT_EQ(one, here);
    EXPECT_EQ(two, here);
    EXPECT_EQ(&silk::runtime::current(), here);
    EXPECT_EQ(elapsed(), 2s);
  });
}

ROW(gather, duplicates_share_one_child) {
  run([]() -> silk::task<> {
    std::atomic<int> runs{0};
    const auto handle = silk::spawn([&]() -> silk::task<int> {
      ++runs;
      co_await at_rest();
      co_return 7;
    });
    const auto other = silk::spawn(gives(8));
    const auto all = co_await silk::gather(handle, other, handle, handle);
    EXPECT_EQ(all, std::tuple(7, 8, 7, 7));
    const std::vector twice{handle, handle};
    const auto range = co_await silk::gather(twice);
    EXPECT_EQ(range, (std::vector{7, 7}));
    EXPECT_EQ(runs, 1);
  });
}

ROW(gather, invalid_argument_leaves_no_dangling) {
  std::atomic<int> reports{0};
  silk::runtime_options with_handler = options();
  with_handler.on_failure = [&](const silk::failure&) { ++reports; };
  silk::run(
      []() -> silk::task<> {
        const auto one = silk::spawn(gives_after(1s, 1));
        const auto two = silk::spawn(gives_after(2s, 2));
        const silk::future<int> nothing;  // a gather cannot be made of it
        EXPECT_EQ(told([&] { static_cast<void>(silk::gather(one, two, nothing)); }), "usage");
        EXPECT_EQ(told([&] {
                    static_cast<void>(
                        silk::gather_settled(std::vector<silk::future<int>>{one, two, nothing}));
                  }),
                  "usage");
        EXPECT_EQ(one.waiting(), 0u);
        EXPECT_EQ(two.waiting(), 0u);
        const int first = co_await one;
        const int second = co_await two;
        EXPECT_EQ(first + second, 3);
      },
      std::move(with_handler));
  EXPECT_EQ(reports, 0);
}

ROW(gather, all_done_completes_at_once) {
  run([]() -> silk::task<> {
    const auto one = silk::spawn({.start = silk::start::eager}, gives(1));
    const auto two = silk::spawn({.start = silk::start::eager}, gives(2));
    const auto both = [&]() -> silk::task<int> {
      const auto [a, b] = co_await silk::gather(one, two);
      co_return a + b;
    };
    // An eager task that never suspends is done when spawn returns.
    const auto all = silk::spawn({.start = silk::start::eager}, both);
    EXPECT_TRUE(all.done());
    EXPECT_EQ(all.result(), 3);
    co_return;
  });
}

}  // namespace
