// Plain calls on one thread, however many workers there are to be: what the forks are paid on top of.
#include "problem.hpp"

namespace {

[[gnu::noinline]] long fib(long n) {
  if (n < 2) return n;
  long a = fib(n - 1);
  asm volatile("" : "+r"(a));  // else the compiler makes loops of the calls
  return a + fib(n - 2);
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::fib> program(argc, argv);
  return program.measure([](const bench::fib& problem) { return fib(problem.n); });
}
