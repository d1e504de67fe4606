// Caches are tested on depots of their own, in every build; allocate_frame itself uses operator new
// under sanitizers, where its tests only prove that it hands out sound memory.
#include "../../scheduler/frame_pool.hpp"

#include "frame_blocks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

namespace silk::scheduler {
namespace {

class frame_cache_test : public ::testing::Test {
 protected:
  ~frame_cache_test() override { cache.close(); }

  frame_depot depot;
  frame_cache cache{depot};
};

TEST_F(frame_cache_test, hands_out_the_block_freed_last) {
  void* first = cache.allocate(class_of_144);
  void* second = cache.allocate(class_of_144);
  cache.deallocate(first, class_of_144);
  cache.deallocate(second, class_of_144);
  EXPECT_EQ(cache.allocate(class_of_144), second);
  EXPECT_EQ(cache.allocate(class_of_144), first);
}

TEST_F(frame_cache_test, blocks_of_all_classes_are_aligned_and_do_not_overlap) {
  struct piece {
    std::uintptr_t begin, end;
  };
  std::vector<piece> pieces;
  for (std::size_t i = 0; i < 200 * frame_class_count; ++i) {
    const std::size_t size_class = i % frame_class_count;
    void* block = cache.allocate(size_class);
    std::memset(block, 0xff, frame_class_bytes(size_class));
    const auto begin = reinterpret_cast<std::uintptr_t>(block);
    EXPECT_EQ(begin % 16, 0u);
    pieces.push_back({begin, begin + frame_class_bytes(size_class)});
  }
  std::sort(pieces.begin(), pieces.end(), [](piece a, piece b) { return a.begin < b.begin; });
  for (std::size_t i = 1; i < pieces.size(); ++i) EXPECT_LE(pieces[i - 1].end, pieces[i].begin);
}

TEST_F(frame_cache_test, keeps_at_most_two_magazines_of_a_class_to_itself) {
  deallocate_all(cache, allocate_many(cache, 1000, class_of_144), class_of_144);
  EXPECT_GE(depot.blocks_in_depot(), 1000 - 2 * magazine_blocks(class_of_144));
}

TEST_F(frame_cache_test, going_back_and_forth_over_a_magazine_s_edge_leaves_the_depot_alone) {
  const std::size_t full = magazine_blocks(class_of_144);
  deallocate_all(cache, allocate_many(cache, 4 * full, class_of_144), class_of_144);
  deallocate_all(cache, allocate_many(cache, 1, class_of_144), class_of_144);
  const std::size_t before = depot.blocks_in_depot();
  for (std::size_t swing = 1; swing < full; ++swing) {
    deallocate_all(cache, allocate_many(cache, swing, class_of_144), class_of_144);
    EXPECT_EQ(depot.blocks_in_depot(), before);
  }
}

TEST_F(frame_cache_test, takes_from_the_depot_what_another_cache_gave_before_mapping_more) {
  frame_cache other{depot};
  deallocate_all(other, allocate_many(other, 30'000, class_of_144), class_of_144);
  other.close();
  const std::size_t mapped = depot.mapped_bytes();
  const std::vector<void*> blocks = allocate_many(cache, 30'000, class_of_144);
  EXPECT_EQ(depot.mapped_bytes(), mapped);
  EXPECT_EQ(std::set<void*>(blocks.begin(), blocks.end()).size(), blocks.size());
}

TEST_F(frame_cache_test, settling_leaves_to_the_depot_what_much_has_gone_through) {
  deallocate_all(cache, allocate_many(cache, 100, class_of_144), class_of_144);
  const std::size_t before = depot.blocks_in_depot();
  cache.settle();
  EXPECT_EQ(depot.blocks_in_depot(), before) << "the next tasks find their blocks at hand";
  deallocate_all(cache, allocate_many(cache, 10'000, class_of_144), class_of_144);
  cache.settle();
  depot.trim();
  EXPECT_EQ(depot.mapped_bytes(), 0u);
}

TEST_F(frame_cache_test, closing_leaves_no_byte_behind) {
  for (std::size_t i = 0; i < frame_class_count; ++i) {
    deallocate_all(cache, allocate_many(cache, 300, i), i);
  }
  cache.close();
  EXPECT_GT(depot.mapped_bytes(), 0u);
  depot.trim();
  EXPECT_EQ(depot.mapped_bytes(), 0u);
  EXPECT_EQ(depot.blocks_in_depot(), 0u);
}

TEST_F(frame_cache_test, works_without_keeping_anything_once_closed) {
  void* early = cache.allocate(class_of_144);
  cache.close();
  const std::size_t before = depot.blocks_in_depot();
  cache.deallocate(early, class_of_144);
  EXPECT_EQ(depot.blocks_in_depot(), before + 1);

  void* late = cache.allocate(class_of_144);
  void* large = cache.allocate(largest_class);
  EXPECT_NE(late, large);
  cache.deallocate(late, class_of_144);
  cache.deallocate(large, largest_class);
  depot.trim();
  EXPECT_EQ(depot.mapped_bytes(), 0u);
}

TEST_F(frame_cache_test, a_few_blocks_touch_a_few_pages) {
  cache.allocate(class_of_144);
  void* second = cache.allocate(class_of_144);
  cache.allocate(class_of_144);
  EXPECT_EQ(depot.mapped_bytes(), frame_depot::region_bytes);
  const auto address = reinterpret_cast<std::uintptr_t>(second);
  EXPECT_LT(address % frame_depot::region_bytes, 2u * 4096);
}

TEST(allocate_frame, serves_every_size) {
  for (const std::size_t bytes : {0, 1, 16, 17, 144, 1023, 1024, 1025, 5000}) {
    void* memory = allocate_frame(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 16, 0u);
    std::memset(memory, 0xff, bytes);
    deallocate_frame(memory, bytes);
  }
}

TEST(allocate_frame, a_thread_s_blocks_survive_it_and_serve_others) {
  void* block = nullptr;
  sync::thread([&] { block = allocate_frame(144); }).join();
  std::memset(block, 0xff, 144);
  deallocate_frame(block, 144);
}

TEST(allocate_frame, an_ending_thread_gives_its_memory_to_the_depot) {
  if (!detail::is_pooled(144)) GTEST_SKIP() << "frames come from operator new";
  trim_frames();
  ASSERT_LT(frame_memory_now().blocks_in_depot, 1000u);
  sync::thread([] {
    std::vector<void*> blocks(1000);
    for (void*& block : blocks) block = allocate_frame(144);
    for (void* block : blocks) deallocate_frame(block, 144);
  }).join();
  EXPECT_GE(frame_memory_now().blocks_in_depot, 1000u);
  trim_frames();
}

// Constructed before the thread's first frame, hence destroyed after its cache has closed.
struct frees_late {
  void* block = nullptr;
  ~frees_late() {
    deallocate_frame(block, 144);
    deallocate_frame(allocate_frame(32), 32);
  }
};

TEST(allocate_frame, may_be_called_by_destructors_of_other_thread_locals) {
  sync::thread([] {
    thread_local frees_late late;
    late.block = allocate_frame(144);
  }).join();
}

TEST(allocate_frame, may_be_called_by_destructors_of_statics) {
  static frees_late late;
  if (late.block == nullptr) late.block = allocate_frame(144);
}

}  // namespace
}  // namespace silk::scheduler
