// Rows of the area `exception_handler`: the handler of a loop is runtime_options::on_failure.
#include "row.hpp"

#include <atomic>
#include <latch>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace {

using namespace silk_conformance;

silk::task<> fails(std::string what = "E") {
  co_await silk::yield();
  throw failure_e(what);
}

// A handler that keeps what it was told: "name: error", from any thread.
class error_log {
 public:
  silk::runtime_options with(silk::runtime_options options) {
    options.on_failure = [this](const silk::failure& what) {
      const std::lock_guard hold(lock_);
      told_.push_back(std::string(what.task_name) + ": " + told_of(what.error));
    };
    return options;
  }
  std::vector<std::string> told() const {
    const std::lock_guard hold(lock_);
    return told_;
  }

 private:
  mutable std::mutex lock_;
  std::vector<std::string> told_;
};

using names_and_errors = std::vector<std::string>;

std::string stderr_of(auto&& action) {
  testing::internal::CaptureStderr();
  action();
  return testing::internal::GetCapturedStderr();
}

// How often `part` is in `text`.
std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

ROW(exception_handler, default_logs_unretrieved_task_error) {
  const std::string text = stderr_of([&] {
    run([]() -> silk::task<> {
      auto handle = silk::spawn({.name = "Ann"}, fails());
      auto other = handle;
      co_await at_rest();
      EXPECT_TRUE(handle.done());
      handle = {};
      co_await at_rest();
      std::fputs("one handle is left\n", stderr);
      other = {};
      std::fputs("no handle is left\n", stderr);
    });
  });
  const auto before = text.find("one handle is left"), after = text.find("no handle is left");
  const auto report = text.find("nobody retrieved the failure of task 'Ann'");
  EXPECT_LT(before, report) << text;
  EXPECT_LT(report, after) << text;
  EXPECT_EQ(count_of(text, "nobody retrieved"), 1u) << text;
  EXPECT_NE(text.find(": E\n"), std::string::npos) << text;
}

ROW(exception_handler, future_unretrieved_reported_once) {
  error_log heard;
  silk::run(
      [&]() -> silk::task<> {
        silk::future<int> first, second;
        {
          silk::promise<int> promise;
          first = promise.get_future();
          second = first;
          promise.set_exception(std::make_exception_ptr(failure_e("lost")));
        }
        first = {};
        co_await at_rest();
        EXPECT_EQ(heard.told(), names_and_errors{});
        second = {};
        EXPECT_EQ(heard.told(), names_and_errors{": lost"});
      },
      heard.with(options()));
  EXPECT_EQ(heard.told(), names_and_errors{": lost"});
}

ROW(exception_handler, future_exception_retrieved_silent) {
  error_log heard;
  silk::run(
      []() -> silk::task<> {
        const auto failed = [] {
          silk::promise<int> promise;
          promise.set_exception(std::make_exception_ptr(failure_e()));
          return promise.get_future();
        };
        EXPECT_EQ(told_of(failed().exception()), "E");
        EXPECT_THROW(failed().result(), failure_e);
        co_return;
      },
      heard.with(options()));
  EXPECT_EQ(heard.told(), names_and_errors{});
}

ROW(exception_handler, future_abandoned_pending_silent) {
  error_log heard;
  std::string awaiter_got;
  silk::run(
      [&]() -> silk::task<> {
        std::optional<silk::promise<int>> unset(std::in_place);
        unset->get_future();  // and it is gone
        const auto awaiter = silk::spawn(ending<silk::future<int>>, unset->get_future());
        co_await at_rest();
        unset.reset();  // nobody is left waiting for ever
        awaiter_got = co_await awaiter;
        silk::promise<int>().get_future();
      },
      heard.with(options()));
  EXPECT_EQ(heard.told(), names_and_errors{});
  EXPECT_EQ(awaiter_got, silk::broken_promise().what());
}

ROW(exception_handler, future_result_silent) {
  error_log heard;
  silk::run(
      []() -> silk::task<> {
        silk::promise<int> read, unread;
        read.set_value(1);
        unread.set_value(2);
        EXPECT_EQ(read.get_future().result(), 1);
        co_return;
      },
      heard.with(options()));
  EXPECT_EQ(heard.told(), names_and_errors{});
}

ROW(exception_handler, cancel_marks_retrieved) {
  error_log heard;
  silk::run(
      []() -> silk::task<> {
        silk::promise<int> promise;
        promise.set_exception(std::make_exception_ptr(failure_e()));
        EXPECT_FALSE(promise.get_future().cancel());
        const auto task = silk::spawn(fails());
        const auto by_ref = silk::spawn(fails());
        co_await at_rest();
        EXPECT_TRUE(task.done() && by_ref.done());
        EXPECT_FALSE(task.cancel());
        EXPECT_FALSE(silk::task_ref(by_ref).cancel());
      },
      heard.with(options()));
  EXPECT_EQ(heard.told(), names_and_errors{});
}

// No task is destroyed while it is pending: a runtime cancels what is left and waits for it, so there
// is nothing to report. One that swallows the cancel keeps the runtime, and shutdown says so.
TEST(exception_handler, no_task_is_destroyed_pending) {
  for (const unsigned workers : {1u, 2u, 8u}) {
    error_log heard;
    std::vector<silk::join_handle<>> handles;
    {
      silk::runtime runtime(
          heard.with({.workers = workers, .time = silk::time_source::virtual_time}));
      silk::promise<> let_go;
      std::latch running{1};
      handles.push_back(runtime.spawn([&]() -> silk::task<> {
        running.count_down();
        for (bool free = false; !free;) {
          try {
            co_await silk::shield(let_go.get_future());
            free = true;
          } catch (const silk::cancelled&) {
          }
        }
      }));
      for (int i = 0; i < 10; ++i) {
        handles.push_back(runtime.spawn([]() -> silk::task<> {
          silk::promise<> never;
          co_await never.get_future();
        }));
      }
      running.wait();
      EXPECT_FALSE(runtime.shutdown(1ms));
      EXPECT_FALSE(handles.front().done());
      EXPECT_GE(runtime.all_tasks().size(), 1u);
      let_go.set_value();
      EXPECT_TRUE(runtime.shutdown());
      EXPECT_EQ(runtime.all_tasks().size(), 0u);
    }
    for (const auto& handle : handles) EXPECT_TRUE(handle.done());
    EXPECT_EQ(heard.told(), names_and_errors{});
  }
}

// The default handler cannot be replaced, and does not throw; a handler of the user's may.
ROW(exception_handler, throwing_default_handler) {
  static_assert(noexcept(silk::print_failure(std::declval<const silk::failure&>())));
  auto chosen = options();
  chosen.on_failure = [](const silk::failure&) { throw failure_e("in the handler"); };
  std::atomic<int> calls = 0;
  const std::string text = stderr_of([&] {
    silk::run(
        [&]() -> silk::task<> {
          silk::spawn({.name = "Ann"}, fails("lost"));
          co_await at_rest();
          silk::runtime::current().post([] { throw failure_e("posted"); });
          silk::runtime::current().post([&] { ++calls; });
          co_await at_rest();
          const int answer = co_await silk::spawn([]() -> silk::task<int> { co_return 42; });
          EXPECT_EQ(answer, 42);
        },
        chosen);
  });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(count_of(text, "the failure handler has thrown: in the handler"), 2u) << text;
  EXPECT_EQ(count_of(text, "task 'Ann'"), 1u) << text;
  EXPECT_EQ(count_of(text, ": lost\n"), 1u) << text;
  EXPECT_EQ(count_of(text, ": posted\n"), 1u) << text;
}

ROW(exception_handler, set_get_custom) {
  struct told {
    std::string message, error;
    unsigned line = 0;
    silk::callback_handle callback;
  };
  std::vector<told> heard;
  const auto keeps = [&](const silk::failure& what) {
    heard.push_back(
        {std::string(what.message), told_of(what.error), what.spawned_at.line(), what.callback});
  };
  silk::runtime runtime(options());
  EXPECT_FALSE(runtime.failure_handler());
  runtime.set_failure_handler(keeps);
  EXPECT_TRUE(runtime.failure_handler());

  runtime.block_on([&]() -> silk::task<> {
    const unsigned line = std::source_location::current().line() + 1;
    const auto handle = runtime.post([] { throw failure_e(); });
    co_await at_rest();
    EXPECT_EQ(heard.size(), 1u);
    if (heard.empty()) co_return;
    EXPECT_NE(heard[0].message, "");
    EXPECT_EQ(heard[0].error, "E");
    EXPECT_EQ(heard[0].line, line);
    EXPECT_EQ(heard[0].callback, handle);
  });
  const silk::failure_handler read_back = runtime.failure_handler();
  read_back({.error = std::make_exception_ptr(failure_e("by hand"))});
  EXPECT_EQ(heard.size(), 2u);

  runtime.set_failure_handler({});
  EXPECT_FALSE(runtime.failure_handler());
  const std::string text = stderr_of([&] {
    runtime.block_on([&]() -> silk::task<> {
      runtime.post([] { throw failure_e("printed"); });
      co_await at_rest();
    });
  });
  EXPECT_EQ(count_of(text, ": printed\n"), 1u) << text;
  EXPECT_EQ(heard.size(), 2u);
}

// A callback has no name but the place where it was handed over.
ROW(exception_handler, handle_error_report_fields) {
  unsigned line = 0;
  silk::callback_handle handle;
  const auto program = [&](silk::runtime& runtime) -> silk::task<> {
    line = std::source_location::current().line() + 1;
    handle = runtime.call_after(1s, [] { throw failure_e("in a callback"); });
    co_await silk::sleep(2s);
  };
  std::vector<silk::failure> heard;
  auto chosen = options();
  chosen.on_failure = [&](const silk::failure& what) { heard.push_back(what); };
  silk::runtime runtime(chosen);
  runtime.block_on(program, std::ref(runtime));
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(told_of(heard[0].error), "in a callback");
  EXPECT_EQ(heard[0].callback, handle);
  EXPECT_EQ(heard[0].spawned_at.line(), line);
  EXPECT_EQ(heard[0].callback.posted_at().line(), line);
  EXPECT_EQ(heard[0].task_name, "");

  runtime.set_failure_handler({});
  const std::string text = stderr_of([&] { runtime.block_on(program, std::ref(runtime)); });
  EXPECT_NE(text.find("of a callback (posted at "), std::string::npos) << text;
  EXPECT_NE(text.find(":" + std::to_string(line) + "): in a callback\n"), std::string::npos)
      << text;
}

// It cannot happen: a group ends when all of its children have, so each failure is in what it throws.
ROW(exception_handler, group_child_after_parent_done) {
  error_log heard;
  silk::run(
      []() -> silk::task<> {
        for (int round = 0; round < 20; ++round) {
          std::atomic<int> thrown = 0;
          std::atomic<bool> parent_done = false;
          const auto fails_late = [&]() -> silk::task<> {
            bool stopped = false;
            try {
              co_await silk::sleep(1h);
            } catch (const silk::cancelled&) {
              stopped = true;
            }
            for (int i = 0; stopped && i < round; ++i) co_await silk::yield();
            EXPECT_FALSE(parent_done);
            ++thrown;
            throw failure_e();
          };
          std::size_t collected = 0;
          const auto parent = silk::spawn([&]() -> silk::task<> {
            try {
              co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
                for (int i = 0; i < 5; ++i) group.spawn(fails_late());
                co_await silk::sleep(1h);
              });
            } catch (const silk::exception_group& group) {
              collected = group.exceptions().size();
            }
            parent_done = true;
          });
          co_await at_rest();
          parent.cancel();
          co_await parent;
          EXPECT_EQ(collected, 5u);
          EXPECT_EQ(thrown, 5);
        }
      },
      heard.with(options()));
  EXPECT_EQ(heard.told(), names_and_errors{});
}

const silk::context_var<std::string> request("none");

// A handler that notes what it sees of the variable.
silk::runtime_options notes_request(silk::runtime_options options, std::atomic<int>& told,
                                    std::string& seen) {
  options.on_failure = [&](const silk::failure&) {
    seen = request.get();
    ++told;
  };
  return options;
}

ROW(exception_handler, runs_in_task_context) {
  std::atomic<int> told = 0;
  std::string seen;
  silk::run(
      []() -> silk::task<> {
        silk::spawn([]() -> silk::task<> {
          co_await request.set("the task's");
          throw failure_e();
        });
        co_await at_rest();
      },
      notes_request(options(), told, seen));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(seen, "the task's");
}

ROW(exception_handler, runs_in_callback_context) {
  std::atomic<int> told = 0;
  std::string seen;
  silk::run(
      []() -> silk::task<> {
        silk::runtime::current().post([] {
          request.set_here("the callback's");
          throw failure_e();
        });
        co_await at_rest();
      },
      notes_request(options(), told, seen));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(seen, "the callback's");
}

}  // namespace
