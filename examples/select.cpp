// The first of several different things.
#include <silk/silk.hpp>

#include <fmt/core.h>

#include <string>
#include <variant>

using namespace std::chrono_literals;

//! [select]
silk::task<> serves(silk::queue<std::string>& orders, silk::future<> closing_time) {
  for (;;) {
    const auto first = co_await silk::select(orders.get(), closing_time, silk::sleep(1min));
    if (first.index() == 1) break;
    if (const auto* order = std::get_if<0>(&first)) {
      fmt::print("one {}\n", *order);
    } else {
      fmt::print("nobody has come for a minute\n");
    }
  }
}
//! [select]

silk::task<> program() {
  silk::queue<std::string> orders;
  silk::promise<> closing_time;
  const auto waiter = silk::spawn(serves(orders, closing_time.get_future()));
  co_await orders.put("coffee");
  co_await silk::sleep(90s);
  co_await orders.put("tea");
  co_await silk::sleep(1s);
  closing_time.set_value();
  co_await waiter;
}

int main() { silk::run(program(), {.time = silk::time_source::virtual_time}); }

// Prints:
// one coffee
// nobody has come for a minute
// one tea
