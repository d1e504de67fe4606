// Random programs on real threads, judged by the model. Time is virtual, so that it can say when things happen;
// the seed says the programs, and threads that cancel from outside come whenever they come.
#include "../stress/liveness.hpp"
#include "check.hpp"

#include <gtest/gtest.h>

namespace {

using namespace silk_stress;

class random_programs_on_threads : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(random_programs_on_threads);

TEST_P(random_programs_on_threads, end_as_the_model_allows) {
  random_programs::tally counts;
  const random_programs::runner by = {.run =
                                          [this](const random_programs::program& what) {
                                            liveness_oracle::progress();
                                            return random_programs::run_on_threads(
                                                what, random.roll(), workers());
                                          },
                                      .allowed = {.cancels = random_programs::telling::one_by_one},
                                      .most_orders = 300};
  while (time.running() && counts.failed == 0) {
    const std::string wrong =
        random_programs::check(random_programs::random_bytes(random.roll()), by, counts);
    EXPECT_EQ(wrong, "");
  }
  std::printf("%s", counts.table().c_str());
}

}  // namespace
