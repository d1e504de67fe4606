#include "interrupt_guard.hpp"

#include "run_call.hpp"

#include <signal.h>

#include <cerrno>

namespace silk::detail {

namespace {

sync::atomic<run_call*> told_call{nullptr};
static_assert(sync::atomic<run_call*>::is_always_lock_free);
sync::atomic<unsigned> handlers_at_work{0};
struct sigaction action_before;  // written before the handler is installed

extern "C" void silk_on_sigint(int) {
  const int saved = errno;
  handlers_at_work.fetch_add(1, sync::memory_order_seq_cst);  // E:sigint out, before we look
  if (run_call* const call = told_call.load(sync::memory_order_seq_cst)) {  // E:sigint in
    ::sigaction(SIGINT, &action_before, nullptr);
    call->interrupt();
  }
  handlers_at_work.fetch_sub(1, sync::memory_order_seq_cst);  // E:sigint out
  errno = saved;
}

bool is_installed() noexcept {
  struct sigaction now{};
  ::sigaction(SIGINT, nullptr, &now);
  return now.sa_handler == silk_on_sigint;
}

}  // namespace

interrupt_guard::interrupt_guard(run_call& told) {
  run_call* nobody = nullptr;
  // E:sigint in/out: one guard after the other
  if (!told_call.compare_exchange_strong(nobody, &told, sync::memory_order_seq_cst)) {
    throw usage_error("another run or block_on of this process is told of SIGINT: one at a time");
  }
  ::sigaction(SIGINT, nullptr, &action_before);
  if (action_before.sa_handler == SIG_IGN) return;
  struct sigaction ours{};
  ours.sa_handler = silk_on_sigint;
  ours.sa_flags = SA_RESTART;
  ::sigemptyset(&ours.sa_mask);
  ::sigaction(SIGINT, &ours, nullptr);
}

interrupt_guard::~interrupt_guard() {
  // Unless the program has put something else there meanwhile.
  if (is_installed()) ::sigaction(SIGINT, &action_before, nullptr);
  told_call.store(nullptr, sync::memory_order_seq_cst);  // E:sigint out
  // E:sigint in: a handler that has seen us is done with us
  while (handlers_at_work.load(sync::memory_order_seq_cst) != 0) sync::give_way();
}

}  // namespace silk::detail
