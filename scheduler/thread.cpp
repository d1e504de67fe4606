#include "thread.hpp"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include <utility>

namespace silk::scheduler {

namespace {

// A new thread inherits the mask, so it never sees a signal, not even before its first instruction.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    sigset_t mask;
    ::sigfillset(&mask);
    // A fault raises these in the thread itself: blocked, they would end the process without
    // calling the handler of a crash reporter.
    for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) ::sigdelset(&mask, fault);
    ::pthread_sigmask(SIG_BLOCK, &mask, &before_);
  }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;
  ~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

// In turn for all workers of the process, so that those of several small pools do not begin on the same one.
void move_to_next_processor() noexcept {
  static sync::atomic<unsigned> workers_before{0};
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0)
    return;  // more processors than it has room for
  const auto count = static_cast<unsigned>(CPU_COUNT(&allowed));
  // relaxed: only counts
  unsigned to_skip = workers_before.fetch_add(1, sync::memory_order_relaxed) % count;
  std::size_t processor = 0;
  while (CPU_ISSET(processor, &allowed) == 0 || to_skip-- != 0) ++processor;
  cpu_set_t alone;
  CPU_ZERO(&alone);
  CPU_SET(processor, &alone);
  if (::sched_setaffinity(0, sizeof alone, &alone) == 0)
    ::sched_setaffinity(0, sizeof allowed, &allowed);
}

}  // namespace

sync::thread start_thread(const std::string& name, std::function<void()> body) {
  const signals_blocked inherited;
  sync::thread started(std::move(body));
  ::pthread_setname_np(started.native_handle(), name.c_str());
  return started;
}

void begin_as_worker() noexcept {
  // The kernel may otherwise round every sleep up by 50 us to save wake-ups.
  ::prctl(PR_SET_TIMERSLACK, 1);
  move_to_next_processor();
}

std::uintptr_t middle_of_stack() noexcept {
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return 0;
  void* lowest = nullptr;
  std::size_t size = 0;
  const bool known = ::pthread_attr_getstack(&attributes, &lowest, &size) == 0;
  ::pthread_attr_destroy(&attributes);
  return known ? reinterpret_cast<std::uintptr_t>(lowest) + size / 2 : 0;
}

}  // namespace silk::scheduler
