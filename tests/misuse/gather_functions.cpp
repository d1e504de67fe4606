// message: it takes tasks, futures, handles, or one range of these
#include <silk/gather.hpp>

silk::task<> visit();

silk::task<> program() {
#ifdef FIXED
  co_await silk::gather(visit(), visit());
#else
  co_await silk::gather(visit, visit);
#endif
}
