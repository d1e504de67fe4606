// The programs of programs/virtual_time.hpp on real threads, as many as the machine has and more.
#include "../programs/virtual_time.hpp"

#include <gtest/gtest.h>

namespace {

using namespace silk_stress;
using namespace silk_stress::planning;

class virtual_time : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(virtual_time);

TEST_P(virtual_time, is_the_same_whoever_runs_what) {
  while (time.running()) {
    const plan whole = make_plan(random, 5);
    if (!is_certain(whole)) continue;
    silk::runtime runtime(quiet(workers(), silk::time_source::virtual_time));
    runtime.block_on(perform(life(), whole));
    EXPECT_EQ(runtime.now().time_since_epoch(), whole.takes);
  }
}

}  // namespace
