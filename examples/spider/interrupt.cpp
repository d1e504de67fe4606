#include "interrupt.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <ctime>
#include <utility>

namespace spider {

namespace {

constexpr int signals_until_exit = 3;
constexpr timespec bar_interval{.tv_sec = 0, .tv_nsec = 100'000'000};

sigset_t our_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

void interrupt_watch::claim_signals() {
  const sigset_t set = our_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

interrupt_watch::interrupt_watch(crawl& watched, std::function<void()> on_interrupt)
    : crawl_(watched), on_interrupt_(std::move(on_interrupt)), thread_([this] { watch(); }) {}

interrupt_watch::~interrupt_watch() {
  over_.store(true);
  ::pthread_kill(thread_.native_handle(), SIGINT);  // ends its wait
  thread_.join();
}

void interrupt_watch::watch() {
  const sigset_t set = our_signals();
  const timespec* const at_most = crawl_.screen.has_bar() ? &bar_interval : nullptr;
  const std::uint64_t all_pages = std::uint64_t{crawl_.wish.sites} * crawl_.wish.pages;
  for (int signals = 0;;) {
    const bool came = ::sigtimedwait(&set, nullptr, at_most) > 0;
    if (over_.load()) return;
    if (came) {
      if (++signals == 1) on_interrupt_();
      if (signals == signals_until_exit) ::_exit(static_cast<int>(exit_status::interrupted));
    } else if (at_most != nullptr) {
      crawl_.screen.show_progress(crawl_.counts.sum(), crawl_.wish.sites, all_pages);
    }
  }
}

}  // namespace spider
