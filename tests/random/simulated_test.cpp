// Random programs in the simulator. SILK_SIM_SEEDS says how many; SILK_RANDOM_PROGRAM, as it is printed when
// one fails, runs that one again.
#include "check.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace {

using namespace random_programs;

runner simulated(std::uint64_t seed) {
  const unsigned workers = 1 + seed % 4;
  return {.run = [=](const program& what) { return run_simulated(what, seed, workers); },
          .allowed = {.pauses = await_pauses::some}};
}

std::string to_repeat(std::span<const std::uint8_t> of, std::uint64_t seed) {
  return "to run it again: SILK_RANDOM_PROGRAM=" + to_hex(of) + ":" + std::to_string(seed) +
         " silk_random\n";
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* given = std::getenv(variable);
  return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

// The program and its seed.
void run_again(const std::string& given) {
  const bytes of = from_hex(given.substr(0, given.find(':')));
  const std::uint64_t seed = std::stoull(given.substr(given.find(':') + 1));
  const program what = decode(of);
  std::printf("%s\n%s", to_text(what).c_str(),
              to_text(run_simulated(what, seed, 1 + seed % 4).seen).c_str());
  tally counts;
  const std::string wrong = check(of, simulated(seed), counts);
  EXPECT_EQ(wrong, "");
}

TEST(random, programs_end_as_the_model_allows) {
  if (const char* given = std::getenv("SILK_RANDOM_PROGRAM")) return run_again(given);
  tally counts;
  const std::uint64_t first = number_from("SILK_RANDOM_FIRST", 0);
  const std::uint64_t programs = number_from("SILK_SIM_SEEDS", 1'000);
  for (std::uint64_t seed = first; seed < first + programs && counts.failed == 0; ++seed) {
    const bytes whole = random_bytes(seed);
    const runner by = simulated(seed);
    if (check(whole, by, counts).empty()) continue;
    const bytes less = shrink(whole, by, 2'000);
    tally ignored;
    ADD_FAILURE() << "seed " << seed << "\n" << check(less, by, ignored) << to_repeat(less, seed);
  }
  std::printf("%s", counts.table().c_str());
  EXPECT_LT(counts.undecided, 1 + counts.programs / 4);
}

}  // namespace
