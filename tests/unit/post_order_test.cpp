// "Calls posted by one thread start in order", at one worker: what asyncio promises of call_soon.
#include <silk/silk.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <vector>

namespace {

constexpr int posts = 1000;

class post_order : public testing::Test {
 protected:
  void post_one(int number) {
    runtime_.post([this, number] {
      order_.push_back(number);
      called_.count_down();
    });
  }
  void expect_order() {
    called_.wait();
    EXPECT_TRUE(std::is_sorted(order_.begin(), order_.end()));
  }

  silk::runtime runtime_{{.workers = 1}};
  std::vector<int> order_;
  std::latch called_{posts};
};

// More than fit in the worker's run queue.
TEST_F(post_order, of_a_task_is_kept) {
  runtime_.block_on([this]() -> silk::task<> {
    for (int i = 0; i < posts; ++i) post_one(i);
    co_return;
  });
  expect_order();
}

// All are there before the worker takes the first, and it comes for them several times.
TEST_F(post_order, of_a_foreign_thread_is_kept) {
  std::latch go{1};
  runtime_.post([&] { go.wait(); });
  for (int i = 0; i < posts; ++i) post_one(i);
  go.count_down();
  expect_order();
}

}  // namespace
