#include <silk/silk.hpp>

#include <fmt/core.h>

silk::task<> produce(silk::queue<int>& queue) {
  for (int n = 0; n < 3; ++n) co_await queue.put(n);
  queue.close();
}

silk::task<> consume(silk::queue<int>& queue) {
  for (;;) {
    const auto n = co_await queue.next();
    if (!n) break;
    fmt::print("got {}\n", *n);
  }
  fmt::print("no more\n");
}

silk::task<> program() {
  silk::queue<int> queue(2);
  co_await silk::gather(produce(queue), consume(queue));
}

int main() { silk::run(program()); }

// Prints:
// got 0
// got 1
// got 2
// no more
