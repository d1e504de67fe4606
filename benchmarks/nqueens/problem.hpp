// nqueens: in how many ways n queens can stand on a board of n rows without a threat. A task tries one
// row, with a task for each square of it that is not threatened; an operation is a task.
#pragma once

#include "../harness/program.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace bench {

// A short list of numbers, without memory of its own.
struct columns {
  std::array<std::int8_t, 16> at;
  int count = 0;

  void add(int column) noexcept {
    at[static_cast<std::size_t>(count++)] = static_cast<std::int8_t>(column);
  }
  const std::int8_t* begin() const noexcept { return at.data(); }
  const std::int8_t* end() const noexcept { return at.data() + count; }
};

// The queens of the first rows, one in each; a value, so that each task has its own.
class board {
 public:
  explicit board(int size) noexcept : size_(size) {}

  bool is_full() const noexcept { return queens_.count == size_; }

  board with(int column) const noexcept {
    board next = *this;
    next.queens_.add(column);
    return next;
  }

  // The squares of the next row that no queen threatens.
  [[gnu::noinline]] columns free() const noexcept {
    columns found;
    for (int column = 0; column < size_; ++column) {
      if (!is_threatened(column)) found.add(column);
    }
    return found;
  }

 private:
  bool is_threatened(int column) const noexcept {
    int rows = queens_.count;
    for (const int queen : queens_) {
      if (queen == column || std::abs(queen - column) == rows) return true;
      --rows;
    }
    return false;
  }

  columns queens_{};
  int size_;
};

struct nqueens {
  int n;
  long solutions;
  std::uint64_t tasks;  // that is boards, from the empty one to the full ones

  static std::vector<nqueens> variants(size of) {
    if (of == size::quick) return {{10, 724, 35'539}};
    return {{14, 365'596, 27'358'553}};
  }
  std::string name() const { return std::to_string(n); }
  std::uint64_t operations() const { return tasks; }
  long answer() const { return solutions; }
  parameter_list parameters() const { return {{"n", n}}; }
};

}  // namespace bench
