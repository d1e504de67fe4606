// message: a lock is not awaited itself: const auto hold = co_await mutex.scoped()
#include <silk/mutex.hpp>
#include <silk/task.hpp>

#include <mutex>

#ifdef FIXED
silk::mutex pages;
#else
std::mutex pages;
#endif

silk::task<> program() {
#ifdef FIXED
  const auto hold = co_await pages.scoped();
#else
  co_await pages;
#endif
}
