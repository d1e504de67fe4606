// message: it gets copies: take T, not T&, or pass std::ref(x)
#include <silk/spawn.hpp>

#include <functional>

//! [callee]
silk::task<> count(int& visits);
//! [callee]

silk::task<> program() {
  int visits = 0;
#ifdef FIXED
  //! [right]
  co_await silk::spawn(count, std::ref(visits));  // visits outlives the task: it is awaited here
  //! [right]
#else
  //! [wrong]
  co_await silk::spawn(count, visits);
  //! [wrong]
#endif
}
