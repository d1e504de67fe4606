// Trees of forked children that suspend, fail and are cancelled at random. A gather ends after all its
// children, whatever they did, and what they wrote is visible then: the marks are plain bytes, so
// ThreadSanitizer sees a missing edge.
#include "tasks.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace silk_stress;

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
    for (const unsigned char each : gone_) EXPECT_EQ(each, 1);
  }
  roll_call(const roll_call&) = delete;
  roll_call& operator=(const roll_call&) = delete;
  mark child(std::size_t i) { return mark(gone_[i]); }

 private:
  std::vector<unsigned char> gone_;
};

silk::task<std::uint64_t> node(mark, dice random, unsigned depth) {
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

silk::task<> root(dice random) {
  roll_call present(1);
  bool stopped = false;
  try {
    const std::uint64_t size = co_await node(present.child(0), random.another(), 7);
    static_cast<void>(size);
  } catch (const std::exception&) {
  } catch (const silk::cancelled&) {
    stopped = true;
  }
  if (stopped) throw silk::cancelled();
}

class gather_tree : public at_any_size {};
SILK_STRESS_AT_ANY_SIZE(gather_tree);

TEST_P(gather_tree, outlives_all_its_children) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    std::vector<silk::join_handle<void>> roots;
    for (unsigned i = 1 + random.below(8); i > 0; --i) {
      roots.push_back(runtime.spawn(root(random.another())));
    }
    std::jthread canceller([roots, mine = random.another()]() mutable {
      for (const auto& each : roots) {
        jitter(mine);
        if (mine.one_in(2)) each.cancel("from outside");
      }
    });
    runtime.block_on([roots]() -> silk::task<> { co_await silk::gather_settled(roots); });
  }
}

// Hardly anything suspends: children are stolen, or not, and the sum must be right.
silk::task<std::uint64_t> fib(unsigned n, dice random) {
  if (n < 2) co_return n;
  if (random.one_in(200)) co_await nap(random.another());
  const auto [left, right] =
      co_await silk::gather(fib(n - 1, random.another()), fib(n - 2, random.another()));
  co_return left + right;
}

TEST_P(gather_tree, adds_up_whoever_steals) {
  silk::runtime runtime(quiet(workers()));
  while (time.running()) {
    const auto [one, two, three] = runtime.block_on(
        [mine = random.another()]() mutable
            -> silk::task<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>> {
          const auto apart = silk::spawn(fib(15, mine.another()));
          const auto [left, right] =
              co_await silk::gather(fib(16, mine.another()), fib(14, mine.another()));
          const std::uint64_t last = co_await apart;
          co_return std::tuple(left, right, last);
        });
    liveness_oracle::progress();
    EXPECT_EQ(one, 987u);
    EXPECT_EQ(two, 377u);
    EXPECT_EQ(three, 610u);
  }
}

}  // namespace
