// Rows of the area `executor`: the default executor is the runtime's pool of blocking threads, and
// run_in_executor is silk::to_thread.
#include "row.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

namespace {

using namespace silk_conformance;

// A blocking call that says when it runs, and runs until it is let go.
struct gate {
  std::latch running{1};
  std::latch open{1};
  void pass() {
    running.count_down();
    open.wait();
  }
};

// Until the gate is open, no worker but the caller's runs anything.
silk::task<> occupies_its_worker(std::latch& occupied, gate& until) {
  occupied.count_down();
  until.open.wait();
  co_return;
}

ROW(executor, runs_on_other_thread) {
  run([&]() -> silk::task<> {
    std::atomic<bool> on_a_worker = false;
    const auto caller = std::this_thread::get_id();
    const auto [id, name] = co_await silk::to_thread([&] {
      try {
        silk::runtime::current();
        on_a_worker = true;
      } catch (const silk::usage_error&) {
      }
      return std::pair(std::this_thread::get_id(), std::string("yo"));
    });
    EXPECT_NE(id, caller);
    EXPECT_FALSE(on_a_worker);
    EXPECT_EQ(name, "yo");
  });
}

ROW(executor, cancel_detaches) {
  gate slow;
  std::atomic<bool> returned = false;
  silk::join_handle<int> handle;
  std::thread opens;
  {
    silk::runtime runtime(options());
    handle = runtime.spawn(silk::to_thread([&] {
      slow.pass();
      returned = true;
      return 42;
    }));
    slow.running.wait();
    EXPECT_TRUE(handle.cancel());
    const std::string end = told([&] { runtime.block_on(handle); });
    EXPECT_EQ(end, "cancelled");
    EXPECT_FALSE(returned);
    runtime.close();
    opens = std::thread([&] { slow.open.count_down(); });
  }
  opens.join();
  EXPECT_TRUE(returned);
  EXPECT_TRUE(handle.is_cancelled());  // still
}

ROW(executor, cancel_reaches_unstarted_work) {
  gate slow;
  std::atomic<int> calls = 0;
  const auto held = std::make_shared<int>(0);
  auto chosen = options();
  chosen.blocking_threads = 1;
  silk::run(
      [&]() -> silk::task<> {
        const auto first = silk::spawn(silk::to_thread([&] { slow.pass(); }));
        while (!slow.running.try_wait()) co_await silk::yield();
        std::vector<silk::join_handle<>> queued;
        for (int i = 0; i < 5; ++i) {
          queued.push_back(silk::spawn(silk::to_thread([&calls, held] { ++calls; })));
        }
        co_await turns();
        for (const auto& one : queued) one.cancel();
        for (const auto& one : queued) {
          const std::string end = co_await ending(one);
          EXPECT_EQ(end, "cancelled");
        }
        slow.open.count_down();
        co_await first;
      },
      chosen);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(held.use_count(), 1);
}

// docs/cancellation.md: w10b
ROW(executor, cancel_after_work_done) {
  run([&]() -> silk::task<> {
    // The destructor of what the call holds runs when its result is there.
    struct tells_its_end {
      explicit tells_its_end(std::latch& over) noexcept : over_(&over) {}
      tells_its_end(tells_its_end&& other) noexcept : over_(std::exchange(other.over_, nullptr)) {}
      ~tells_its_end() {
        if (over_ != nullptr) over_->count_down();
      }
      std::latch* over_;
    };
    gate slow, all;
    std::latch over{1};
    silk::promise<int> kept;
    const silk::future<int> work = kept.get_future();
    auto call = silk::to_thread([&, end = tells_its_end(over)] {
      slow.pass();
      kept.set_value(42);
      return 42;
    });
    const auto wrapper = silk::spawn(std::move(call));
    while (!slow.running.try_wait()) co_await silk::yield();
    // Once nobody else can run, the result comes, and the wrapper does not see it before the cancel.
    std::latch occupied{static_cast<std::ptrdiff_t>(workers()) - 1};
    std::vector<silk::join_handle<>> occupying;
    for (unsigned i = 1; i < workers(); ++i) {
      occupying.push_back(silk::spawn(occupies_its_worker, std::ref(occupied), std::ref(all)));
    }
    occupied.wait();
    slow.open.count_down();
    over.wait();
    const bool accepted = wrapper.cancel();
    all.open.count_down();
    EXPECT_TRUE(accepted);
    const std::string end = co_await ending(wrapper);
    EXPECT_EQ(end, "cancelled");
    EXPECT_EQ(work.result(), 42);
    for (const auto& one : occupying) co_await one;
  });
}

// Runs what it is given on threads of its own, one for each job, and counts.
class own_threads {
 public:
  ~own_threads() {
    for (std::thread& each : threads_) each.join();
  }
  void submit(std::function<void()> job) {  // what many pools take
    const std::lock_guard hold(lock_);
    threads_.emplace_back(std::move(job));
  }
  std::size_t jobs() const {
    const std::lock_guard hold(lock_);
    return threads_.size();
  }
  bool has(std::thread::id id) const {
    const std::lock_guard hold(lock_);
    return std::ranges::count(threads_, id, &std::thread::get_id) == 1;
  }

 private:
  mutable std::mutex lock_;
  std::vector<std::thread> threads_;
};

ROW(executor, default_replaceable) {
  const auto own = std::make_shared<own_threads>();
  silk::runtime runtime(options());
  runtime.set_default_executor(own);
  const auto where = [] { return std::this_thread::get_id(); };
  runtime.block_on([&]() -> silk::task<> {
    const auto first = co_await silk::to_thread(where);
    EXPECT_TRUE(own->has(first));
    std::vector<silk::task<std::thread::id>> many;
    for (int i = 0; i < 5; ++i) many.push_back(silk::to_thread(where));
    const auto ids = co_await silk::gather(std::move(many));
    for (const auto id : ids) EXPECT_TRUE(own->has(id));
    EXPECT_EQ(own->jobs(), 6u);
    runtime.set_default_executor(std::shared_ptr<own_threads>());
    co_await silk::to_thread(where);
    EXPECT_EQ(own->jobs(), 6u);
  });
}

struct takes_no_jobs {
  void submit(int) {}
};
template <class E>
concept can_be_default = requires(silk::runtime& runtime, std::shared_ptr<E> executor) {
  runtime.set_default_executor(executor);
};

ROW(executor, default_type_checked) {
  static_assert(can_be_default<own_threads>);
  static_assert(!can_be_default<takes_no_jobs>);
  static_assert(!can_be_default<std::string>);
  static_assert(!can_be_default<int>);
  const auto own = std::make_shared<own_threads>();
  silk::runtime runtime(options());
  runtime.set_default_executor(own);
  EXPECT_FALSE(can_be_default<takes_no_jobs>);
  runtime.block_on(silk::to_thread([] {}));
  EXPECT_EQ(own->jobs(), 1u);
}

ROW(executor, to_thread_value) {
  run([]() -> silk::task<> {
    const int sum = co_await silk::to_thread([](int a, int b) { return a + b; }, 1, 2);
    EXPECT_EQ(sum, 3);
  });
}

ROW(executor, to_thread_once) {
  std::atomic<int> calls = 0;
  run([&]() -> silk::task<> {
    co_await silk::to_thread([&] { ++calls; });
    co_await at_rest();
  });
  EXPECT_EQ(calls, 1);
}

ROW(executor, to_thread_concurrent) {
  run([]() -> silk::task<> {
    std::atomic<int> calls = 0;
    std::vector<silk::task<>> all;
    for (int i = 0; i < 10; ++i) all.push_back(silk::to_thread([&] { ++calls; }));
    co_await silk::gather(std::move(all));
    EXPECT_EQ(calls, 10);
  });
}

ROW(executor, shutdown_waits_for_running_work) {
  gate slow;
  std::atomic<bool> returned = false;
  std::atomic<bool> opened = false;
  std::thread opens;
  run([&]() -> silk::task<> {
    const auto handle = silk::spawn(silk::to_thread([&] {
      slow.pass();
      returned = true;
    }));
    while (!slow.running.try_wait()) co_await silk::yield();
    handle.cancel();
    const std::string end = co_await ending(handle);
    EXPECT_EQ(end, "cancelled");
    EXPECT_FALSE(returned);
    opens = std::thread([&] {
      opened = true;
      slow.open.count_down();
    });
  });
  EXPECT_TRUE(opened);
  EXPECT_TRUE(returned);
  opens.join();
}

// The warning is what shutdown says: false, and it may be asked again.
ROW(executor, shutdown_timeout) {
  gate slow;
  std::atomic<bool> returned = false;
  silk::runtime runtime(options());
  const auto handle = runtime.spawn(silk::to_thread([&] {
    slow.pass();
    returned = true;
  }));
  slow.running.wait();
  EXPECT_FALSE(runtime.shutdown(0s));
  EXPECT_FALSE(runtime.shutdown(1ms));
  while (!handle.done()) std::this_thread::yield();  // whatever became of the call
  EXPECT_TRUE(handle.is_cancelled());
  EXPECT_FALSE(returned);
  slow.open.count_down();
  EXPECT_TRUE(runtime.shutdown());
  EXPECT_TRUE(returned);
}

const silk::context_var<std::string> user("nobody");

ROW(executor, to_thread_context) {
  run([]() -> silk::task<> {
    co_await user.set("Ann");
    const std::string seen = co_await silk::to_thread([] { return user.get(); });
    EXPECT_EQ(seen, "Ann");
  });
}

}  // namespace
