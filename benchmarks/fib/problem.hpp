// fib: Fibonacci numbers by the recursion that forks at each call. There is nothing to do but to fork, so
// it shows what a fork costs; an operation is a fork.
#pragma once

#include "../harness/program.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct fib {
  long n;

  static std::vector<fib> variants(size of) { return {{of == size::quick ? 27 : 39}}; }
  std::string name() const { return std::to_string(n); }

  // fib(n) forks wherever it does not end.
  std::uint64_t operations() const { return static_cast<std::uint64_t>(number(n + 1)) - 1; }
  long answer() const { return number(n); }
  parameter_list parameters() const { return {{"n", n}}; }

 private:
  static long number(long n) {
    long a = 0;
    long b = 1;
    for (; n > 0; --n) {
      b += a;
      a = b - a;
    }
    return a;
  }
};

}  // namespace bench
