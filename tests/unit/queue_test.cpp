#include "at_workers.hpp"
#include "tasks_fixture.hpp"

#include <silk/lifo_queue.hpp>
#include <silk/queue.hpp>
#include <silk/silk.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;
using namespace std::chrono_literals;

class queue : public at_workers {};
RUN_AT_1_2_AND_8_WORKERS(queue);

template <class Queue, class T = int>
silk::task<> puts(Queue& q, T item) {
  co_await q.put(std::move(item));
}
template <class Queue>
silk::task<typename Queue::value_type> gets(Queue& q) {
  co_return co_await q.get();
}

// Can be moved, and nothing else.
class moves_only {
 public:
  explicit moves_only(int number) : number_(std::make_unique<int>(number)) {}
  int number() const { return *number_; }
  bool is_moved_from() const { return number_ == nullptr; }

 private:
  std::unique_ptr<int> number_;
};

TEST_P(queue, holds_what_can_only_be_moved) {
  run([]() -> silk::task<> {
    silk::queue<moves_only> q(1);
    const auto producer = silk::spawn([&]() -> silk::task<> {
      for (int i = 0; i < 10; ++i) co_await q.put(moves_only(i));
      q.close();
    });
    int expected = 0;
    for (;;) {
      const auto item = co_await q.next();
      if (!item) break;
      EXPECT_EQ(item->number(), expected);
      ++expected;
    }
    EXPECT_EQ(expected, 10);
    co_await producer;
  });
}

TEST_P(queue, may_be_drained_in_a_loop_condition) {
  run([]() -> silk::task<> {
    int sum = 0;  // GCC before 12.3 needs a declaration here
    silk::lifo_queue<int> q;
    for (int i = 1; i <= 4; ++i) q.put_nowait(i);
    q.close();
    while (const auto item = co_await q.next()) sum += *item;
    EXPECT_EQ(sum, 10);
  });
}

TEST(queue, leaves_a_value_alone_that_it_does_not_take) {
  silk::queue<moves_only> q(1);
  moves_only kept(7);
  EXPECT_TRUE(q.try_put(moves_only(1)));
  EXPECT_FALSE(q.try_put(std::move(kept)));
  EXPECT_FALSE(kept.is_moved_from());
  EXPECT_THROW(q.put_nowait(std::move(kept)), silk::queue_full);
  EXPECT_FALSE(kept.is_moved_from());
  static_cast<void>(q.get_nowait());
  q.close();
  EXPECT_FALSE(q.try_put(std::move(kept)));
  EXPECT_THROW(q.put_nowait(std::move(kept)), silk::closed_error);
  EXPECT_FALSE(kept.is_moved_from());
}

TEST(queue, says_why_it_gives_nothing) {
  silk::queue<int> q;
  EXPECT_THROW(q.get_nowait(), silk::queue_empty);
  q.put_nowait(1);
  q.close();
  EXPECT_EQ(q.get_nowait(), 1);
  EXPECT_THROW(q.get_nowait(), silk::closed_error);
  EXPECT_EQ(q.try_get(), std::nullopt);
}

TEST(queue, makes_its_items_from_anything_that_makes_one) {
  silk::queue<std::string> q;
  const std::string name = "Ann";
  EXPECT_TRUE(q.try_put(name));
  EXPECT_TRUE(q.try_put("Bob"));
  q.put_nowait({'C', 'y'});
  for (const char* expected : {"Ann", "Bob", "Cy"}) EXPECT_EQ(q.get_nowait(), expected);
}

TEST(queue, is_as_before_when_a_value_cannot_be_copied) {
  struct fragile {
    fragile() = default;
    fragile(fragile&&) noexcept = default;
    fragile(const fragile&) { throw std::runtime_error("no copy"); }
  };
  silk::queue<fragile> q(1);
  const fragile original;
  EXPECT_THROW(q.put_nowait(original), std::runtime_error);
  EXPECT_TRUE(q.empty());
  EXPECT_EQ(q.unfinished(), 0u);
  EXPECT_TRUE(q.try_put(fragile()));
}

TEST(queue, keeps_the_alignment_of_its_items) {
  struct alignas(64) wide {
    int number = 0;
  };
  silk::queue<wide> q;
  for (int i = 0; i < 8; ++i) q.put_nowait(wide{i});
  for (int i = 0; i < 8; ++i) {
    const wide item = q.get_nowait();
    EXPECT_EQ(item.number, i);
  }
}

// Counts those that exist; asks the queue it is in how it is when it goes.
class counted_item {
 public:
  explicit counted_item(silk::queue<counted_item>* in) : in_(in) { ++alive; }
  counted_item(counted_item&& other) noexcept : in_(std::exchange(other.in_, nullptr)) { ++alive; }
  counted_item& operator=(counted_item&&) = delete;
  ~counted_item() {
    --alive;
    if (in_ != nullptr) static_cast<void>(in_->size());
  }
  static inline int alive = 0;

 private:
  silk::queue<counted_item>* in_;
};

TEST(queue, destroys_discarded_items_without_its_lock) {
  silk::queue<counted_item> q;
  for (int i = 0; i < 5; ++i) q.put_nowait(counted_item(&q));
  EXPECT_EQ(counted_item::alive, 5);
  EXPECT_EQ(q.close(), 0u);
  EXPECT_EQ(counted_item::alive, 5);
  EXPECT_EQ(q.close(silk::close_mode::discard), 5u);
  EXPECT_EQ(counted_item::alive, 0);
  EXPECT_EQ(q.close(silk::close_mode::discard), 0u);
}

TEST(queue, destroys_what_is_left_at_its_end) {
  {
    silk::queue<counted_item> q;
    for (int i = 0; i < 5; ++i) q.put_nowait(counted_item(nullptr));
    EXPECT_EQ(counted_item::alive, 5);
  }
  EXPECT_EQ(counted_item::alive, 0);
}

TEST_P(queue, destroys_the_item_of_a_put_that_is_never_awaited) {
  run([]() -> silk::task<> {
    silk::queue<counted_item> q;
    {
      const auto put = q.put(counted_item(nullptr));
      EXPECT_EQ(counted_item::alive, 1);
    }
    EXPECT_EQ(counted_item::alive, 0);
    EXPECT_TRUE(q.empty());
    co_return;
  });
}

TEST_P(queue, join_can_be_cancelled_and_asked_for_again) {
  run([]() -> silk::task<> {
    silk::queue<int> q;
    q.put_nowait(1);
    const auto joiner = silk::spawn([&]() -> silk::task<> { co_await q.join(); });
    co_await at_rest();
    joiner.cancel();
    const std::string end = co_await ending(joiner);
    EXPECT_EQ(end, "cancelled");
    q.task_done();  // before get(), as asyncio allows it
    co_await q.join();
    EXPECT_EQ(q.close(silk::close_mode::discard), 1u);
    EXPECT_EQ(q.unfinished(), 0u);
  });
}

// ---- threads and runtimes ----

TEST_P(queue, takes_from_a_foreign_thread) {
  silk::queue<int> q;
  silk::runtime runtime(steady_time(workers()));
  std::thread producer([&] {
    for (int i = 1; i <= 1000; ++i) q.put_nowait(i);
    q.close();
  });
  const long sum = runtime.block_on([&]() -> silk::task<long> {
    long total = 0;
    for (;;) {
      const auto item = co_await q.next();
      if (!item) break;
      total += *item;
    }
    co_return total;
  });
  producer.join();
  EXPECT_EQ(sum, 500'500);
}

TEST_P(queue, gives_to_a_foreign_thread) {
  silk::queue<int> q(2);
  silk::runtime runtime(steady_time(workers()));
  const auto producer = runtime.spawn([&]() -> silk::task<> {
    for (int i = 1; i <= 1000; ++i) co_await q.put(i);
    q.close();
  });
  int expected = 1;
  while (!q.is_closed() || !q.empty()) {
    const auto item = q.try_get();
    if (!item) {
      std::this_thread::yield();
      continue;
    }
    EXPECT_EQ(*item, expected);
    ++expected;
  }
  EXPECT_EQ(expected, 1001);
  runtime.block_on(silk::future<void>(producer));
}

TEST_P(queue, connects_tasks_of_two_runtimes) {
  silk::queue<int> there(1), back(1);
  silk::runtime one(steady_time(workers())), other(steady_time(1));
  const auto echo = other.spawn([&]() -> silk::task<> {
    for (;;) {
      const auto item = co_await there.next();
      if (!item) break;
      co_await back.put(*item + 1);
    }
    back.close();
  });
  const int last = one.block_on([&]() -> silk::task<int> {
    int ball = 0;
    for (int i = 0; i < 200; ++i) {
      co_await there.put(ball);
      ball = co_await back.get();
    }
    there.close();
    co_return ball;
  });
  EXPECT_EQ(last, 200);
  other.block_on(silk::future<void>(echo));
}

}  // namespace
