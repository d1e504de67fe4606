// Debug mode: who keeps a worker for too long, where a task was interrupted, what nobody has started.
#include <silk/silk.hpp>

#include <fmt/core.h>

#include <chrono>
#include <string>

using namespace std::chrono_literals;

void crunch(std::chrono::milliseconds time) {  // a long calculation
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

//! [trace]
silk::task<> asks_the_server() { co_await silk::sleep(1h); }

silk::task<> loads_a_page() { co_await asks_the_server(); }

silk::task<> cancels_it() {
  const auto page = silk::spawn(loads_a_page());
  co_await silk::sleep(1s);
  page.cancel();
  try {
    co_await page;
  } catch (const silk::cancelled& stop) {
    for (const auto& where : stop.trace()) fmt::print("cancelled in line {}\n", where.line());
  }
}
//! [trace]

silk::task<> program() {
  silk::spawn({.name = "indexer"}, []() -> silk::task<> {
    crunch(1100ms);
    co_return;
  });
  co_await cancels_it();
  {
    const auto forgotten = loads_a_page();
  }
}

//! [run]
void log_slow_step(const silk::slow_step& slow) {
  fmt::print("{} kept its worker for too long\n", slow.description);
}

void log_failure(const silk::failure& failure) { fmt::print("{}\n", failure.message); }

int main() {
  silk::run(program(), {.workers = 1,
                        .time = silk::time_source::virtual_time,
                        .on_failure = log_failure,
                        .debug = silk::debug_mode::on,
                        .slow_callback = 1s,
                        .on_slow_step = log_slow_step});
}
//! [run]

// Prints:
// task 'indexer' kept its worker for too long
// cancelled in line 18
// cancelled in line 20
// cancelled in line 27
// nobody has started the work
