#include "../../scheduler/frame_depot.hpp"

#include "../../scheduler/frame_pool.hpp"
#include "frame_blocks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <new>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace silk::scheduler {
namespace {

TEST(frame_class, holds_at_least_the_bytes_asked_for_and_wastes_less_than_16) {
  for (std::size_t bytes = 1; bytes <= 1024; ++bytes) {
    const std::size_t held = frame_class_bytes(frame_class(bytes));
    EXPECT_GE(held, bytes);
    EXPECT_LT(held, bytes + 16);
  }
  EXPECT_EQ(frame_class(0), 0u);
  EXPECT_EQ(frame_class(1024), largest_class);
}

TEST(frame_class, magazines_stay_within_16_kib) {
  for (std::size_t i = 0; i < frame_class_count; ++i) {
    EXPECT_LE(magazine_blocks(i) * frame_class_bytes(i), 16u * 1024);
    EXPECT_GE(magazine_blocks(i), 16u);
    EXPECT_LE(magazine_blocks(i), 64u);
  }
}

class frame_depot_test : public ::testing::Test {
 protected:
  ~frame_depot_test() override { cache.close(); }

  frame_depot depot;
  frame_cache cache{depot};
};

TEST_F(frame_depot_test, trim_keeps_what_is_in_use_and_the_rest_can_be_used_again) {
  std::vector<void*> blocks = allocate_many(cache, 100'000, class_of_144);
  const std::size_t mapped = depot.mapped_bytes();
  std::vector<void*> in_use, unused;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    (i < 10'000 || i % 5'000 == 0 ? in_use : unused).push_back(blocks[i]);
  }
  for (void* block : in_use) std::memset(block, 0x5a, 144);
  deallocate_all(cache, unused, class_of_144);
  cache.flush();

  const std::size_t released = depot.trim();
  EXPECT_GT(released, unused.size() * 144 / 2);
  for (void* block : in_use) {
    EXPECT_EQ(static_cast<unsigned char*>(block)[0], 0x5a);
    EXPECT_EQ(static_cast<unsigned char*>(block)[143], 0x5a);
  }
  const std::vector<void*> again = allocate_many(cache, unused.size(), class_of_144);
  std::set<void*> distinct(in_use.begin(), in_use.end());
  distinct.insert(again.begin(), again.end());
  EXPECT_EQ(distinct.size(), in_use.size() + again.size());
  EXPECT_LE(depot.mapped_bytes(), mapped);
}

TEST(frame_depot, a_magazine_that_lacks_a_block_is_not_full) {
  frame_depot depot;
  constexpr std::size_t size_class = 3;
  const std::uint32_t lacking = magazine_blocks(size_class) - 1;
  const memory_range slab = depot.take_slab();
  free_block* chain = nullptr;
  for (std::uint32_t i = 0; i < lacking; ++i) {
    auto* block = ::new (slab.begin + i * frame_class_bytes(size_class)) free_block;
    block->next = std::exchange(chain, block);
  }
  depot.give_loose(size_class, chain);
  EXPECT_EQ(depot.blocks_in_depot(), lacking);
  EXPECT_EQ(depot.take(size_class).count, lacking);
}

TEST_F(frame_depot_test, trim_gives_nothing_back_twice) {
  deallocate_all(cache, allocate_many(cache, 20'000, class_of_144), class_of_144);
  void* in_use = cache.allocate(class_of_144);
  cache.flush();
  EXPECT_GT(depot.trim(), 0u);
  EXPECT_EQ(depot.trim(), 0u);
  cache.deallocate(in_use, class_of_144);
}

// In no order, as tasks end: each cache miss of the walk is one of another magazine.
TEST_F(frame_depot_test, trim_finds_all_of_what_was_freed_in_no_order) {
  std::vector<void*> blocks = allocate_many(cache, 50'000, class_of_144);
  std::shuffle(blocks.begin(), blocks.end(), std::mt19937_64(7));
  void* in_use = blocks.back();
  blocks.pop_back();
  deallocate_all(cache, blocks, class_of_144);
  cache.flush();
  depot.trim();
  EXPECT_EQ(depot.mapped_bytes(), frame_depot::region_bytes);
  EXPECT_LT(depot.blocks_in_depot() * 144, frame_depot::slab_bytes);
  cache.deallocate(in_use, class_of_144);
  cache.flush();
  depot.trim();
  EXPECT_EQ(depot.mapped_bytes(), 0u);
}

bool starts_at_a_cache_line(const void* block) {
  return reinterpret_cast<std::uintptr_t>(block) % 64 == 0;
}

TEST_F(frame_depot_test, blocks_of_few_tasks_have_cache_lines_of_their_own) {
  const std::vector<void*> blocks = allocate_many(cache, 1'000, class_of_144);
  EXPECT_TRUE(std::all_of(blocks.begin(), blocks.end(), starts_at_a_cache_line));
  deallocate_all(cache, blocks, class_of_144);
}

TEST_F(frame_depot_test, blocks_of_a_burst_take_no_more_than_their_bytes) {
  const std::vector<void*> first = allocate_many(cache, 100'000, class_of_144);
  const std::size_t mapped = depot.mapped_bytes();
  const std::vector<void*> burst = allocate_many(cache, 100'000, class_of_144);
  EXPECT_LE(depot.mapped_bytes(),
            mapped + burst.size() * 144 * 101 / 100 + frame_depot::region_bytes);
  deallocate_all(cache, first, class_of_144);
  deallocate_all(cache, burst, class_of_144);
}

// One block stays in a region of each kind.
TEST_F(frame_depot_test, few_tasks_have_lines_of_their_own_after_each_trim) {
  std::vector<void*> blocks = allocate_many(cache, 100'000, class_of_144);
  void* const of_the_first = blocks.front();
  void* const of_the_burst = blocks.back();
  deallocate_all(cache, {blocks.begin() + 1, blocks.end() - 1}, class_of_144);
  for (int i = 0; i < 4; ++i) {
    cache.flush();
    depot.trim();
    // What is left of the slabs of these two is used first.
    const std::vector<void*> left =
        allocate_many(cache, depot.blocks_in_depot() + 1000, class_of_144);
    const std::vector<void*> few = allocate_many(cache, 100, class_of_144);
    EXPECT_TRUE(std::all_of(few.begin(), few.end(), starts_at_a_cache_line)) << i;
    deallocate_all(cache, few, class_of_144);
    deallocate_all(cache, left, class_of_144);
  }
  deallocate_all(cache, {of_the_first, of_the_burst}, class_of_144);
}

// Blocks of a size that leaves no scraps.
TEST_F(frame_depot_test, traffic_tells_what_is_free) {
  constexpr std::size_t class_of_256 = frame_class(256);
  const auto in_depot = [&] { return depot.blocks_in_depot() * 256; };
  std::vector<void*> blocks = allocate_many(cache, 1000, class_of_256);
  EXPECT_EQ(depot.traffic().given, 0u);
  deallocate_all(cache, blocks, class_of_256);
  EXPECT_GT(depot.traffic().free(), 0u);
  EXPECT_EQ(depot.traffic().free(), in_depot());
  cache.flush();
  EXPECT_EQ(depot.traffic().free(), in_depot());
  blocks = allocate_many(cache, 500, class_of_256);
  EXPECT_EQ(depot.traffic().free(), in_depot());
  EXPECT_GE(depot.traffic().taken, 500u * 256);
  deallocate_all(cache, blocks, class_of_256);
  cache.flush();
  depot.trim();
  EXPECT_EQ(depot.traffic().free(), 0u);
}

TEST_F(frame_depot_test, one_size_s_memory_serves_another_after_trim) {
  deallocate_all(cache, allocate_many(cache, 100'000, class_of_144), class_of_144);
  cache.flush();
  const std::size_t mapped = depot.mapped_bytes();
  depot.trim();
  deallocate_all(cache, allocate_many(cache, 14'000, largest_class), largest_class);
  EXPECT_LE(depot.mapped_bytes(), mapped + frame_depot::region_bytes);
}

// A thread that only allocates and one that only frees: what is mapped must follow what is alive.
TEST(frame_depot_stress, memory_stays_bounded_when_one_thread_allocates_and_another_frees) {
  constexpr std::size_t in_flight = 1000, total = 200'000;
  frame_depot depot;
  sync::mutex lock;
  sync::condition_variable changed;
  std::deque<void*> passed;

  sync::thread consumer([&] {
    frame_cache cache{depot};
    for (std::size_t i = 0; i < total; ++i) {
      void* block = nullptr;
      {
        sync::unique_lock<sync::mutex> hold(lock);
        changed.wait(hold, [&] { return !passed.empty(); });
        block = passed.front();
        passed.pop_front();
        if (passed.size() == in_flight / 2) changed.notify_all();
      }
      cache.deallocate(block, class_of_144);
    }
    cache.close();
  });
  frame_cache cache{depot};
  for (std::size_t i = 0; i < total; ++i) {
    void* block = cache.allocate(class_of_144);
    sync::unique_lock<sync::mutex> hold(lock);
    changed.wait(hold, [&] { return passed.size() < in_flight; });
    passed.push_back(block);
    if (passed.size() == 1) changed.notify_all();
  }
  consumer.join();
  cache.close();
  EXPECT_EQ(depot.mapped_bytes(), frame_depot::region_bytes);
}

// Blocks travel through a shared pool; whoever holds one has its mark in it.
struct traded {
  void* block;
  std::size_t size_class;
};

class trading_post {
 public:
  // Leaves `mine` there and takes a random other one, once there are enough.
  traded swap(traded mine, std::mt19937_64& random) {
    sync::lock_guard<sync::mutex> hold(lock_);
    offered_.push_back(mine);
    std::swap(offered_[random() % offered_.size()], offered_.back());
    traded taken = offered_.back();
    offered_.pop_back();
    return taken;
  }
  std::vector<traded> close() { return std::exchange(offered_, {}); }
  void stock(traded item) { offered_.push_back(item); }

 private:
  sync::mutex lock_;
  std::vector<traded> offered_;
};

traded take_marked(frame_cache& cache, std::size_t size_class) {
  void* block = cache.allocate(size_class);
  std::memset(block, static_cast<int>(size_class), frame_class_bytes(size_class));
  return {block, size_class};
}

// Another owner of the same block would have overwritten the mark, or linked it into a list.
bool has_mark(traded item) {
  const auto* bytes = static_cast<const unsigned char*>(item.block);
  return std::all_of(bytes, bytes + frame_class_bytes(item.size_class),
                     [&](unsigned char byte) { return byte == item.size_class; });
}

TEST(frame_depot_stress, no_block_is_handed_out_twice_while_threads_trade_and_trim) {
  constexpr int threads = 4, rounds = 20'000;
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  frame_depot depot;
  trading_post post;
  {
    frame_cache cache{depot};
    for (std::size_t i = 0; i < 500; ++i) post.stock(take_marked(cache, 1 + i % 9));
    cache.close();
  }
  sync::atomic<int> spoilt{0};
  std::vector<sync::thread> traders;
  traders.reserve(threads);
  for (int t = 0; t < threads; ++t) {
    traders.emplace_back([&, t] {
      std::mt19937_64 random(seed + static_cast<std::uint64_t>(t));
      frame_cache cache{depot};
      for (int i = 0; i < rounds; ++i) {
        const traded other = post.swap(take_marked(cache, 1 + random() % 9), random);
        if (!has_mark(other)) ++spoilt;
        cache.deallocate(other.block, other.size_class);
        if (i % 5'000 == 0) depot.trim();
        if (i % 777 == 0) cache.flush();
      }
      cache.close();
    });
  }
  for (sync::thread& trader : traders) trader.join();
  EXPECT_EQ(spoilt.load(), 0);
  frame_cache cache{depot};
  for (const traded item : post.close()) {
    EXPECT_TRUE(has_mark(item));
    cache.deallocate(item.block, item.size_class);
  }
  cache.close();
  EXPECT_LE(depot.mapped_bytes(), 2 * frame_depot::region_bytes);
  depot.trim();
  EXPECT_EQ(depot.mapped_bytes(), 0u);
}

}  // namespace
}  // namespace silk::scheduler
