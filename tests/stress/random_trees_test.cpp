// Random trees of tasks over the whole API, cancelled at random moments from inside and from foreign
// threads, on runtimes that are closed or destroyed while they are at it. What must hold: every task
// that was started ends, and nothing of it is left.
#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using std::chrono::microseconds;

namespace {

unsigned seed() {
  const char* given = std::getenv("SILK_STRESS_SEED");
  return given != nullptr ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
}

double seconds_per_test() {
  const char* given = std::getenv("SILK_STRESS_SECONDS");
  return given != nullptr ? std::atof(given) : 1.0;
}

std::atomic<unsigned> next_seed{0};

unsigned below(unsigned n) {
  thread_local std::mt19937 generator(next_seed.fetch_add(1));
  return static_cast<unsigned>(generator() % n);
}

// Lives as long as a task's body; counts what was begun and what has ended.
struct body_count {
  body_count() { begun.fetch_add(1); }
  ~body_count() { ended.fetch_add(1); }
  body_count(const body_count&) = delete;
  static inline std::atomic<long> begun{0};
  static inline std::atomic<long> ended{0};
};

// Ends the program when nothing moves any more.
class liveness_oracle {
 public:
  liveness_oracle() : watch_([this] { watch(); }) {}
  ~liveness_oracle() {
    over_ = true;
    watch_.join();
  }

 private:
  void watch() {
    constexpr int limit = 30;  // seconds without any progress, also under sanitizers
    long last = -1;
    for (int quiet = 0; !over_; std::this_thread::sleep_for(100ms)) {
      const long now = body_count::begun + body_count::ended;
      quiet = now == last ? quiet + 1 : 0;
      last = now;
      if (quiet < limit * 10) continue;
      std::fprintf(stderr, "no progress: %ld bodies begun, %ld ended\n", body_count::begun.load(),
                   body_count::ended.load());
      std::abort();
    }
  }
  std::atomic<bool> over_{false};
  std::thread watch_;
};

silk::task<> leaf() {
  const body_count count;
  switch (below(6)) {
    case 0:
      co_await silk::yield();
      break;
    case 1:
      co_await silk::sleep(microseconds(below(300)));
      break;
    case 2:
      co_await silk::sleep(0s);
      break;
    case 3: {
      silk::promise<int> given;
      const silk::future<int> awaited = given.get_future();
      silk::spawn(
          [](silk::promise<int> promise) -> silk::task<> {
            co_await silk::yield();
            static_cast<void>(promise.try_set_value(3));
          },
          std::move(given));
      co_await awaited;
      break;
    }
    case 4:
      throw std::runtime_error("a leaf fails");
    default:
      break;
  }
}

silk::task<int> tree(unsigned depth);

silk::task<int> wait_for_the_first(unsigned depth) {
  std::vector<silk::join_handle<int>> handles;
  for (int i = 0; i < 4; ++i) handles.push_back(silk::spawn(tree(depth)));
  const auto sorted = co_await silk::wait(
      handles, {.return_when = silk::first_completed, .timeout = microseconds(below(500))});
  for (const auto& late : sorted.pending) late.cancel("too late");
  co_await silk::gather_settled(handles);
  co_return static_cast<int>(sorted.done.size());
}

silk::task<int> grow(unsigned depth) {
  switch (below(10)) {
    case 0:
      co_await leaf();
      co_return 1;
    case 1: {
      const auto [left, right] = co_await silk::gather(tree(depth), tree(depth));
      co_return left + right;
    }
    case 2: {
      std::vector<silk::task<int>> children;
      for (int i = 0; i < 5; ++i) children.push_back(tree(depth));
      const std::vector<int> sizes = co_await silk::gather(std::move(children));
      co_return static_cast<int>(sizes.size());
    }
    case 3: {
      const auto child = silk::spawn(tree(depth));
      if (below(2) == 0) child.cancel("by its parent");
      co_return co_await child;
    }
    case 4:
      co_return co_await silk::with_timeout(microseconds(below(400)), tree(depth));
    case 5:
      co_return co_await wait_for_the_first(depth);
    case 6: {
      const auto body = [depth](silk::task_group& group) -> silk::task<> {
        for (int i = 0; i < 3; ++i) group.spawn(tree(depth));
        co_await silk::yield();
        if (below(3) == 0) group.cancel();
      };
      co_await silk::with_task_group(body);
      co_return 3;
    }
    case 7: {
      const auto child = silk::spawn(tree(depth));
      co_return co_await silk::shield(child);
    }
    case 8: {
      const auto [left, right] = co_await silk::gather_settled(tree(depth), leaf());
      co_return left.has_value() + right.has_value();
    }
    default: {
      const auto left = silk::spawn(tree(depth));
      const auto right = silk::spawn(tree(depth));
      const auto [a, b] = co_await silk::gather(left, right);
      co_return a + b;
    }
  }
}

silk::task<int> tree(unsigned depth) {
  const body_count count;
  int size = 0;
  try {
    if (depth == 0) {
      co_await leaf();
    } else {
      size = co_await grow(depth - 1);
    }
  } catch (const std::exception&) {
    if (below(2) == 0) throw;
  }
  co_return size;
}

// What a thread of the embedding program does: spawn, cancel, wait, or let go.
void foreign_thread(silk::runtime& runtime) {
  for (int i = 0; i < 50; ++i) {
    try {
      const auto handle = runtime.spawn(tree(4));
      if (below(3) == 0) {
        std::this_thread::sleep_for(microseconds(below(300)));
        handle.cancel("from a foreign thread");
      }
      if (below(3) == 0) runtime.block_on(silk::future<int>(handle));
    } catch (const silk::usage_error&) {  // closed
    } catch (const silk::cancelled&) {
    } catch (const std::exception&) {
    }
  }
}

class random_trees : public testing::TestWithParam<unsigned> {};

TEST_P(random_trees, end_whatever_is_cancelled_and_whenever_the_runtime_goes) {
  next_seed = seed();
  std::printf("SILK_STRESS_SEED=%u\n", next_seed.load());
  const liveness_oracle oracle;
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds_per_test());
  do {
    silk::runtime runtime({.workers = GetParam(), .on_failure = [](const silk::failure&) {}});
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back([&] { foreign_thread(runtime); });
    if (below(2) == 0) {
      std::this_thread::sleep_for(microseconds(below(5000)));
      runtime.close();
    }
    for (std::thread& thread : threads) thread.join();
    if (below(2) == 0) runtime.shutdown();
  } while (std::chrono::steady_clock::now() < end);
  EXPECT_EQ(body_count::begun, body_count::ended);
}

INSTANTIATE_TEST_SUITE_P(workers, random_trees, testing::Values(1, 2, 4, 16),
                         [](const auto& tested) { return std::to_string(tested.param); });

}  // namespace
