#include <silk/silk.hpp>

#include <fmt/core.h>

using namespace std::chrono_literals;

silk::task<> save() {
  co_await silk::sleep(50ms);
  fmt::print("saved\n");
}

silk::task<> wait_for_it(silk::future<> saving) {
  co_await silk::shield(saving);
}

silk::task<> program() {
  const auto saving = silk::spawn(save());
  try {
    co_await silk::with_timeout(10ms, wait_for_it(saving));
  } catch (const silk::timeout_error&) {
    fmt::print("not waiting any longer\n");
  }
  co_await saving;
}

int main() {
  silk::run(program(), {.time = silk::time_source::virtual_time});
}

// Prints:
// not waiting any longer
// saved
