// A runtime without threads: a loop of the program's own drives it, and it does the same each time.
#include <silk/silk.hpp>

#include <fmt/core.h>

using namespace std::chrono_literals;

//! [by_hand]
silk::task<> counts(char name) {
  for (int i = 1; i <= 2; ++i) {
    fmt::print("{}{} ", name, i);
    co_await silk::yield();
  }
}

void by_hand() {
  silk::manual_runtime runtime({.time = silk::time_source::virtual_time});
  runtime.spawn(counts('a'));
  runtime.spawn(counts('b'));
  while (runtime.run_once()) fmt::print("| ");
  runtime.block_on(silk::sleep(1h));  // drives, too
  fmt::print("{}\n", runtime.now().time_since_epoch() / 1h);
}
//! [by_hand]

int main() { by_hand(); }

// Prints:
// a1 b1 | a2 b2 | | 1
