// Timeouts: the work is stopped and has ended when timeout_error arrives.
#include <silk/silk.hpp>

#include <fmt/core.h>

using namespace std::chrono_literals;

silk::task<int> answer_after(silk::duration d) {
  co_await silk::sleep(d);
  co_return 42;
}

silk::task<> program() {
  //! [timeout]
  const int in_time = co_await silk::with_timeout(2s, answer_after(1s));
  fmt::print("in time: {}\n", in_time);

  try {
    co_await silk::with_timeout(2s, answer_after(1h));
  } catch (const silk::timeout_error& late) {
    fmt::print("too late: {}\n", late.what());
  }
  //! [timeout]

  //! [shield]
  const auto handle = silk::spawn(answer_after(10s));  // lives on its own
  try {
    co_await silk::with_timeout(2s, silk::shield(handle));
  } catch (const silk::timeout_error&) {
    fmt::print("not yet\n");
  }
  const int later = co_await handle;
  fmt::print("later: {}\n", later);
  //! [shield]
}

int main() { silk::run(program(), {.time = silk::time_source::virtual_time}); }

// Prints:
// in time: 42
// too late: the time is up
// not yet
// later: 42
