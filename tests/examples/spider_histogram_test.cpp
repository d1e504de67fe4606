#include "../../examples/spider/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace {

using spider::histogram;

constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();

histogram of(std::initializer_list<std::uint64_t> values) {
  histogram h;
  for (const std::uint64_t value : values) h.add(value);
  return h;
}

TEST(histogram, is_all_zero_when_empty) {
  const histogram empty;
  EXPECT_EQ(empty.percentile(0), 0);
  EXPECT_EQ(empty.percentile(50), 0);
  EXPECT_EQ(empty.percentile(100), 0);
  EXPECT_EQ(empty.largest(), 0);
  EXPECT_EQ(empty.total(), 0);
}

TEST(histogram, keeps_small_values_exactly) {
  histogram h;
  for (std::uint64_t value = 0; value < 64; ++value) h.add(value);
  EXPECT_EQ(h.percentile(0), 0);
  EXPECT_EQ(h.percentile(50), 31);
  EXPECT_EQ(h.percentile(100), 63);
}

TEST(histogram, never_says_more_than_the_largest_value) {
  EXPECT_EQ(of({1000}).percentile(50), 1000);
  EXPECT_EQ(of({largest}).percentile(50), largest);
  EXPECT_EQ(of({0, largest}).percentile(100), largest);
}

TEST(histogram, takes_a_value_of_every_width) {
  for (int shift = 0; shift < 64; ++shift) {
    for (const std::uint64_t value :
         {std::uint64_t{1} << shift, (std::uint64_t{1} << shift) - 1, largest >> shift}) {
      const std::uint64_t said = of({value, largest}).percentile(50);
      EXPECT_GE(said, value);
      EXPECT_LE(said - value, value / 32);
    }
  }
}

TEST(histogram, percentiles_are_within_a_bucket_of_the_true_ones) {
  std::mt19937_64 random(7);
  histogram h;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 10'000; ++i) {
    values.push_back(random() >> (random() % 64));
    h.add(values.back());
  }
  std::ranges::sort(values);
  for (const unsigned percent : {1u, 25u, 50u, 90u, 99u, 100u}) {
    const std::uint64_t exact = values[values.size() * percent / 100 - 1];
    EXPECT_GE(h.percentile(percent), exact);
    EXPECT_LE(h.percentile(percent) - exact, exact / 32);
  }
}

TEST(histogram, adds_up_like_one_that_had_all_values) {
  histogram sum = of({5, 100, 70'000});
  sum.add(of({7, 1'000'000}));
  EXPECT_EQ(sum.total(), 5);
  EXPECT_EQ(sum.largest(), 1'000'000);
  EXPECT_EQ(sum.percentile(20), 5);
  EXPECT_EQ(sum.percentile(40), 7);
  EXPECT_EQ(sum.percentile(100), 1'000'000);
}

}  // namespace
