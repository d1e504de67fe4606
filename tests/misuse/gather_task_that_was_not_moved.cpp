// message: a task runs once: write std::move(task)
#include <silk/gather.hpp>

silk::task<> visit();

silk::task<> program() {
  auto first = visit();
  auto second = visit();
#ifdef FIXED
  co_await silk::gather(std::move(first), std::move(second));
#else
  co_await silk::gather(first, second);
#endif
}
