// message: await it inside of a coroutine, and spawn that
#include <silk/gather.hpp>
#include <silk/spawn.hpp>

silk::task<> visit();

silk::task<> visits() { co_await silk::gather(visit(), visit()); }

silk::task<> program() {
#ifdef FIXED
  co_await silk::spawn(visits());
#else
  co_await silk::spawn(silk::gather(visit(), visit()));
#endif
}
