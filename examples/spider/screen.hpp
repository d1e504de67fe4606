// screen: the page lines on stdout, and a progress bar on stderr when that is a terminal.
//
// Both may be the same terminal, so a page line takes the bar away before it is printed; the bar
// comes back with its next update.
#pragma once

#include "tally.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string_view>

namespace spider {

// Writes out what is buffered: even of a line-buffered stdout, fwrite does not say when that fails.
// Throws std::system_error.
void flush_stdout();

class screen {
 public:
  screen();
  ~screen() { end_progress(); }
  screen(const screen&) = delete;
  screen& operator=(const screen&) = delete;

  // Throws std::system_error when stdout takes no more.
  void print_page(std::string_view site, std::uint32_t page);

  bool has_bar() const noexcept { return stderr_is_terminal_; }
  // Shows how far the crawl is; nothing in its first second.
  void show_progress(totals so_far, std::uint64_t all_sites, std::uint64_t all_pages);
  // Takes the bar away for good.
  void end_progress();

 private:
  using clock = std::chrono::steady_clock;  // real time, whatever the runtime's is

  void erase_bar();  // with lock_ held

  const bool stderr_is_terminal_;
  const clock::time_point began_ = clock::now();
  std::mutex lock_;
  bool bar_visible_ = false;  // guarded by lock_
  bool ended_ = false;        // guarded by lock_
};

}  // namespace spider
