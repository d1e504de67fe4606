// message: only a silk::task can await this
#include <silk/sleep.hpp>
#include <silk/task.hpp>

using namespace std::chrono_literals;

// A coroutine of another library: nothing in it knows workers or cancels.
struct foreign {
  struct promise_type {
    foreign get_return_object() { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept {}
  };
};

#ifdef FIXED
silk::task<> program() {
#else
foreign program() {
#endif
  co_await silk::sleep(1s);
}
