// Random programs in the simulator, judged by the model.
#include "model.hpp"
#include "run.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

namespace {

using namespace random_programs;

std::vector<std::uint8_t> random_bytes(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint8_t> bytes(random() % 120 + 8);
  for (auto& each : bytes) each = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST(random, programs_end_as_the_model_says) {
  const char* from = std::getenv("FROM");
  const char* to = std::getenv("TO");
  int undecided = 0;
  unsigned long orders = 0;
  int bad = 0;
  for (std::uint64_t seed = from ? std::strtoull(from, nullptr, 10) : 0;
       seed < (to ? std::strtoull(to, nullptr, 10) : 300); ++seed) {
    const program what = decode(random_bytes(seed));
    const run_report ran = run_simulated(what, seed, 3);
    if (!ran.wrong.empty()) {
      ADD_FAILURE() << "seed " << seed << "\n" << to_text(what) << ran.wrong;
      if (++bad > 2) break;
      continue;
    }
    const judgement judged = judge(what, ran.seen, 2000);
    orders += judged.orders;
    undecided += judged.is == verdict::undecided;
    if (judged.is == verdict::forbidden) {
      ADD_FAILURE() << "seed " << seed << " after " << judged.orders << " orders\n"
                    << to_text(what) << difference(judged.nearest, ran.seen);
      if (++bad > 2) break;
    }
  }
  std::printf("undecided %d, orders %lu\n", undecided, orders);
}

}  // namespace
