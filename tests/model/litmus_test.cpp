// The memory model of the checker: what classic litmus tests may and may not come to in C++20.
//
// Outcomes that the checker never produces although C++20 allows them (load buffering) are told in
// docs/decisions/009-model-checker.md; the tests say so, too.
#include "outcomes.hpp"

#include <gtest/gtest.h>

namespace {

namespace sync = silk::scheduler::sync;
using silk::model::outcomes;
using sync::memory_order_acq_rel;
using sync::memory_order_acquire;
using sync::memory_order_relaxed;
using sync::memory_order_release;
using sync::memory_order_seq_cst;
using atomic = sync::atomic<int>;

// All that the body can come to, whatever the number of preemptions.
template <class Body>
outcomes explored(Body body) {
  outcomes all;
  const silk::model::result found = silk::model::explore(
      {.preemptions = silk::model::search_tree::unbounded}, [&] { body(all); });
  EXPECT_FALSE(found.failed) << found.failure << "\n" << found.trace;
  EXPECT_TRUE(found.complete);
  return all;
}

// ---- store buffering ----

outcomes store_buffering(std::memory_order store, std::memory_order load) {
  return explored([=](outcomes& all) {
    atomic x{0}, y{0};
    int a = 0, b = 0;
    silk::model::together(
        [&] {
          x.store(1, store);
          a = y.load(load);
        },
        [&] {
          y.store(1, store);
          b = x.load(load);
        });
    all.add({a, b});
  });
}

TEST(store_buffering, both_may_miss_with_release_and_acquire) {
  const outcomes all = store_buffering(memory_order_release, memory_order_acquire);
  EXPECT_TRUE(all.has({0, 0}));
  EXPECT_EQ(all.count(), 4u);
}

TEST(store_buffering, one_sees_the_other_with_seq_cst) {
  const outcomes all = store_buffering(memory_order_seq_cst, memory_order_seq_cst);
  EXPECT_FALSE(all.has({0, 0}));
  EXPECT_EQ(all.count(), 3u);
}

template <class First, class Second>
outcomes store_buffering_with(First first, Second second) {
  return explored([=](outcomes& all) {
    atomic x{0}, y{0};
    int a = 0, b = 0;
    silk::model::together(
        [&] {
          x.store(1, memory_order_relaxed);
          first();
          a = y.load(memory_order_relaxed);
        },
        [&] {
          y.store(1, memory_order_relaxed);
          second();
          b = x.load(memory_order_relaxed);
        });
    all.add({a, b});
  });
}

constexpr auto nothing = [] {};
constexpr auto full = [] { sync::full_fence(); };
constexpr auto light = [] { sync::light_fence(); };
constexpr auto heavy = [] { sync::heavy_fence(); };

TEST(store_buffering, one_sees_the_other_with_full_fences) {
  EXPECT_FALSE(store_buffering_with(full, full).has({0, 0}));
  EXPECT_TRUE(store_buffering_with(full, nothing).has({0, 0}));
}

TEST(store_buffering, a_heavy_fence_pairs_with_a_light_one) {
  const outcomes all = store_buffering_with(light, heavy);
  EXPECT_FALSE(all.has({0, 0}));
  EXPECT_EQ(all.count(), 3u);
  EXPECT_FALSE(store_buffering_with(heavy, heavy).has({0, 0}));
}

TEST(store_buffering, light_fences_alone_do_nothing) {
  EXPECT_TRUE(store_buffering_with(light, light).has({0, 0}));
}

// The compiler may have moved the load before the store.
TEST(store_buffering, a_heavy_fence_needs_a_light_one_on_the_other_side) {
  EXPECT_TRUE(store_buffering_with(nothing, heavy).has({0, 0}));
}

// ---- message passing ----

outcomes message_passing(std::memory_order store, std::memory_order load) {
  return explored([=](outcomes& all) {
    atomic data{0}, flag{0};
    int seen = 0, value = 0;
    silk::model::together(
        [&] {
          data.store(1, memory_order_relaxed);
          flag.store(1, store);
        },
        [&] {
          seen = flag.load(load);
          value = data.load(memory_order_relaxed);
        });
    all.add({seen, value});
  });
}

TEST(message_passing, needs_release_and_acquire) {
  EXPECT_FALSE(message_passing(memory_order_release, memory_order_acquire).has({1, 0}));
  EXPECT_TRUE(message_passing(memory_order_relaxed, memory_order_acquire).has({1, 0}));
  EXPECT_TRUE(message_passing(memory_order_release, memory_order_relaxed).has({1, 0}));
}

outcomes message_passing_by_fences(bool releases, bool acquires) {
  return explored([=](outcomes& all) {
    atomic data{0}, flag{0};
    int seen = 0, value = 0;
    silk::model::together(
        [&] {
          data.store(1, memory_order_relaxed);
          if (releases) sync::fence(memory_order_release);
          flag.store(1, memory_order_relaxed);
        },
        [&] {
          seen = flag.load(memory_order_relaxed);
          if (acquires) sync::fence(memory_order_acquire);
          value = data.load(memory_order_relaxed);
        });
    all.add({seen, value});
  });
}

TEST(message_passing, works_with_release_and_acquire_fences) {
  EXPECT_FALSE(message_passing_by_fences(true, true).has({1, 0}));
  EXPECT_TRUE(message_passing_by_fences(false, true).has({1, 0}));
  EXPECT_TRUE(message_passing_by_fences(true, false).has({1, 0}));
}

// A release sequence: the head's release, a relaxed read-modify-write of another thread.
outcomes message_through(bool read_modify_write) {
  return explored([=](outcomes& all) {
    atomic data{0}, flag{0};
    int seen = 0, value = 0;
    silk::model::together(
        [&] {
          data.store(1, memory_order_relaxed);
          flag.store(1, memory_order_release);
        },
        [&] {
          if (read_modify_write) {
            flag.fetch_add(2, memory_order_relaxed);
          } else if (flag.load(memory_order_relaxed) == 1) {
            flag.store(3, memory_order_relaxed);
          }
        },
        [&] {
          seen = flag.load(memory_order_acquire);
          value = data.load(memory_order_relaxed);
        });
    all.add({seen, value});
  });
}

TEST(message_passing, a_release_sequence_goes_on_through_a_read_modify_write) {
  const outcomes all = message_through(true);
  EXPECT_TRUE(all.has({3, 1}));
  EXPECT_FALSE(all.has({3, 0}));
}

TEST(message_passing, a_relaxed_store_ends_a_release_sequence) {
  EXPECT_TRUE(message_through(false).has({3, 0}));
}

// ---- coherence ----

TEST(coherence, a_thread_never_reads_backwards) {
  const outcomes all = explored([](outcomes& found) {
    atomic x{0};
    int a = 0, b = 0;
    silk::model::together([&] { x.store(1, memory_order_relaxed); },
                          [&] {
                            a = x.load(memory_order_relaxed);
                            b = x.load(memory_order_relaxed);
                          });
    found.add({a, b});
  });
  EXPECT_FALSE(all.has({1, 0}));
  EXPECT_EQ(all.count(), 3u);
}

TEST(coherence, readers_agree_on_the_order_of_two_writers) {
  const outcomes all = explored([](outcomes& found) {
    atomic x{0};
    int a = 0, b = 0, c = 0, d = 0;
    silk::model::together([&] { x.store(1, memory_order_relaxed); },
                          [&] { x.store(2, memory_order_relaxed); },
                          [&] {
                            a = x.load(memory_order_relaxed);
                            b = x.load(memory_order_relaxed);
                          },
                          [&] {
                            c = x.load(memory_order_relaxed);
                            d = x.load(memory_order_relaxed);
                          });
    found.add({a, b, c, d});
  });
  EXPECT_TRUE(all.has({1, 2, 1, 2}));
  EXPECT_TRUE(all.has({2, 1, 2, 1}));
  EXPECT_FALSE(all.has({1, 2, 2, 1}));
  EXPECT_FALSE(all.has({2, 1, 1, 2}));
}

outcomes two_writes_each(std::memory_order order) {
  return explored([=](outcomes& found) {
    atomic x{0}, y{0};
    silk::model::together(
        [&] {
          x.store(1, order);
          y.store(2, order);
        },
        [&] {
          y.store(1, order);
          x.store(2, order);
        });
    found.add({x.load(memory_order_relaxed), y.load(memory_order_relaxed)});
  });
}

TEST(coherence, weak_stores_need_not_take_effect_in_the_order_of_the_program) {
  EXPECT_TRUE(two_writes_each(memory_order_relaxed).has({1, 1}));
  EXPECT_TRUE(two_writes_each(memory_order_release).has({1, 1}));
  EXPECT_FALSE(two_writes_each(memory_order_seq_cst).has({1, 1}));
}

// ---- independent reads of independent writes ----

outcomes independent_reads(std::memory_order store, std::memory_order load) {
  return explored([=](outcomes& found) {
    atomic x{0}, y{0};
    int a = 0, b = 0, c = 0, d = 0;
    silk::model::together([&] { x.store(1, store); }, [&] { y.store(1, store); },
                          [&] {
                            a = x.load(load);
                            b = y.load(load);
                          },
                          [&] {
                            c = y.load(load);
                            d = x.load(load);
                          });
    found.add({a, b, c, d});
  });
}

TEST(independent_reads, may_disagree_with_acquire) {
  const outcomes all = independent_reads(memory_order_release, memory_order_acquire);
  EXPECT_TRUE(all.has({1, 0, 1, 0}));
  EXPECT_EQ(all.count(), 16u);
}

TEST(independent_reads, agree_with_seq_cst) {
  const outcomes all = independent_reads(memory_order_seq_cst, memory_order_seq_cst);
  EXPECT_FALSE(all.has({1, 0, 1, 0}));
  EXPECT_EQ(all.count(), 15u);
}

TEST(independent_reads, agree_with_full_fences_between) {
  const outcomes all = explored([](outcomes& found) {
    atomic x{0}, y{0};
    int a = 0, b = 0, c = 0, d = 0;
    silk::model::together([&] { x.store(1, memory_order_relaxed); },
                          [&] { y.store(1, memory_order_relaxed); },
                          [&] {
                            a = x.load(memory_order_relaxed);
                            sync::full_fence();
                            b = y.load(memory_order_relaxed);
                          },
                          [&] {
                            c = y.load(memory_order_relaxed);
                            sync::full_fence();
                            d = x.load(memory_order_relaxed);
                          });
    found.add({a, b, c, d});
  });
  EXPECT_FALSE(all.has({1, 0, 1, 0}));
}

// ---- load buffering: allowed by C++20, never produced here ----

TEST(load_buffering, is_not_produced) {
  const outcomes all = explored([](outcomes& found) {
    atomic x{0}, y{0};
    int a = 0, b = 0;
    silk::model::together(
        [&] {
          a = x.load(memory_order_relaxed);
          y.store(1, memory_order_relaxed);
        },
        [&] {
          b = y.load(memory_order_relaxed);
          x.store(1, memory_order_relaxed);
        });
    found.add({a, b});
  });
  EXPECT_FALSE(all.has({1, 1}));
  EXPECT_EQ(all.count(), 3u);
}

// ---- read-modify-writes ----

TEST(read_modify_write, none_is_lost) {
  const outcomes all = explored([](outcomes& found) {
    atomic x{0};
    const auto add = [&] { x.fetch_add(1, memory_order_relaxed); };
    silk::model::together(add, add, add);
    found.add({x.load(memory_order_relaxed)});
  });
  EXPECT_TRUE(all.has({3}));
  EXPECT_EQ(all.count(), 1u);
}

TEST(read_modify_write, exactly_one_compare_exchange_wins) {
  const outcomes all = explored([](outcomes& found) {
    atomic x{0};
    int winners = 0;
    bool a = false, b = false;
    const auto take = [&](bool& won) {
      int expected = 0;
      won = x.compare_exchange_strong(expected, 1, memory_order_relaxed);
    };
    silk::model::together([&] { take(a); }, [&] { take(b); });
    winners = (a ? 1 : 0) + (b ? 1 : 0);
    found.add({winners});
  });
  EXPECT_TRUE(all.has({1}));
  EXPECT_EQ(all.count(), 1u);
}

// It may come before a store that is already there: the store then wins.
TEST(read_modify_write, may_come_before_a_relaxed_store_that_its_thread_does_not_know) {
  const outcomes all = explored([](outcomes& found) {
    atomic x{0}, done{0};
    int before = 0, flag = 0;
    silk::model::together(
        [&] {
          x.store(1, memory_order_relaxed);
          done.store(1, memory_order_relaxed);
        },
        [&] {
          flag = done.load(memory_order_relaxed);
          before = x.fetch_add(4, memory_order_relaxed);
        });
    found.add({flag, before, x.load(memory_order_relaxed)});
  });
  EXPECT_TRUE(all.has({1, 0, 1}));
  EXPECT_TRUE(all.has({1, 1, 5}));
  EXPECT_FALSE(all.has({1, 0, 5}));
}

TEST(read_modify_write, a_weak_one_may_fail_for_no_reason) {
  outcomes all;
  const auto body = [&] {
    atomic x{0};
    int expected = 0;
    const bool done = x.compare_exchange_weak(expected, 1, memory_order_relaxed);
    all.add({done ? 1 : 0});
  };
  EXPECT_TRUE(silk::model::explore({.spurious = 1}, body).complete);
  EXPECT_TRUE(all.has({0}));
  EXPECT_TRUE(all.has({1}));
}

// ---- seq_cst fences and accesses together (P0668) ----

TEST(order, a_fence_orders_a_seq_cst_store_before_it) {
  const outcomes all = explored([](outcomes& found) {
    atomic x{0}, y{0};
    int a = 0, b = 0;
    silk::model::together(
        [&] {
          x.store(1, memory_order_seq_cst);
          a = y.load(memory_order_seq_cst);
        },
        [&] {
          y.store(1, memory_order_relaxed);
          sync::full_fence();
          b = x.load(memory_order_relaxed);
        });
    found.add({a, b});
  });
  EXPECT_FALSE(all.has({0, 0}));
  EXPECT_EQ(all.count(), 3u);
}

TEST(order, a_seq_cst_store_is_no_fence_for_a_later_relaxed_load) {
  const outcomes all = explored([](outcomes& found) {
    atomic x{0}, y{0};
    int a = 0, b = 0;
    silk::model::together(
        [&] {
          x.store(1, memory_order_seq_cst);
          a = y.load(memory_order_relaxed);
        },
        [&] {
          y.store(1, memory_order_seq_cst);
          b = x.load(memory_order_relaxed);
        });
    found.add({a, b});
  });
  EXPECT_TRUE(all.has({0, 0}));
}

}  // namespace
