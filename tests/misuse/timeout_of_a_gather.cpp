// message: await it inside of a coroutine
#include <silk/gather.hpp>
#include <silk/timeout.hpp>

using namespace std::chrono_literals;

silk::task<> visit();

silk::task<> visits() { co_await silk::gather(visit(), visit()); }

silk::task<> program() {
#ifdef FIXED
  co_await silk::with_timeout(5s, visits());
#else
  co_await silk::with_timeout(5s, silk::gather(visit(), visit()));
#endif
}
