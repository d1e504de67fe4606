// message: a coroutine is for workers: co_await f(), or spawn(f)
#include <silk/to_thread.hpp>

silk::task<> visit();

silk::task<> program() {
#ifdef FIXED
  co_await visit();
#else
  co_await silk::to_thread(visit);
#endif
}
