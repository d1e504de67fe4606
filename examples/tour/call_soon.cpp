#include <silk/silk.hpp>

#include <fmt/core.h>

#include <functional>
#include <thread>

void watchdog(silk::runtime& loop, silk::event& stop) {
  loop.post([] { fmt::print("one\n"); });
  loop.post([] { fmt::print("two\n"); });
  loop.post([&] { stop.set(); });
}

silk::task<> program() {
  silk::event stop;
  std::thread thread(watchdog, std::ref(silk::runtime::current()),
                     std::ref(stop));
  co_await stop.wait();
  fmt::print("stopped\n");
  thread.join();
}

int main() { silk::run(program(), {.workers = 1}); }

// Prints:
// one
// two
// stopped
