// Rows of the area `future`, about add_done_callback and remove_done_callback.
#include "row.hpp"

#include <atomic>
#include <mutex>
#include <vector>

namespace {

using namespace silk_conformance;

// What was called, in order; callbacks come from any worker.
class journal {
 public:
  void add(int entry) {
    const std::lock_guard hold(lock_);
    entries_.push_back(entry);
  }
  std::vector<int> entries() const {
    const std::lock_guard hold(lock_);
    return entries_;
  }

 private:
  mutable std::mutex lock_;
  std::vector<int> entries_;
};

ROW(future, callbacks_in_registration_order) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    const auto future = promise.get_future();
    journal calls;
    std::vector<int> expected;
    for (int i = 0; i < 100; ++i) {
      future.add_done_callback([&calls, i](const silk::future<int>&) { calls.add(i); });
      expected.push_back(i);
    }
    co_await at_rest();
    EXPECT_TRUE(calls.entries().empty());
    promise.set_value(7);
    co_await at_rest();
    EXPECT_EQ(calls.entries(), expected);
  });
}

ROW(future, callbacks_on_exception) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    const auto future = promise.get_future();
    const std::exception_ptr error = std::make_exception_ptr(failure_e());
    std::vector<std::exception_ptr> seen;
    future.add_done_callback(
        [&](const silk::future<int>& done) { seen.push_back(done.exception()); });
    promise.set_exception(error);
    co_await at_rest();
    EXPECT_EQ(seen, std::vector{error});
  });
}

ROW(future, callbacks_on_cancel) {
  run([]() -> silk::task<> {
    const silk::promise<int> promise;
    const auto future = promise.get_future();
    std::vector<bool> seen;
    future.add_done_callback(
        [&](const silk::future<int>& done) { seen.push_back(done.is_cancelled()); });
    future.cancel();
    co_await at_rest();
    EXPECT_EQ(seen, std::vector{true});
  });
}

ROW(future, callback_receives_future) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    const auto future = promise.get_future();
    std::vector<silk::future<int>> received;
    future.add_done_callback([&](silk::future<int> done) {
      EXPECT_TRUE(done.done());
      received.push_back(std::move(done));
    });
    promise.set_value(7);
    co_await at_rest();
    EXPECT_EQ(received, std::vector{future});
  });
}

// Whether the calling thread is in the call that adds a callback.
thread_local bool adding = false;

ROW(future, callback_added_after_done) {
  run([&]() -> silk::task<> {
    silk::promise<int> promise;
    const auto future = promise.get_future();
    promise.set_value(7);
    std::atomic<int> called{0};
    std::atomic<int> called_inside{0};
    const auto callback = [&](const silk::future<int>&) {
      ++called;
      if (adding) ++called_inside;
    };
    adding = true;
    future.add_done_callback(callback);
    adding = false;
    if (workers() == 1) {
      EXPECT_EQ(called, 0);
    }
    co_await at_rest();
    EXPECT_EQ(called, 1);
    EXPECT_EQ(called_inside, 0);

    // Added while it is being completed: called once.
    for (int i = 0; i < 50; ++i) {
      called = 0;
      silk::promise<int> racing;
      const auto setter = silk::spawn([&]() -> silk::task<> {
        racing.set_value(7);
        co_return;
      });
      racing.get_future().add_done_callback(callback);
      co_await setter;
      co_await at_rest();
      EXPECT_EQ(called, 1);
    }
  });
}

ROW(future, remove_callback_counts) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    const auto future = promise.get_future();
    std::atomic<int> called{0};
    const auto callback = [&](const silk::future<int>&) { ++called; };
    std::vector<silk::callback_token> tokens;
    for (int i = 0; i < 6; ++i) tokens.push_back(future.add_done_callback(callback));
    int removed = 0;
    for (const silk::callback_token token : tokens) removed += future.remove_done_callback(token);
    EXPECT_EQ(removed, 6);
    EXPECT_FALSE(future.remove_done_callback(silk::callback_token()));  // never added
    for (const silk::callback_token token : tokens) {
      EXPECT_FALSE(future.remove_done_callback(token));
    }
    EXPECT_EQ(future.waiting(), 0u);
    promise.set_value(7);
    co_await at_rest();
    EXPECT_EQ(called, 0);
  });
}

ROW(future, remove_callback_skips_it) {
  run([]() -> silk::task<> {
    for (unsigned subset = 0; subset < 8; ++subset) {
      silk::promise<int> promise;
      const auto future = promise.get_future();
      journal calls;
      std::vector<silk::callback_token> tokens;
      for (int i = 0; i < 3; ++i) {
        tokens.push_back(
            future.add_done_callback([&calls, i](const silk::future<int>&) { calls.add(i); }));
      }
      std::vector<int> expected;
      for (int i = 0; i < 3; ++i) {
        if ((subset >> i & 1u) == 0) {
          expected.push_back(i);
          continue;
        }
        EXPECT_TRUE(future.remove_done_callback(tokens[static_cast<std::size_t>(i)]));
        EXPECT_FALSE(future.remove_done_callback(tokens[static_cast<std::size_t>(i)]));
      }
      promise.set_value(7);
      co_await at_rest();
      EXPECT_EQ(calls.entries(), expected);
    }

    // Removed while the future is being completed: the answer says whether it is called.
    for (int i = 0; i < 50; ++i) {
      silk::promise<int> racing;
      const auto future = racing.get_future();
      std::atomic<int> called{0};
      const auto token = future.add_done_callback([&](const silk::future<int>&) { ++called; });
      const auto setter = silk::spawn([&]() -> silk::task<> {
        racing.set_value(7);
        co_return;
      });
      const bool removed = future.remove_done_callback(token);
      co_await setter;
      co_await at_rest();
      EXPECT_EQ(called, removed ? 0 : 1);
    }
  });
}

ROW(future, callback_list_mutation_during_completion) {
  run([]() -> silk::task<> {
    silk::promise<int> promise;
    const auto future = promise.get_future();
    journal calls;
    bool removed = false;
    silk::callback_token second;
    future.add_done_callback([&](const silk::future<int>& done) {
      calls.add(1);
      removed = done.remove_done_callback(second);
      done.add_done_callback([&](const silk::future<int>&) { calls.add(4); });
    });
    second = future.add_done_callback([&](const silk::future<int>&) { calls.add(2); });
    future.add_done_callback([&](const silk::future<int>&) { calls.add(3); });
    promise.set_value(7);
    co_await at_rest();
    // They are called one after the other, so the second cannot have begun when it was removed.
    EXPECT_TRUE(removed);
    EXPECT_EQ(calls.entries(), (std::vector{1, 3, 4}));
  });
}

}  // namespace
