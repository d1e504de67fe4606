// The row of `introspection` about queues: state queries take the place of a text.
#include "row.hpp"

#include <vector>

namespace {

using namespace silk_conformance;

template <class Queue>
silk::task<> shows_its_state() {
  Queue q(2);
  EXPECT_EQ(q.capacity(), 2u);
  EXPECT_EQ(q.size(), 0u);
  EXPECT_EQ(q.waiting_getters(), 0u);
  EXPECT_EQ(q.waiting_putters(), 0u);
  EXPECT_EQ(q.unfinished(), 0u);

  const auto get = [&]() -> silk::task<> { static_cast<void>(co_await q.get()); };
  const auto put = [&]() -> silk::task<> { co_await q.put(1); };
  std::vector<silk::join_handle<void>> getters;
  for (int i = 0; i < 3; ++i) getters.push_back(silk::spawn(get));
  co_await at_rest();
  EXPECT_EQ(q.waiting_getters(), 3u);
  for (int i = 0; i < 3; ++i) co_await q.put(1);
  co_await silk::gather(getters);
  EXPECT_EQ(q.waiting_getters(), 0u);
  EXPECT_EQ(q.size(), 0u);
  EXPECT_EQ(q.unfinished(), 3u);

  std::vector<silk::join_handle<void>> putters;
  for (int i = 0; i < 4; ++i) putters.push_back(silk::spawn(put));
  co_await at_rest();
  EXPECT_EQ(q.size(), 2u);
  EXPECT_TRUE(q.full());
  EXPECT_EQ(q.waiting_putters(), 2u);
  EXPECT_EQ(q.unfinished(), 5u);  // those that wait have not put anything yet
  q.task_done();
  EXPECT_EQ(q.unfinished(), 4u);
  for (int i = 0; i < 4; ++i) co_await get();
  co_await silk::gather(putters);
  EXPECT_TRUE(q.empty());

  Queue unbounded;
  EXPECT_EQ(unbounded.capacity(), 0u);
}

ROW(introspection, queue_text) {
  run(shows_its_state<silk::queue<int>>());
  run(shows_its_state<silk::lifo_queue<int>>());
  run(shows_its_state<silk::priority_queue<int>>());
}

}  // namespace
