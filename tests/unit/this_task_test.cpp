#include "at_workers.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;

class this_task : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(this_task);

silk::task<std::string> my_name() { co_return co_await silk::this_task::name(); }

TEST_P(this_task, has_the_name_it_was_spawned_with) {
  run([]() -> silk::task<> {
    auto handle = silk::spawn(silk::spawn_options{.name = "Ann"}, my_name());
    EXPECT_EQ(handle.name(), "Ann");
    const std::string name = co_await handle;
    EXPECT_EQ(name, "Ann");
  });
}

TEST_P(this_task, sees_a_new_name_that_it_was_given) {
  run([]() -> silk::task<> {
    auto handle = silk::spawn(silk::spawn_options{.name = "Ann"}, []() -> silk::task<std::string> {
      co_await silk::sleep(1s);
      co_return co_await silk::this_task::name();
    });
    handle.set_name("Bob");
    const std::string name = co_await handle;
    EXPECT_EQ(name, "Bob");
  });
}

TEST_P(this_task, has_a_name_of_its_own_when_none_was_given) {
  run([]() -> silk::task<> {
    std::vector<silk::join_handle<std::string>> handles;
    for (int i = 0; i < 3000; ++i) handles.push_back(silk::spawn(my_name()));
    std::set<std::string> names;
    for (auto& handle : handles) {
      const std::string name = co_await handle;
      EXPECT_FALSE(name.empty());
      EXPECT_EQ(name, handle.name());
      names.insert(name);
    }
    EXPECT_EQ(names.size(), handles.size());
  });
}

TEST_P(this_task, is_the_spawned_task_however_deep_the_question_is_asked) {
  run([]() -> silk::task<> {
    const auto asks_everywhere = []() -> silk::task<> {
      const std::string called = co_await my_name();
      EXPECT_EQ(called, "Ann");
      const auto [first, second] = co_await silk::gather(my_name(), my_name());
      EXPECT_EQ(first, "Ann");
      EXPECT_EQ(second, "Ann");
      const std::string limited = co_await silk::with_timeout(1s, my_name());
      EXPECT_EQ(limited, "Ann");
      const std::string grouped = co_await silk::with_task_group(
          [](silk::task_group&) -> silk::task<std::string> { return my_name(); });
      EXPECT_EQ(grouped, "Ann");
      const std::string other = co_await silk::spawn(my_name());
      EXPECT_NE(other, "Ann");
    };
    co_await silk::spawn(silk::spawn_options{.name = "Ann"}, asks_everywhere);
  });
}

TEST_P(this_task, counts_the_requests_to_cancel) {
  run([]() -> silk::task<> {
    auto handle = silk::spawn([]() -> silk::task<> {
      const unsigned before = co_await silk::this_task::cancelling();
      EXPECT_EQ(before, 0u);
      const std::string first = co_await ending(asleep());
      EXPECT_EQ(first, "cancelled");
      const unsigned one = co_await silk::this_task::cancelling();
      EXPECT_EQ(one, 1u);
      const std::string second = co_await ending(asleep());
      EXPECT_EQ(second, "cancelled");
      const unsigned two = co_await silk::this_task::cancelling();
      EXPECT_EQ(two, 2u);
      const unsigned left = co_await silk::this_task::uncancel();
      EXPECT_EQ(left, 1u);
      const unsigned none = co_await silk::this_task::uncancel();
      EXPECT_EQ(none, 0u);
      const unsigned still_none = co_await silk::this_task::uncancel();
      EXPECT_EQ(still_none, 0u);
      co_await silk::sleep(1s);  // not interrupted
    });
    co_await silk::sleep(1s);
    handle.cancel();
    co_await silk::sleep(1s);
    EXPECT_EQ(handle.cancelling(), 1u);
    handle.cancel();
    co_await handle;
    EXPECT_EQ(handle.cancelling(), 0u);
    EXPECT_FALSE(handle.is_cancelled());
    EXPECT_EQ(silk::now().time_since_epoch(), 3s);
  });
}

TEST_P(this_task, questions_are_no_suspension) {
  run([]() -> silk::task<> {
    silk::join_handle<void> handle;
    handle = silk::spawn([&handle]() -> silk::task<> {
      co_await silk::sleep(1s);
      handle.cancel();
      const unsigned cancelling = co_await silk::this_task::cancelling();  // does not throw
      EXPECT_EQ(cancelling, 1u);
      const std::string name = co_await silk::this_task::name();
      EXPECT_FALSE(name.empty());
      const unsigned left = co_await silk::this_task::uncancel();
      EXPECT_EQ(left, 0u);
      co_await silk::sleep(1s);  // what was pending has been taken back
    });
    const std::string how = co_await ending(handle);
    EXPECT_EQ(how, "value");
    EXPECT_EQ(silk::now().time_since_epoch(), 2s);
  });
}

TEST_P(this_task, uncancel_keeps_a_request_that_is_still_due) {
  run([]() -> silk::task<> {
    silk::join_handle<void> handle;
    handle = silk::spawn([&handle]() -> silk::task<> {
      co_await silk::sleep(1s);
      handle.cancel();
      handle.cancel();
      const unsigned left = co_await silk::this_task::uncancel();
      EXPECT_EQ(left, 1u);
      co_await asleep();
    });
    const std::string how = co_await ending(handle);
    EXPECT_EQ(how, "cancelled");
    EXPECT_EQ(silk::now().time_since_epoch(), 1s);
  });
}

// Cancels that come from many threads are all counted.
TEST_P(this_task, counts_requests_from_many_tasks) {
  run([]() -> silk::task<> {
    auto handle = silk::spawn([]() -> silk::task<unsigned> {
      for (int i = 0; i < 8 * 50; ++i) {
        const std::string how = co_await ending(asleep(10s));
        if (how == "value") break;
      }
      co_return co_await silk::this_task::cancelling();
    });
    co_await silk::sleep(1s);
    const auto cancels = [&]() -> silk::task<> {
      for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(handle.cancel());
        co_await silk::yield();
      }
    };
    std::vector<silk::task<>> all;
    for (int i = 0; i < 8; ++i) all.push_back(cancels());
    co_await silk::gather(std::move(all));
    const unsigned count = co_await handle;
    EXPECT_EQ(count, 400u);
  });
}

}  // namespace
