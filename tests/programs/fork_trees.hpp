// Trees of fork_join and parallel loops that fail and are cancelled at random, in tasks that also sleep. A
// fork_join ends after all its branches, whatever they did, and what they wrote is visible then: the marks
// are plain numbers, so ThreadSanitizer sees a missing edge.
#pragma once

#include "../stress/tasks.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>
#include <vector>

namespace silk_stress::forking {

// What a branch has done; looked at by its fork_join when it has ended.
struct mark {
  unsigned begun = 0;
  unsigned ended = 0;
};
class inside {
 public:
  explicit inside(mark& of) noexcept : of_(of) { ++of_.begun; }
  ~inside() { ++of_.ended; }
  inside(const inside&) = delete;
  inside& operator=(const inside&) = delete;

 private:
  mark& of_;
  const life life_;
};

// Before the branches on the stack: at its end all must have ended that have begun.
template <std::size_t N>
class roll_call {
 public:
  roll_call() = default;
  ~roll_call() {
    for (const mark& each : marks_) expect(each.begun == each.ended && each.begun <= 1);
  }
  roll_call(const roll_call&) = delete;
  roll_call& operator=(const roll_call&) = delete;
  mark& operator[](std::size_t i) { return marks_[i]; }
  bool complete() const {
    for (const mark& each : marks_) {
      if (each.ended != 1) return false;
    }
    return true;
  }

 private:
  mark marks_[N];
};

// Gives the number of leaves.
inline std::uint64_t tree(mark& mine, dice random, unsigned depth) {
  const inside here(mine);
  if (random.one_in(2'000)) throw failure_by_design();
  if (random.one_in(20)) jitter(random);
  if (depth == 0) return 1;
  switch (random.below(8)) {
    case 0: {
      roll_call<3> present;
      std::uint64_t third = 0;
      const auto [first, nothing, second] = silk::fork_join(
          [&, next = random.another()] { return tree(present[0], next, depth - 1); },
          [&, next = random.another()] { third = tree(present[1], next, depth - 1); },
          [&, next = random.another()] { return tree(present[2], next, depth - 1); });
      static_cast<void>(nothing);
      expect(present.complete());
      return first + second + third;
    }
    case 1: {
      std::vector<mark> marks(random.below(20));
      const dice seeds = random.another();
      const std::uint64_t sum =
          silk::parallel_reduce(std::size_t{0}, marks.size(), std::uint64_t{0},
                                [&](std::size_t i) {
                                  dice own = seeds;
                                  for (std::size_t skipped = 0; skipped < i; ++skipped) own.roll();
                                  return tree(marks[i], own.another(), depth / 3);
                                },
                                std::plus<>(), {.grain = random.below(3)});
      for (const mark& each : marks) expect(each.begun == 1 && each.ended == 1);
      return sum;
    }
    default: {
      roll_call<2> present;
      const auto [left, right] = silk::fork_join(
          [&, next = random.another()] { return tree(present[0], next, depth - 1); },
          [&, next = random.another()] { return tree(present[1], next, depth - 1); });
      expect(present.complete());
      return left + right;
    }
  }
}

inline silk::task<> root(dice random, unsigned deepest = 10) {
  const life alive;
  const silk::task_ref self = silk::current_task();
  for (unsigned rounds = 1 + random.below(6); rounds > 0; --rounds) {
    mark mine;
    try {
      const std::uint64_t leaves = tree(mine, random.another(), deepest - random.below(5));
      expect(leaves > 0 || mine.begun == 1);
    } catch (const failure_by_design&) {
    }
    expect(mine.begun == mine.ended);
    expect(silk::current_task() == self);
    co_await nap(random.another());
  }
}

// Children that the join token passes, and that fork while they have it.
inline silk::task<> gathered(dice random) {
  co_await silk::gather(root(random.another()), root(random.another()), root(random.another()));
}

// A task beside: it must get its turns.
inline silk::task<> sleeper(dice random) {
  const life alive;
  for (unsigned naps = random.below(20); naps > 0; --naps) {
    co_await silk::sleep(microseconds(random.below(300)));
  }
}

inline long fib(long n) {
  if (n < 2) return n;
  const auto [left, right] =
      silk::fork_join([n] { return fib(n - 1); }, [n] { return fib(n - 2); });
  return left + right;
}

}  // namespace silk_stress::forking
