// message: the coroutine that it gives would never run: spawn(f)
#include <silk/runtime.hpp>

silk::task<> visit();

void program(silk::runtime& runtime) {
#ifdef FIXED
  runtime.spawn(visit);
#else
  runtime.post(visit);
#endif
}
