// Looks for an order of events that ends as the run did: depth first, and no further than where a run of the
// model differs: what is decided later cannot mend that.
#include "model.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace random_programs {

namespace {

constexpr long never = std::numeric_limits<long>::max();

struct decision {
  unsigned options, chosen;
  long when;
};

class recorded_decisions final : public decider {
 public:
  std::vector<decision> all;

  unsigned choose(unsigned options, long now) override {
    if (at_ < all.size()) {
      all[at_].when = now;
      return all[at_++].chosen;
    }
    all.push_back({options, 0, now});
    ++at_;
    return 0;
  }
  void again() { at_ = 0; }
  // The next order that differs no later than at `when`; false if there is none.
  bool next(long when) {
    while (!all.empty() && (all.back().when > when || all.back().chosen + 1 == all.back().options))
      all.pop_back();
    if (all.empty()) return false;
    ++all.back().chosen;
    return true;
  }

 private:
  std::size_t at_ = 0;
};

long earlier(long a, long b) {
  if (a < 0) return b < 0 ? never : b;
  return b < 0 ? a : std::min(a, b);
}

// When the two first differ.
long first_difference(const result& a, const result& b) {
  long first = a == b ? never : never - 1;
  for (std::size_t i = 0; i < a.statements.size(); ++i) {
    const record &x = a.statements[i], &y = b.statements[i];
    if (x == y) continue;
    first =
        std::min(first, x.begun != y.begun ? earlier(x.begun, y.begun) : earlier(x.ended, y.ended));
  }
  return first;
}

}  // namespace

judgement judge(const program& what, await_pauses pauses, const result& seen,
                unsigned most_orders) {
  recorded_decisions by;
  judgement found;
  found.is = verdict::forbidden;
  long furthest = -1;
  for (;;) {
    by.again();
    const result predicted = run_model(what, pauses, by);
    ++found.orders;
    const long differs = first_difference(predicted, seen);
    if (differs > furthest) {
      furthest = differs;
      found.nearest = predicted;
    }
    if (differs == never) {
      found.is = verdict::allowed;
      return found;
    }
    if (!by.next(differs)) return found;
    if (found.orders == most_orders) break;
  }
  found.is = verdict::undecided;
  return found;
}

}  // namespace random_programs
