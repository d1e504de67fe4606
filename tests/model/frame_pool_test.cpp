// P1, P2 and P3 (frame_depot.hpp, frame_pool.hpp): every block is in exactly one place, whichever thread
// frees it. Whoever has a block writes to all of it: if two had the same, that would be a data race.
#include "../../scheduler/frame_pool.hpp"

#include "report.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace {

namespace sync = silk::scheduler::sync;
using silk::model::all;
using silk::model::check;
using silk::model::expect_holds;
using silk::model::together;
using silk::scheduler::frame_cache;
using silk::scheduler::frame_class_bytes;
using silk::scheduler::frame_depot;
using silk::scheduler::magazine_blocks;

// The largest class, whose magazines are the shortest.
constexpr std::size_t size_class = silk::scheduler::frame_class_count - 1;
constexpr std::size_t magazine = magazine_blocks(size_class);
constexpr std::size_t most =
    2 * magazine + 1;  // freed by one thread, one magazine goes to the depot

struct frame {
  int owner;
  char rest[frame_class_bytes(size_class) - sizeof(int)];
};

class thread_frames {
 public:
  thread_frames(frame_depot& depot, int me) noexcept : cache_(depot), me_(me) {}
  ~thread_frames() { cache_.close(); }
  thread_frames(const thread_frames&) = delete;
  thread_frames& operator=(const thread_frames&) = delete;

  void allocate(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      auto* fresh = static_cast<frame*>(cache_.allocate(size_class));
      fresh->owner = me_;
      have_[count_++] = fresh;
    }
  }
  void free(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      frame* last = have_[--count_];
      check(last->owner == me_, "nobody else has it");
      last->owner = 0;
      cache_.deallocate(last, size_class);
    }
  }
  // Blocks change hands, as frames of tasks do that end on another worker.
  void give(thread_frames& to) {
    for (std::size_t i = 0; i < count_; ++i) {
      have_[i]->owner = to.me_;
      to.have_[to.count_++] = have_[i];
    }
    count_ = 0;
  }

 private:
  frame_cache cache_;
  int me_;
  std::array<frame*, 2 * most> have_{};
  std::size_t count_ = 0;
};

TEST(frame_pool, two_threads_that_start_have_different_blocks) {
  expect_holds(all(), [] {
    frame_depot depot;
    const auto use = [&](int me) {
      thread_frames mine(depot, me);
      mine.allocate(2);
      mine.free(2);
    };
    together([&] { use(1); }, [&] { use(2); });
  });
}

TEST(frame_pool, blocks_that_one_frees_in_a_storm_serve_the_other) {
  expect_holds(all(), [] {
    frame_depot depot;
    thread_frames first(depot, 1), second(depot, 2);
    first.allocate(most);
    first.give(second);
    together([&] { second.free(most); },
             [&] {
               first.allocate(magazine + 1);
               first.free(magazine + 1);
             });
  });
}

TEST(frame_pool, threads_that_end_leave_their_blocks_to_others) {
  expect_holds(all(), [] {
    frame_depot depot;
    const auto use = [&](int me, std::size_t count) {
      thread_frames mine(depot, me);
      mine.allocate(count);
      mine.free(count);
    };
    together([&] { use(1, magazine + 1); }, [&] { use(2, 3); });
    const std::size_t mapped = depot.mapped_bytes();
    use(3, magazine);
    check(depot.mapped_bytes() == mapped, "what is there is used first");
  });
}

TEST(frame_pool, three_threads_exchange_magazines) {
  expect_holds(all(), [] {
    frame_depot depot;
    thread_frames first(depot, 1), second(depot, 2), third(depot, 3);
    first.allocate(most);
    together(
        [&] {
          first.free(most);
          first.allocate(1);
          first.free(1);
        },
        [&] {
          second.allocate(magazine + 1);
          second.free(magazine + 1);
        },
        [&] {
          third.allocate(1);
          third.free(1);
        });
  });
}

TEST(frame_pool, trimming_takes_nothing_that_is_in_use) {
  expect_holds(all(), [] {
    frame_depot depot;
    thread_frames first(depot, 1);
    {
      thread_frames ended(depot, 2);
      ended.allocate(3);
      ended.free(3);
    }
    together(
        [&] {
          first.allocate(2);
          first.free(1);
        },
        [&] { depot.trim(); });
    first.free(1);
  });
}

}  // namespace
