// outcomes: the set of results that the executions of a body came to.
#pragma once

#include "checker/explore.hpp"
#include "checker/sync.hpp"

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>

namespace silk::model {

// Up to 4 values of 0 to 7, in this order.
class outcomes {
 public:
  void add(std::initializer_list<int> values) noexcept { seen_[index_of(values)] = true; }
  bool has(std::initializer_list<int> values) const noexcept { return seen_[index_of(values)]; }
  std::size_t count() const noexcept {
    std::size_t sum = 0;
    for (const bool each : seen_) sum += each ? 1 : 0;
    return sum;
  }
  bool operator==(const outcomes&) const = default;

 private:
  static std::size_t index_of(std::initializer_list<int> values) noexcept {
    std::size_t index = 0;
    for (const int each : values) index = index * 8 + static_cast<std::size_t>(each & 7);
    return index;
  }
  std::array<bool, 8 * 8 * 8 * 8> seen_{};
};

}  // namespace silk::model
