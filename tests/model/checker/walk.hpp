// walk: one execution after the other, at random; and the one that a schedule describes.
#pragma once

#include "strategy.hpp"

#include <array>
#include <cstdint>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

namespace silk::model {

// Every choice at random, each alternative as likely as the others; values mostly the newest.
class random_walk : public strategy {
 public:
  explicit random_walk(std::uint64_t seed) noexcept : random_(seed) {}

  void begin() override {}
  unsigned choose_thread(const crossing& at) override;
  unsigned choose(unsigned count, std::uint64_t allowed) override;
  void arrived(thread_id, const operation&) override {}
  void executes(thread_id, const operation&) override {}
  bool next() override { return true; }

 protected:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

 private:
  std::mt19937_64 random_;
};

// PCT, probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010): the thread with the highest
// priority runs; priorities are random and change at depth - 1 random steps. A bug that needs `depth`
// orderings among n threads and k steps is found with a probability of at least 1 / (n k^(depth-1)).
class priority_walk final : public random_walk {
 public:
  priority_walk(std::uint64_t seed, unsigned depth) : random_walk(seed), depth_(depth) {}

  void begin() override;
  unsigned choose_thread(const crossing& at) override;

 private:
  unsigned depth_;
  std::size_t steps_ = 0;
  std::size_t most_steps_ = 1;
  std::array<std::int64_t, max_threads> priority_{};
  std::vector<std::size_t> changes_;
  std::int64_t lowest_ = 0;
};

// Text as execution::schedule() gives it. Throws std::invalid_argument.
class replay final : public strategy {
 public:
  explicit replay(std::string_view schedule);

  void begin() override;
  unsigned choose_thread(const crossing& at) override;
  unsigned choose(unsigned count, std::uint64_t allowed) override;
  void arrived(thread_id, const operation&) override {}
  void executes(thread_id, const operation&) override {}
  bool next() override { return false; }

 private:
  unsigned take();

  std::vector<std::pair<std::uint32_t, unsigned>> choices_;
  std::size_t at_ = 0;
  std::uint32_t ordinary_ = 0;
};

}  // namespace silk::model
