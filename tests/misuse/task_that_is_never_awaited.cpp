// message: a task does nothing until it is awaited, gathered, spawned or run
#include <silk/task.hpp>

silk::task<> visit();

silk::task<> program() {
#ifdef FIXED
  //! [right]
  co_await visit();
  //! [right]
#else
  //! [wrong]
  visit();
  //! [wrong]
#endif
  co_return;
}
