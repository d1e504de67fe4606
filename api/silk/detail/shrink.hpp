// shrink: leaves departures out of a schedule as long as the program fails in the same way.
#pragma once

#include "../simulate.hpp"
#include "engine.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace silk::detail {

struct shrunk {
  engine::schedule departures;
  std::uint64_t runs = 0;
};

// `fails` runs the program by a schedule: true if it fails as before; the schedule becomes that of the
// decisions that it really made. At most `most_runs` of them.
shrunk shrink(engine::schedule departures, std::uint64_t most_runs,
              const std::function<bool(engine::schedule&)>& fails);

// Two runs with the same text have failed in the same way.
std::string way_of_failing(const testing::sim_result& result);

}  // namespace silk::detail
