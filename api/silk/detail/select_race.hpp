// select_race: the first child of a fork to end wins, in whatever way, and the others are cancelled.
//
// An outsider of the group that never has to arrive: it only wants to be told.
//
// Edges   E:race   the exchange on over_   -> later ones
#pragma once

#include "fork_group.hpp"

#include <cstdint>

namespace silk::detail {

class select_race : public fork_outsiders {
 public:
  std::uint64_t child_ended(fork_base& ended) noexcept override;
  void cancel(cancel_requests&) noexcept override {}
  // After the join.
  bool is_won_by(const fork_base& child) const noexcept { return won_ == &child; }

 protected:
  ~select_race() = default;

 private:
  sync::atomic<bool> over_{false};
  fork_base* won_ = nullptr;  // written by the child that raised `over_`
};

// A child failed, and nobody else will hear of it. [task]
void report_lost(const std::exception_ptr& error) noexcept;

}  // namespace silk::detail
