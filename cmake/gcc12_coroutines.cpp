// Exits 0 when this compiler gets `if (co_await ...)` right in a coroutine whose outermost block
// declares nothing. GCC 12.0 to 12.2 lay out such a frame wrongly: the body is skipped, the
// coroutine never ends, or it crashes.
#include <unistd.h>

#include <coroutine>
#include <exception>

namespace {

struct coroutine {
  struct promise_type {
    coroutine get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

struct one {
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) noexcept {}
  int await_resume() noexcept { return 1; }
};

int bodies_entered = 0;

coroutine awaits_in_condition() {
  if (co_await one() == 1) ++bodies_entered;
}

}  // namespace

int main() {
  ::alarm(5);  // a wrong frame may loop for ever
  const coroutine subject = awaits_in_condition();
  for (int resumes = 0; resumes < 2; ++resumes) subject.handle.resume();
  return subject.handle.done() && bodies_entered == 1 ? 0 : 1;
}
