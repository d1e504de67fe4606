// A target for libFuzzer (`./dev fuzz`): the first byte is the seed of the simulator, the others the program. So
// what is mutated is the program, and what is new is what silk does with it.
#include "check.hpp"

#include <cstdio>
#include <cstdlib>

namespace {

using namespace random_programs;

tally& counts() {
  static tally all;
  return all;
}

// When libFuzzer ends, by itself or after a failure.
void print_table() { std::fprintf(stderr, "\n%s", counts().table().c_str()); }

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  counts();  // it must live longer than what prints it
  return std::atexit(print_table);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::uint64_t seed = size > 0 ? data[0] : 0;
  const std::span<const std::uint8_t> of = {data + (size > 0), size - (size > 0)};
  const runner by = {
      .run = [=](const program& what) { return run_simulated(what, seed, 1 + seed % 4); },
      .allowed = {.pauses = await_pauses::some},
      .most_orders = 300};
  const std::string wrong = check(of, by, counts());
  if (wrong.empty()) return 0;
  const bytes less = shrink({of.begin(), of.end()}, by, 2'000);
  tally ignored;
  std::fprintf(stderr, "\n%s\nto run it again: SILK_RANDOM_PROGRAM=%s:%u silk_random\n\n",
               check(less, by, ignored).c_str(), to_hex(less).c_str(), static_cast<unsigned>(seed));
  print_table();
  std::abort();
}
