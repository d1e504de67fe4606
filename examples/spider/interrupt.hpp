// interrupt_watch: a thread that waits for Ctrl-C, and meanwhile keeps the progress bar up to date.
//
// The signals are blocked in every thread and taken by this one only, so no code ever runs in a signal
// handler. A signal that comes before the watch is there waits for it; one that comes when the crawl
// is over changes nothing any more.
#pragma once

#include "crawl.hpp"

#include <atomic>
#include <functional>
#include <thread>

namespace spider {

class interrupt_watch {
 public:
  // Blocks SIGINT and SIGTERM for the calling thread and those it will start. Ignores SIGPIPE, so that
  // a write which nobody reads fails alike in every thread.
  static void claim_signals();

  // Calls `on_interrupt` at the first signal. The third one ends the process at once, for when a
  // reader of our output keeps the crawl from ending.
  interrupt_watch(crawl& watched, std::function<void()> on_interrupt);
  ~interrupt_watch();
  interrupt_watch(const interrupt_watch&) = delete;
  interrupt_watch& operator=(const interrupt_watch&) = delete;

 private:
  void watch();

  crawl& crawl_;
  std::function<void()> on_interrupt_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace spider
