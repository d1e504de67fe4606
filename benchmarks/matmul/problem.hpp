// matmul: C = A * B for square matrices, each product cut into eight of half the size down to 64 rows: the
// first four at the same time, then the others, which add to the same quarters of C. An operation is one
// such product, which is a task.
#pragma once

#include "../harness/program.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

// A square part of a matrix.
struct square {
  float* first;
  std::size_t rows;
  std::size_t row_length;  // of the whole matrix

  float* row(std::size_t i) const noexcept { return first + i * row_length; }
  square quarter(std::size_t down, std::size_t right) const noexcept {
    const std::size_t half = rows / 2;
    return {row(down * half) + right * half, half, row_length};
  }
};

// c += a * b
struct product {
  square a, b, c;

  bool is_small() const noexcept { return c.rows <= 64; }

  // One of those that make up the quarter of c that is so far down and so far right.
  product part(std::size_t down, std::size_t right, std::size_t inner) const noexcept {
    return {a.quarter(down, inner), b.quarter(inner, right), c.quarter(down, right)};
  }

  [[gnu::noinline]] void compute() const noexcept {
    for (std::size_t i = 0; i < c.rows; ++i) {
      for (std::size_t k = 0; k < c.rows; ++k) {
        const float factor = a.row(i)[k];
        float* const to = c.row(i);
        const float* const from = b.row(k);
        for (std::size_t j = 0; j < c.rows; ++j) to[j] += factor * from[j];
      }
    }
  }
};

struct matmul {
  std::size_t rows;
  std::shared_ptr<float[]> numbers = nullptr;  // of a, b and c

  static std::vector<matmul> variants(size of) {
    if (of == size::quick) return {{256}};
    return {{1024}, {2048}};
  }
  std::string name() const { return std::to_string(rows); }
  std::uint64_t operations() const {
    std::uint64_t products = 1;
    for (std::size_t small = 64; small < rows; small *= 2) products = products * 8 + 1;
    return products;
  }

  parameter_list parameters() const { return {{"rows", static_cast<long>(rows)}}; }

  // Small whole numbers, so that a product has no rounding.
  void prepare() {
    if (numbers == nullptr) numbers = std::make_unique<float[]>(3 * rows * rows);
    const product all = whole();
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < rows; ++j) {
        all.a.row(i)[j] = static_cast<float>((i * 7 + j * 3) % 5);
        all.b.row(i)[j] = static_cast<float>((i * 2 + j * 5) % 7);
        all.c.row(i)[j] = 0;
      }
    }
  }

  product whole() const noexcept {
    const auto matrix = [this](std::size_t i) {
      return square{numbers.get() + i * rows * rows, rows, rows};
    };
    return {matrix(0), matrix(1), matrix(2)};
  }

  // Whether (a * b) * x is a * (b * x): a wrong c passes for one x in very few.
  bool is_right(const product& done) const {
    std::vector<double> x(rows);
    for (std::size_t i = 0; i < rows; ++i) x[i] = static_cast<double>((i * 31 + 17) % 101);
    return times(done.c, x) == times(done.a, times(done.b, x));
  }

 private:
  static std::vector<double> times(const square& matrix, const std::vector<double>& x) {
    std::vector<double> sums(matrix.rows);
    for (std::size_t i = 0; i < matrix.rows; ++i) {
      for (std::size_t j = 0; j < matrix.rows; ++j) {
        sums[i] += static_cast<double>(matrix.row(i)[j]) * x[j];
      }
    }
    return sums;
  }
};

}  // namespace bench
