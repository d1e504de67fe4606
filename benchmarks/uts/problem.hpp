// uts: counts the nodes of a tree that nobody knows before: how many children a node has is drawn from a
// hash of its path (Unbalanced Tree Search, Olivier et al. 2006). The tree is T1: geometric, 4 children on
// average down to depth 10, seed 19. An operation is a node, which is a task.
#pragma once

#include "../harness/program.hpp"
#include "sha1.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

class uts_node {
 public:
  static constexpr int most_children = 100;

  // The root.
  explicit uts_node(int depth) noexcept : levels_below_(depth) {
    std::array<std::uint8_t, 20> seed{};
    seed.back() = 19;
    state_ = sha1_block(seed).digest();
  }

  uts_node child(int number) const noexcept {
    uts_node below = *this;
    --below.levels_below_;
    std::array<std::uint8_t, 24> path{};
    std::copy(state_.begin(), state_.end(), path.begin());
    path.back() = static_cast<std::uint8_t>(number);
    below.state_ = sha1_block(path).digest();
    return below;
  }

  int children() const noexcept {
    if (levels_below_ == 0) return 0;
    std::uint32_t random = 0;
    for (std::size_t i = 16; i < 20; ++i) random = random << 8 | state_[i];
    const double uniform = (random & 0x7fffffff) / 2147483648.0;
    constexpr double average = 4;
    const double drawn = std::log(1 - uniform) / std::log(1 - 1 / (1 + average));
    return std::min(static_cast<int>(drawn), most_children);
  }

 private:
  sha1_digest state_;
  int levels_below_;
};

struct uts {
  int depth;
  long nodes;

  static std::vector<uts> variants(size of) {
    if (of == size::quick) return {{7, 63'914}};
    return {{10, 4'130'071}};
  }
  std::string name() const { return "T1_depth_" + std::to_string(depth); }
  std::uint64_t operations() const { return static_cast<std::uint64_t>(nodes); }
  long answer() const { return nodes; }
  parameter_list parameters() const { return {{"depth", depth}}; }
};

}  // namespace bench
