// message: a number has no unit: sleep(5s), sleep(100ms); or yield()
#include <silk/sleep.hpp>
#include <silk/task.hpp>

using namespace std::chrono_literals;

silk::task<> program() {
#ifdef FIXED
  co_await silk::sleep(5s);
#else
  co_await silk::sleep(5);
#endif
}
