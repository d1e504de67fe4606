#include "shrink.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <typeinfo>
#include <utility>

namespace silk::detail {

namespace {

class shrinker {
 public:
  shrinker(engine::schedule departures, std::uint64_t most_runs,
           const std::function<bool(engine::schedule&)>& fails)
      : best_{.departures = std::move(departures)}, most_runs_(most_runs), fails_(fails) {}

  shrunk run() {
    if (fails_without(0, size())) return std::move(best_);
    std::size_t part = size() / 2;
    while (part > 0 && runs_left()) {
      const bool changed = leave_out_parts(part);
      if (part > 1) {
        part = std::min(part / 2, size());
      } else if (!changed) {
        break;
      }
    }
    return std::move(best_);
  }

 private:
  std::size_t size() const noexcept { return best_.departures.size(); }
  bool runs_left() const noexcept { return best_.runs < most_runs_; }

  // From the end: what is left out there does not give the others new numbers.
  bool leave_out_parts(std::size_t part) {
    bool changed = false;
    for (std::size_t end = size(); end > 0 && runs_left();) {
      const std::size_t begin = end - std::min(part, end);
      if (fails_without(begin, end)) changed = true;
      end = std::min(begin, size());
    }
    return changed;
  }

  bool fails_without(std::size_t begin, std::size_t end) {
    if (!runs_left()) return false;
    ++best_.runs;
    engine::schedule less = best_.departures;
    less.erase(less.begin() + static_cast<std::ptrdiff_t>(begin),
               less.begin() + static_cast<std::ptrdiff_t>(end));
    if (!fails_(less) || less.size() >= size()) return false;
    best_.departures = std::move(less);
    return true;
  }

  shrunk best_;
  const std::uint64_t most_runs_;
  const std::function<bool(engine::schedule&)>& fails_;
};

}  // namespace

shrunk shrink(engine::schedule departures, std::uint64_t most_runs,
              const std::function<bool(engine::schedule&)>& fails) {
  return shrinker(std::move(departures), most_runs, fails).run();
}

std::string way_of_failing(const testing::sim_result& result) {
  std::string way = std::to_string(static_cast<int>(result.end));
  if (result.error == nullptr) return way;
  try {
    std::rethrow_exception(result.error);
  } catch (const std::exception& error) {
    way += typeid(error).name();
  } catch (...) {
    way += "?";
  }
  return way;
}

}  // namespace silk::detail
