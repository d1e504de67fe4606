#include "screen.hpp"

#include <fmt/core.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

namespace spider {

namespace {

std::size_t columns_of_terminal() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

void flush_stdout() {
  if (std::fflush(stdout) == 0) return;
  throw std::system_error(errno, std::generic_category(), "cannot write to stdout");
}

screen::screen() : stderr_is_terminal_(::isatty(STDERR_FILENO) == 1) {}

void screen::print_page(std::string_view site, std::uint32_t page) {
  const std::lock_guard hold(lock_);
  erase_bar();
  fmt::print("{} {}\n", site, page);
  flush_stdout();  // in a pipe, too, a page shows when it came
}

void screen::show_progress(totals so_far, std::uint64_t all_sites, std::uint64_t all_pages) {
  const std::chrono::duration<double> elapsed = clock::now() - began_;
  if (elapsed < std::chrono::seconds(1)) return;
  // A page line may be stuck because nobody reads stdout: then the bar is what can wait.
  const std::unique_lock hold(lock_, std::try_to_lock);
  if (!hold || ended_) return;

  constexpr std::size_t width = 24;
  const auto share = static_cast<double>(so_far.pages) / static_cast<double>(all_pages);
  const auto filled = std::min(width, static_cast<std::size_t>(share * width));
  const std::string bar =
      fmt::format("[{:.<{}}] {}/{} pages, {} sites alive, {:.0f} pages/s", std::string(filled, '#'),
                  width, so_far.pages, all_pages, all_sites - so_far.finished,
                  static_cast<double>(so_far.pages) / elapsed.count());
  // A line that wraps could not be erased.
  fmt::print(stderr, "\r{:.{}}\033[K", bar, columns_of_terminal() - 1);
  bar_visible_ = true;
}

void screen::end_progress() {
  const std::lock_guard hold(lock_);
  ended_ = true;
  erase_bar();
}

void screen::erase_bar() {
  if (!bar_visible_) return;
  fmt::print(stderr, "\r\033[K");
  bar_visible_ = false;
}

}  // namespace spider
