#include "tasks_fixture.hpp"

#include <silk/priority_queue.hpp>
#include <silk/silk.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace silk_tests;
using namespace std::chrono_literals;

struct chore {
  int urgency;
  std::unique_ptr<std::string> what;
  bool operator<(const chore& other) const { return urgency < other.urgency; }
};

TEST(priority_queue, gives_equals_in_the_order_in_which_they_were_put) {
  silk::priority_queue<chore> q;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    q.put_nowait(chore{1, std::make_unique<std::string>(name)});
    q.put_nowait(chore{0, std::make_unique<std::string>(name)});
  }
  std::string order;
  while (const auto next = q.try_get()) order += *next->what;
  EXPECT_EQ(order, "abcdeabcde");
}

TEST(priority_queue, compares_as_it_is_told) {
  std::vector<int> rank{2, 0, 1};
  const auto by_rank = [&](int a, int b) {
    return rank[static_cast<std::size_t>(a)] < rank[static_cast<std::size_t>(b)];
  };
  silk::priority_queue<int, decltype(by_rank)> q(0, by_rank);
  for (const int item : {0, 1, 2}) q.put_nowait(item);
  EXPECT_EQ(q.get_nowait(), 1);
  EXPECT_EQ(q.get_nowait(), 2);
  EXPECT_EQ(q.get_nowait(), 0);
}

// A putter that waits is not in the order yet: the smallest of those inside comes next.
TEST(priority_queue, orders_what_is_inside_and_admits_putters_first_come_first_served) {
  silk::run(
      []() -> silk::task<> {
        silk::priority_queue<int> q(2);
        q.put_nowait(5);
        q.put_nowait(7);
        std::vector<silk::join_handle<void>> putters;
        for (const int item : {9, 1}) {
          putters.push_back(
              silk::spawn([&q](int mine) -> silk::task<> { co_await q.put(mine); }, item));
          co_await silk::sleep(1ms);
        }
        std::vector<int> got;
        while (const auto item = q.try_get()) got.push_back(*item);
        EXPECT_EQ(got, (std::vector{5, 7, 1, 9}));
        co_await silk::gather(putters);
      },
      virtual_time(1));
}

TEST(priority_queue, takes_back_an_item_from_the_middle) {
  silk::run(
      []() -> silk::task<> {
        silk::priority_queue<int> q(5);
        for (const int item : {5, 1, 4, 2, 0}) q.put_nowait(item);
        const auto putter = silk::spawn([&]() -> silk::task<> { co_await q.put(3); });
        co_await silk::sleep(1ms);
        EXPECT_EQ(q.get_nowait(), 0);  // 3 goes in
        putter.cancel();
        const std::string end = co_await ending(putter);
        EXPECT_EQ(end, "cancelled");
        std::vector<int> got;
        while (const auto item = q.try_get()) got.push_back(*item);
        EXPECT_EQ(got, (std::vector{1, 2, 4, 5}));
      },
      virtual_time(1));
}

// ---- the heap against a sorted vector ----

using heap = silk::detail::heap_store<int, std::less<int>>;

heap::node& make(int value) {
  return silk::detail::node_memory<heap::node>().make(std::in_place, value);
}

TEST(heap_store, gives_the_smallest_whatever_was_pushed_and_erased) {
  std::mt19937 random(5);
  heap store;
  std::vector<std::pair<int, heap::node*>> model;  // in the order in which they must come out
  for (int step = 0; step < 20'000; ++step) {
    const unsigned what = static_cast<unsigned>(random()) % 8;
    if (model.empty() || what < 4) {
      const int value = static_cast<int>(random() % 100);
      heap::node& item = make(value);
      store.push(item);
      const auto at = std::upper_bound(model.begin(), model.end(), value,
                                       [](int v, const auto& each) { return v < each.first; });
      model.insert(at, {value, &item});
    } else if (what < 7) {
      heap::node& item = store.pop();
      ASSERT_EQ(&item, model.front().second);
      model.erase(model.begin());
      silk::detail::destroy_node()(&item);
    } else {
      const auto at = model.begin() + static_cast<long>(random() % model.size());
      store.erase(*at->second);
      silk::detail::destroy_node()(at->second);
      model.erase(at);
    }
  }
  heap::destroy_all(store.take_all());
}

TEST(heap_store, is_destroyed_whatever_its_shape) {
  heap chain, fan;
  for (int i = 100'000; i > 0; --i) chain.push(make(i));  // each is the parent of the one before
  for (int i = 0; i < 100'000; ++i) fan.push(make(i));    // all are children of the first
  fan.push(make(-1));
  silk::detail::destroy_node()(&fan.pop());
  heap::destroy_all(chain.take_all());
  heap::destroy_all(fan.take_all());
}

}  // namespace
