// skynet: a task starts ten, each of these ten more, until there are as many leaves as wanted; each leaf
// gives its number, and the sums go up again. An operation is a task.
#pragma once

#include "../harness/program.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct skynet {
  long leaves;  // a power of ten

  static std::vector<skynet> variants(size of) {
    return {{of == size::quick ? 100'000L : 100'000'000L}};
  }
  std::string name() const { return std::to_string(leaves); }
  std::uint64_t operations() const { return static_cast<std::uint64_t>((leaves * 10 - 1) / 9); }
  long answer() const { return leaves * (leaves - 1) / 2; }
  parameter_list parameters() const { return {{"leaves", leaves}}; }
};

}  // namespace bench
