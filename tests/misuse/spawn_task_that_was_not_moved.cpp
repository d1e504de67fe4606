// message: a task runs once: spawn(std::move(task))
#include <silk/spawn.hpp>

silk::task<> visit();

silk::task<> program() {
  auto visiting = visit();
#ifdef FIXED
  co_await silk::spawn(std::move(visiting));
#else
  co_await silk::spawn(visiting);
#endif
}
