// spider: a crawl of many sites at the same time, three pages of each, one after the other, with a wait
// before each page. What counts is memory, processor time and how late the waits end; an operation is a
// site.
#pragma once

#include "../harness/program.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct spider {
  long sites;
  std::chrono::milliseconds delay;
  int pages = 3;

  static std::vector<spider> variants(size of) {
    using namespace std::chrono_literals;
    if (of == size::quick) return {{1'000, 100ms}, {100'000, 100ms}};
    return {{1'000, 1s}, {10'000, 1s}, {100'000, 1s}, {1'000'000, 1s}};
  }
  std::string name() const { return std::to_string(sites) + "_sites"; }
  std::uint64_t operations() const { return static_cast<std::uint64_t>(sites); }
  long answer() const { return sites * pages; }
  parameter_list parameters() const {
    return {{"sites", sites}, {"pages", pages}, {"delay_ms", delay.count()}};
  }
};

}  // namespace bench
