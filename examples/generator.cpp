// Values one after the other, with waits in between.
#include <silk/silk.hpp>

#include <fmt/core.h>

#include <string>

using namespace std::chrono_literals;

//! [generator]
silk::generator<std::string> pages(std::string site) {
  for (int number = 1;; ++number) {
    co_await silk::sleep(1s);
    co_yield site + "/" + std::to_string(number);
  }
}

silk::task<> program() {
  auto blog = pages("blog");
  for (;;) {
    const auto page = co_await blog.next();
    if (!page || *page == "blog/4") break;
    fmt::print("{}\n", *page);
  }
}  // what is left of it is destroyed here
//! [generator]

int main() { silk::run(program(), {.time = silk::time_source::virtual_time}); }

// Prints:
// blog/1
// blog/2
// blog/3
