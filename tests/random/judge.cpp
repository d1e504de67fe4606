// Looks for an order of events that ends as the run did: depth first. A run of the model is stopped where it
// differs; what would be decided later cannot mend that.
#include "model.hpp"

#include <utility>
#include <vector>

namespace random_programs {

namespace {

struct decision {
  unsigned options, chosen;
};

class recorded_decisions final : public decider {
 public:
  unsigned choose(unsigned options) override {
    if (at_ == all_.size()) all_.push_back({options, 0});
    return all_[at_++].chosen;
  }
  // The next order; false if there is none.
  bool next() {
    at_ = 0;
    while (!all_.empty() && all_.back().chosen + 1 == all_.back().options) all_.pop_back();
    if (all_.empty()) return false;
    ++all_.back().chosen;
    return true;
  }

 private:
  std::vector<decision> all_;
  std::size_t at_ = 0;
};

}  // namespace

judgement judge(const program& what, freedom allowed, const result& seen, unsigned most_orders) {
  recorded_decisions by;
  judgement found;
  found.nearest.stopped = -1;
  do {
    model_end end = run_model(what, allowed, seen, by);
    ++found.orders;
    if (end.agrees) {
      found.is = verdict::allowed;
      return found;
    }
    if (end.stopped > found.nearest.stopped) found.nearest = std::move(end);
    found.is = verdict::forbidden;
    if (!by.next()) return found;
  } while (found.orders < most_orders);
  found.is = verdict::undecided;
  return found;
}

}  // namespace random_programs
