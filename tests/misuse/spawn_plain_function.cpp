// message: it gives no task; a plain call: to_thread
#include <silk/spawn.hpp>
#include <silk/to_thread.hpp>

void blocks();

silk::task<> program() {
#ifdef FIXED
  co_await silk::spawn(silk::to_thread(blocks));
#else
  co_await silk::spawn(blocks);
#endif
}
