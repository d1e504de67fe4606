// tally: counts pages and sites and how late the sleeps ended, without a word that two threads write.
//
// Each thread counts in a shard of its own, which it gets on its first count. The progress bar adds
// up the shards' counts at any time; the histograms are for the end, when the counting is over.
#pragma once

#include "histogram.hpp"

#include <silk/silk.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace spider {

struct totals {
  std::uint64_t pages = 0;
  std::uint64_t finished = 0;  // sites
};

class tally {
 public:
  // Written by one thread.
  class alignas(64) shard {
   public:
    void page_came(silk::duration late) noexcept {
      add_one(pages_);
      lateness_.add(static_cast<std::uint64_t>(late.count()));
    }
    void site_finished() noexcept { add_one(finished_); }

   private:
    friend class tally;
    // relaxed: one writer; readers want a recent value, nothing more
    static void add_one(std::atomic<std::uint64_t>& counter) noexcept {
      counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }

    std::atomic<std::uint64_t> pages_{0};
    std::atomic<std::uint64_t> finished_{0};
    histogram lateness_;
  };

  // The shard of the calling thread. A task may continue on another thread after every suspension, so
  // ask anew each time. One tally per process.
  shard& mine();

  totals sum() const;          // any time
  histogram lateness() const;  // after the last count

 private:
  shard& add_shard();

  mutable std::mutex lock_;
  std::vector<std::unique_ptr<shard>> shards_;  // guarded by lock_
};

}  // namespace spider
