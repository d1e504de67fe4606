// message: const auto hold = co_await mutex.scoped()
#include <silk/mutex.hpp>
#include <silk/task.hpp>

#include <mutex>

silk::mutex pages;

silk::task<> program() {
#ifdef FIXED
  //! [right]
  const auto hold = co_await pages.scoped();
  //! [right]
#else
  //! [wrong]
  const std::lock_guard hold(pages);
  //! [wrong]
#endif
  co_return;
}
