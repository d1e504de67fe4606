#include "timer_wheel_timers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace {

using namespace silk_tests;

constexpr std::uint64_t end_of_run = std::uint64_t{1} << 63;  // leaves room to the end of time

// Every operation in random order against a sorted list of what is armed.
class model {
 public:
  model(std::uint64_t seed, std::uint64_t start) : random_(seed), now_(start), wheel_(start) {}

  void step() {
    switch (below(16)) {
      case 0:
        insert_burst();
        break;
      case 1:
        for (auto burst = below(3000); burst > 0; --burst) remove();
        break;
      case 2:
        wheel_.trim();
        break;
      case 3:
      case 4:
      case 5:
      case 6:
        insert(random_deadline(now_));
        break;
      case 7:
      case 8:
      case 9:
        remove();
        break;
      case 10:
        if (wheel_.next_deadline() < end_of_run) advance(wheel_.next_deadline());
        break;
      case 11:
        advance(below(now_ + 1));
        break;
      default:
        advance(now_ + (random_() >> (20 + below(44))));
    }
    check();
  }

  void finish() {
    while (!armed_.empty()) {
      advance(no_deadline - 1);
      check();
    }
    EXPECT_EQ(wheel_.used_bytes(), 0u);
  }

 private:
  using sorted = std::multimap<std::uint64_t, timer*>;

  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  std::uint64_t random_deadline(std::uint64_t from) {
    if (below(8) == 0) return below(from + 1);  // overdue
    if (below(4) == 0 && !armed_.empty()) return armed_.rbegin()->first;
    if (below(4) == 0) return from + below(1000);
    const std::uint64_t deadline = from + (random_() >> below(64));
    return deadline < from ? no_deadline - 1 : std::min(deadline, no_deadline - 1);
  }

  // In any order, or in that of their deadlines.
  void insert_burst() {
    const std::uint64_t begin = now_ + second, most_apart = below(2) == 0 ? 0 : 1 + below(100'000);
    std::uint64_t next = begin;
    for (auto burst = below(4000); burst > 0; --burst) {
      insert(most_apart == 0 ? random_deadline(begin) : next);
      if (most_apart != 0) next += below(most_apart);
    }
  }

  void insert(std::uint64_t deadline) {
    if (free_.empty()) free_.push_back(&storage_.emplace_back());
    timer& each = *free_.back();
    free_.pop_back();
    each.node.deadline = deadline;
    const std::uint64_t due = std::max(each.node.deadline, now_);  // raised
    wheel_.insert(each.node);
    const auto at = armed_.emplace(due, &each);
    places_.push_back(at);
  }

  void remove() {
    if (places_.empty()) return;
    std::swap(places_[below(places_.size())], places_.back());
    timer& each = *places_.back()->second;
    removed_.insert(each.node.deadline);
    ASSERT_TRUE(wheel_.remove(each.node));
    ASSERT_FALSE(wheel_.remove(each.node));
    armed_.erase(places_.back());
    places_.pop_back();
    free_.push_back(&each);
  }

  // As many calls as it takes.
  std::vector<timer*> fire(std::uint64_t now, std::size_t limit) {
    job_list due;
    do {
      wheel_.advance(now, limit - due.size(), due);
    } while (due.size() < limit && wheel_.next_deadline() <= now);
    std::vector<timer*> fired;
    while (!due.empty()) {
      fired.push_back(static_cast<timer*>(&due.pop_front()));
      EXPECT_EQ(fired.back()->node.state, timer_state::fired);
    }
    return fired;
  }

  void advance(std::uint64_t to) {
    now_ = std::max(now_, to);
    const std::size_t limit = below(2) == 0 ? all : below(100);
    const std::vector<timer*> fired = fire(to, limit);
    for (timer* each : fired) {
      ASSERT_FALSE(armed_.empty());
      ASSERT_EQ(each, armed_.begin()->second) << "out of order at " << to;
      armed_.erase(armed_.begin());
      free_.push_back(each);
    }
    const bool more = !armed_.empty() && armed_.begin()->first <= to;
    ASSERT_TRUE(!more || fired.size() == limit);
    if (!fired.empty()) refresh_places();
  }

  void refresh_places() {
    places_.clear();
    for (auto at = armed_.begin(); at != armed_.end(); ++at) places_.push_back(at);
  }

  void check() {
    ASSERT_EQ(wheel_.size(), armed_.size());
    ASSERT_LE(wheel_.used_bytes(), armed_.size() * chunk_bytes);
    const std::uint64_t next = wheel_.next_deadline();
    const std::uint64_t least = armed_.empty() ? no_deadline : armed_.begin()->first;
    ASSERT_LE(next, least);
    ASSERT_TRUE(next == least || removed_.contains(next)) << "exact but for removals";
  }

  std::mt19937_64 random_;
  std::uint64_t now_;
  timer_wheel wheel_;
  std::deque<timer> storage_;
  std::vector<timer*> free_;
  sorted armed_;
  std::vector<sorted::iterator> places_;
  std::set<std::uint64_t> removed_;
};

TEST(timer_wheel_model, behaves_like_a_sorted_list) {
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE(seed);
    model both(seed, seed % 4 == 0 ? std::uint64_t{1} << 62 : seed * second);
    for (int i = 0; i < 600; ++i) {
      both.step();
      if (testing::Test::HasFatalFailure()) return;
    }
    both.finish();
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
