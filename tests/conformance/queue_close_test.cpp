// Rows of the area `queue` about its end: shutdown() is close(), QueueShutDown is closed_error.
#include "queues.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace {

using namespace silk_conformance;

// What every closed and drained queue answers.
template <class Queue>
silk::task<> refuses_everything(Queue& q) {
  const std::string put = co_await ending(q.put(1));
  const std::string get = co_await ending(q.get());
  EXPECT_EQ(put, "closed");
  EXPECT_EQ(get, "closed");
  EXPECT_EQ(putting(q), "closed");
  EXPECT_EQ(getting(q), "closed");
  EXPECT_FALSE(q.try_put(1));
  EXPECT_FALSE(q.try_get());
  const auto none = co_await q.next();
  EXPECT_FALSE(none);
}

template <class Queue>
silk::task<> close_while_empty() {
  Queue q;
  const auto getter = silk::spawn(gets(q));
  co_await at_rest();
  EXPECT_EQ(q.waiting_getters(), 1u);
  const std::size_t discarded = q.close();
  EXPECT_EQ(discarded, 0u);
  const std::string end = co_await ending(getter);
  EXPECT_EQ(end, "closed");
  co_await q.join();
  co_await refuses_everything(q);
}

ROW(queue, shutdown_empty) {
  run(close_while_empty<fifo>());
  run(close_while_empty<lifo>());
  run(close_while_empty<priority>());
}

template <class Queue>
silk::task<> close_while_full() {
  Queue q(1);
  q.put_nowait(5);
  const auto putter = silk::spawn(puts(q, 6));
  co_await at_rest();
  EXPECT_EQ(q.waiting_putters(), 1u);
  q.close();
  const std::string end = co_await ending(putter);
  EXPECT_EQ(end, "closed");
  EXPECT_EQ(q.size(), 1u);
  EXPECT_EQ(putting(q), "closed");
  const int left = co_await q.get();
  EXPECT_EQ(left, 5);
  co_await refuses_everything(q);
}

ROW(queue, shutdown_nonempty_drains) {
  run(close_while_full<fifo>());
  run(close_while_full<lifo>());
  run(close_while_full<priority>());
}

template <class Queue>
silk::task<> join_counts_after_close() {
  Queue q;
  q.put_nowait(1);
  const auto joiner = silk::spawn(joins(q));
  co_await at_rest();
  q.close();
  co_await at_rest();
  EXPECT_FALSE(joiner.done());
  static_cast<void>(q.get_nowait());
  co_await at_rest();
  EXPECT_FALSE(joiner.done());
  q.task_done();
  co_await joiner;
  EXPECT_EQ(told([&] { q.task_done(); }), "invalid argument");
}

ROW(queue, shutdown_join_still_counts) {
  run(join_counts_after_close<fifo>());
  run(join_counts_after_close<lifo>());
  run(join_counts_after_close<priority>());
}

template <class Queue>
silk::task<> close_and_discard() {
  Queue q(2);
  q.put_nowait(1);
  q.put_nowait(2);
  const auto putter = silk::spawn(puts(q, 3));
  const auto joiner = silk::spawn(joins(q));
  co_await at_rest();
  EXPECT_FALSE(joiner.done());
  const std::size_t discarded = q.close(silk::close_mode::discard);
  EXPECT_EQ(discarded, 2u);
  EXPECT_TRUE(q.empty());
  EXPECT_EQ(q.unfinished(), 0u);
  co_await joiner;
  const std::string end = co_await ending(putter);
  EXPECT_EQ(end, "closed");
  co_await refuses_everything(q);

  Queue taken;  // what was taken before is not discarded: join still waits for that
  taken.put_nowait(1);
  taken.put_nowait(2);
  static_cast<void>(taken.get_nowait());
  const auto still = silk::spawn(joins(taken));
  const std::size_t one = taken.close(silk::close_mode::discard);
  EXPECT_EQ(one, 1u);
  co_await at_rest();
  EXPECT_FALSE(still.done());
  taken.task_done();
  co_await still;
}

ROW(queue, shutdown_immediate_discards) {
  run(close_and_discard<fifo>());
  run(close_and_discard<lifo>());
  run(close_and_discard<priority>());
}

// What is left after close() comes out in the order of the kind.
template <class Queue>
silk::task<> drains_in(std::vector<int> order) {
  Queue q(3);
  for (const int item : {1, 3, 2}) q.put_nowait(item);
  const auto putter = silk::spawn(puts(q, 4));
  co_await at_rest();
  q.close();
  q.close();  // no harm
  const std::string put = co_await ending(putter);
  EXPECT_EQ(put, "closed");
  std::vector<int> got;
  for (;;) {
    const auto item = co_await q.next();
    if (!item) break;
    got.push_back(*item);
  }
  EXPECT_EQ(got, order);
  co_await refuses_everything(q);
}

template <class Queue>
silk::task<> obeys_the_rules_of_close() {
  co_await close_while_empty<Queue>();
  co_await close_while_full<Queue>();
  co_await join_counts_after_close<Queue>();
  co_await close_and_discard<Queue>();
}

ROW(queue, shutdown_all_kinds) {
  run(obeys_the_rules_of_close<fifo>());
  run(obeys_the_rules_of_close<lifo>());
  run(obeys_the_rules_of_close<priority>());
  run(drains_in<fifo>({1, 3, 2}));
  run(drains_in<lifo>({2, 3, 1}));
  run(drains_in<priority>({1, 2, 3}));
}

template <class Queue>
silk::task<> close_wakes_all() {
  Queue empty;
  Queue full(1);
  full.put_nowait(1);
  std::vector<silk::join_handle<int>> getters;
  std::vector<silk::join_handle<void>> putters;
  for (int i = 0; i < 5; ++i) {
    getters.push_back(silk::spawn(gets(empty)));
    putters.push_back(silk::spawn(puts(full, 2 + i)));
  }
  co_await at_rest();
  EXPECT_EQ(empty.waiting_getters(), 5u);
  EXPECT_EQ(full.waiting_putters(), 5u);
  empty.put_nowait(9);  // is for one of them
  empty.close();
  full.close();
  int with_value = 0, with_closed = 0;
  for (const auto& each : getters) {
    const std::string end = co_await ending(each);
    if (end == "value") ++with_value;
    if (end == "closed") ++with_closed;
  }
  EXPECT_EQ(with_value, 1);
  EXPECT_EQ(with_closed, 4);
  for (const auto& each : putters) {
    const std::string end = co_await ending(each);
    EXPECT_EQ(end, "closed");
  }
  EXPECT_EQ(empty.waiting_getters(), 0u);
  EXPECT_EQ(full.waiting_putters(), 0u);
}

ROW(queue, shutdown_wakes_every_waiter) {
  run(close_wakes_all<fifo>());
  run(close_wakes_all<lifo>());
  run(close_wakes_all<priority>());
}

template <class Queue>
void says_that_it_is_closed() {
  Queue q;
  q.put_nowait(1);
  EXPECT_FALSE(q.is_closed());
  q.close();
  EXPECT_TRUE(q.is_closed());
  q.close(silk::close_mode::discard);
  EXPECT_TRUE(q.is_closed());
}

ROW(queue, shutdown_text) {
  says_that_it_is_closed<fifo>();
  says_that_it_is_closed<lifo>();
  says_that_it_is_closed<priority>();
}

}  // namespace
