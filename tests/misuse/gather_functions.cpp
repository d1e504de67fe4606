// message: it takes awaitables, or one range of tasks or handles
#include <silk/gather.hpp>

silk::task<> visit();

silk::task<> program() {
#ifdef FIXED
  co_await silk::gather(visit(), visit());
#else
  co_await silk::gather(visit, visit);
#endif
}
