// To cancel is to ask: the task sees it as an exception where it waits, cleans up, and ends.
#include <silk/silk.hpp>

#include <fmt/core.h>

#include <exception>
#include <vector>

using namespace std::chrono_literals;

//! [cleanup]
silk::task<> writes_a_file() {
  fmt::print("open\n");
  std::exception_ptr interrupted;
  try {
    co_await silk::sleep(1h);
  } catch (const silk::cancelled& why) {  // C++ allows no co_await in here
    fmt::print("cancelled: {}\n", why.reason());
    interrupted = std::current_exception();
  }
  co_await silk::sleep(10ms);  // clean-up may wait: only a new cancel would interrupt it
  fmt::print("closed\n");
  if (interrupted) std::rethrow_exception(interrupted);  // it ends as what it is: cancelled
}
//! [cleanup]

//! [decline]
silk::task<int> declines() {
  try {
    co_await silk::sleep(1h);
  } catch (const silk::cancelled&) {
    co_return 42;
  }
  co_return 0;
}
//! [decline]

silk::task<> program() {
  //! [cancel]
  const auto writer = silk::spawn(writes_a_file());
  co_await silk::sleep(1s);
  writer.cancel("the disk is full");
  const std::vector all{writer};
  co_await silk::wait(all);  // until it has ended, however
  fmt::print("is_cancelled: {}\n", writer.is_cancelled());
  //! [cancel]

  const auto stubborn = silk::spawn(declines());
  co_await silk::sleep(1s);
  stubborn.cancel();
  const int answer = co_await stubborn;
  fmt::print("answered: {}\n", answer);
}

int main() { silk::run(program(), {.time = silk::time_source::virtual_time}); }

// Prints:
// open
// cancelled: the disk is full
// closed
// is_cancelled: true
// answered: 42
