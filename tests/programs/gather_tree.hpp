// Trees of forked children that suspend, fail and are cancelled at random. A gather ends after all its
// children, whatever they did, and what they wrote is visible then: the marks are plain bytes, so
// ThreadSanitizer sees a missing edge.
#pragma once

#include "../stress/tasks.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <tuple>
#include <utility>
#include <vector>

namespace silk_stress::gathering {

// Lives in a child's frame; tells its parent when the frame is gone.
class mark {
 public:
  explicit mark(unsigned char& gone) noexcept : gone_(&gone) {}
  mark(mark&& other) noexcept
      : gone_(std::exchange(other.gone_, nullptr)), life_(std::move(other.life_)) {}
  mark& operator=(mark&&) = delete;
  ~mark() {
    if (gone_ != nullptr) ++*gone_;
  }

 private:
  unsigned char* gone_;
  life life_;
};

// Lives in a parent's frame before the children: at its end all of them must be gone, each once.
class roll_call {
 public:
  explicit roll_call(std::size_t children) : gone_(children) {}
  ~roll_call() {
    for (const unsigned char each : gone_) expect(each == 1);
  }
  roll_call(const roll_call&) = delete;
  roll_call& operator=(const roll_call&) = delete;
  mark child(std::size_t i) { return mark(gone_[i]); }

 private:
  std::vector<unsigned char> gone_;
};

inline silk::task<std::uint64_t> node(mark, dice random, unsigned depth) {
  if (random.one_in(3)) co_await nap(random.another());
  if (random.one_in(100)) throw failure_by_design();
  if (depth == 0) co_return 1;
  switch (random.below(5)) {
    case 0: {
      roll_call present(2);
      const auto [left, right] =
          co_await silk::gather(node(present.child(0), random.another(), depth - 1),
                                node(present.child(1), random.another(), depth - 1));
      co_return left + right;
    }
    case 1: {
      const std::size_t count = random.below(7);
      roll_call present(count);
      std::vector<silk::task<std::uint64_t>> children;
      for (std::size_t i = 0; i < count; ++i) {
        children.push_back(node(present.child(i), random.another(), depth - 1));
      }
      const std::vector<std::uint64_t> sizes = co_await silk::gather(std::move(children));
      std::uint64_t sum = 0;
      for (const std::uint64_t each : sizes) sum += each;
      co_return sum;
    }
    case 2: {
      roll_call present(3);
      auto settled =
          co_await silk::gather_settled(node(present.child(0), random.another(), depth - 1),
                                        node(present.child(1), random.another(), depth - 1),
                                        node(present.child(2), random.another(), depth - 1));
      co_return std::get<0>(settled).has_value() + std::get<1>(settled).has_value() +
          std::get<2>(settled).has_value();
    }
    case 3: {
      roll_call present(1);
      const std::uint64_t size = co_await silk::with_timeout(
          microseconds(random.below(3'000)), node(present.child(0), random.another(), depth - 1));
      co_return size;
    }
    default: {
      roll_call present(1);
      const std::uint64_t size = co_await node(present.child(0), random.another(), depth - 1);
      co_return size;
    }
  }
}

inline silk::task<> root(dice random, unsigned depth = 7) {
  roll_call present(1);
  bool stopped = false;
  try {
    const std::uint64_t size = co_await node(present.child(0), random.another(), depth);
    static_cast<void>(size);
  } catch (const std::exception&) {
  } catch (const silk::cancelled&) {
    stopped = true;
  }
  if (stopped) throw silk::cancelled();
}

// Hardly anything suspends: children are stolen, or not, and the sum must be right.
inline silk::task<std::uint64_t> fib(unsigned n, dice random) {
  if (n < 2) co_return n;
  if (random.one_in(200)) co_await nap(random.another());
  const auto [left, right] =
      co_await silk::gather(fib(n - 1, random.another()), fib(n - 2, random.another()));
  co_return left + right;
}

}  // namespace silk_stress::gathering
