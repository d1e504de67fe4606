// message: what is a variable is awaited once: co_await std::move(it)
#include <silk/task.hpp>

silk::task<int> visit();

silk::task<int> program() {
  auto visiting = visit();
#ifdef FIXED
  co_return co_await std::move(visiting);
#else
  co_return co_await visiting;
#endif
}
