// decisions: what a simulated pool chooses where a real one leaves it to chance and to the hardware.
//
// Each decision is a number below the number of options; 0 is the default. A schedule is the list of
// those that were something else, by the number of the decision. It is enough to make them all again, as
// long as the program is the same.
//
// Who has one thread only needs no locks. [the thread that simulates]
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace silk::scheduler {

struct departure {
  std::uint64_t at;     // which decision, from 0
  std::uint32_t taken;  // not 0
  friend bool operator==(const departure&, const departure&) noexcept = default;
};
using schedule = std::vector<departure>;  // in order of `at`

class decisions {
 public:
  // Drawn from the seed. How often they depart from the default is drawn first: some bugs need many
  // switches, others few.
  explicit decisions(std::uint64_t seed) noexcept;
  // As in `given`, and the default everywhere else.
  explicit decisions(schedule given) noexcept;

  std::uint32_t choose(std::uint32_t options) noexcept;  // options > 0
  // The same, where no option is more usual than the others.
  std::uint32_t choose_evenly(std::uint32_t options) noexcept;

  std::uint64_t made() const noexcept { return made_; }
  const schedule& departures() const noexcept { return departures_; }

 private:
  std::uint32_t recorded(std::uint32_t options) noexcept;
  std::uint32_t note(std::uint32_t taken) noexcept;
  std::uint64_t roll() noexcept;

  const bool replays_;
  std::uint64_t state_ = 0;
  std::uint32_t calm_ = 1;  // one decision in so many may depart
  std::uint64_t made_ = 0;
  schedule given_;
  std::size_t next_given_ = 0;
  schedule departures_;
};

}  // namespace silk::scheduler
