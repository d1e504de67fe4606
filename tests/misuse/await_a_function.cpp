// message: a function is not awaited, but what it gives: co_await f()
#include <silk/task.hpp>

silk::task<> visit();

silk::task<> program() {
#ifdef FIXED
  co_await visit();
#else
  co_await visit;
#endif
}
