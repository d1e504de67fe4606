// decisions: what a simulated pool chooses where a real one leaves it to chance and to the hardware.
//
// Each decision is a number below the number of options; 0 is the default. A schedule is the list of
// those that were something else. It is enough to make them all again, as long as the program is the same.
// Decisions are counted for each kind by itself, so that one which is left out of a schedule does not make
// others out of those of other kinds.
//
// Who has one thread only needs no locks. [the thread that simulates]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace silk::scheduler {

// docs/decisions/010-simulation.md
enum class decision : std::uint8_t {
  actor,
  hold,
  look,
  slot,
  victim,
  share,
  wake,
  due,
  fork,
  call,
  await,
  program,
};
inline constexpr std::size_t decision_kinds = 12;

struct departure {
  decision kind;
  std::uint64_t at;     // which one of its kind, from 0
  std::uint32_t taken;  // not 0
  friend bool operator==(const departure&, const departure&) noexcept = default;
};
using schedule = std::vector<departure>;  // of each kind in order of `at`

class decisions {
 public:
  // Drawn from the seed. How often they depart from the default is drawn first: some bugs need many
  // switches, others few.
  explicit decisions(std::uint64_t seed) noexcept;
  // As in `given`, and the default everywhere else.
  explicit decisions(const schedule& given);

  std::uint32_t choose(decision kind, std::uint32_t options) noexcept;  // options > 0
  // The same, where no option is more usual than the others.
  std::uint32_t choose_evenly(decision kind, std::uint32_t options) noexcept;

  const schedule& departures() const noexcept { return departures_; }

 private:
  struct stream {  // the decisions of one kind
    std::uint64_t made = 0;
    schedule given;
    std::size_t next = 0;
  };
  stream& of(decision kind) noexcept { return streams_[static_cast<std::size_t>(kind)]; }
  std::uint32_t recorded(decision kind, std::uint32_t options) noexcept;
  std::uint32_t note(decision kind, std::uint32_t taken) noexcept;
  std::uint64_t roll() noexcept;

  const bool replays_;
  std::uint64_t state_ = 0;
  std::uint32_t calm_ = 1;  // one decision in so many may depart
  std::array<stream, decision_kinds> streams_;
  schedule departures_;
};

}  // namespace silk::scheduler
