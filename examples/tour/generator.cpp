#include <silk/silk.hpp>

#include <fmt/core.h>

#include <string>

using namespace std::chrono_literals;

silk::generator<std::string> pages(std::string site) {
  for (int number = 1;; ++number) {
    co_await silk::sleep(10ms);
    co_yield site + "/" + std::to_string(number);
  }
}

silk::task<> program() {
  auto blog = pages("blog");
  for (;;) {
    const auto page = co_await blog.next();
    if (!page || *page == "blog/3") break;
    fmt::print("{}\n", *page);
  }
}

int main() { silk::run(program()); }

// Prints:
// blog/1
// blog/2
