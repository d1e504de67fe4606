// message: co_await in a silk::task needs something awaitable
#include <silk/task.hpp>

silk::task<int> visit() {
#ifdef FIXED
  co_return 42;
#else
  co_return co_await 42;
#endif
}
