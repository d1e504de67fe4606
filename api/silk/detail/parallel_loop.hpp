// parallel_loop: one parallel_for or parallel_reduce under way: a range of positions, a piece at a time.
//
// Lazy binary splitting (Tzannes, Caragea, Barua and Vishkin, PPoPP 2010): after each piece the loop looks
// whether another worker has asked for work. Only then is what is left cut in two, and the second half
// forked. So a loop that nobody helps with forks nothing.
#pragma once

#include "../fork_join.hpp"
#include "../parallel_options.hpp"
#include "engine.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <type_traits>

namespace silk {

namespace detail {

[[nodiscard]] bool
loop_is_to_split();  // somebody wants work, and this loop is the one to give it [worker]

class parallel_loop {
 public:
  parallel_loop(const char* verb, parallel_options options) : grain_(options.grain) {
    if (engine::current_worker() == nullptr) [[unlikely]]
      fork_needs_a_worker(verb);
  }
  parallel_loop(const parallel_loop&) = delete;
  parallel_loop& operator=(const parallel_loop&) = delete;

  bool has_failed() const noexcept {
    return failed_.load(sync::memory_order_relaxed);  // relaxed: only saves going on
  }
  void note_failure() noexcept {
    failed_.store(true, sync::memory_order_relaxed);  // relaxed: fork_join carries the exception
  }
  std::size_t grain() const noexcept { return grain_; }

 private:
  const std::size_t grain_;
  sync::atomic<bool> failed_{false};
};

// How many iterations make the next piece.
class piece_size {
 public:
  explicit piece_size(const parallel_loop& loop) noexcept
      : size_(std::max<std::size_t>(loop.grain(), 1)),
        fixed_(loop.grain() != 0),
        timed_(!fixed_ && !engine::current_worker()->owner().is_driven()),
        begun_(timed_ ? engine::clock::steady_now() : 0) {}

  std::size_t of(std::size_t left) const noexcept { return std::min(size_, left); }
  void next() noexcept {
    if (fixed_) return;
    std::uint64_t passed = 0;
    if (timed_) {
      const std::uint64_t now = engine::clock::steady_now();
      passed = now - begun_;
      begun_ = now;
    }
    if (passed < short_piece) {
      size_ = std::min(2 * size_, most);
    } else if (passed > long_piece) {
      size_ = std::max<std::size_t>(size_ / 2, 1);
    }
  }

 private:
  static constexpr std::uint64_t short_piece = 4'000;  // ns: a hundred times a look at the clock
  static constexpr std::uint64_t long_piece = 16'000;
  static constexpr std::size_t most = 1 << 16;
  std::size_t size_;
  bool fixed_;
  bool timed_;
  std::uint64_t begun_;
};

// Calls piece(begin, end) for one piece after the other, and split(middle) when what is left after
// that is to be cut; then it is over. [worker]
template <class Piece, class Split>
void loop_over(parallel_loop& loop, std::size_t begin, std::size_t end, Piece&& piece,
               Split&& split) {
  engine::branches& mine = engine::current_worker()->own_branches();
  piece_size size(loop);
  try {
    while (begin != end) {
      const std::size_t until = begin + size.of(end - begin);
      piece(begin, until);
      begin = until;
      if (loop.has_failed()) [[unlikely]]
        return;
      size.next();
      if (!mine.must_look_alone()) [[likely]]
        continue;
      if (begin == end) return;  // nothing is left that could be given away or cancelled
      if (loop_is_to_split() && end - begin > std::max<std::size_t>(loop.grain(), 1))
        return split(begin, begin + (end - begin) / 2);
    }
  } catch (...) {
    loop.note_failure();
    throw;
  }
}

template <class First, class Last>
concept counted_range = std::integral<First> && std::integral<Last> && !std::same_as<First, bool> &&
                        !std::same_as<Last, bool>;

// The number of iterations; 0 if `last` is before `first`.
template <class Index>
std::size_t iterations(Index first, Index last) noexcept {
  if (!(first < last)) return 0;
  if constexpr (std::integral<Index>) {
    using wide = std::make_unsigned_t<Index>;
    return static_cast<std::size_t>(
        static_cast<wide>(static_cast<wide>(last) - static_cast<wide>(first)));
  } else {
    return static_cast<std::size_t>(last - first);
  }
}

// What the body is given for the iteration at `offset`: the number, or what the iterator refers to.
template <class Index>
decltype(auto) element_at(Index first, std::size_t offset) {
  if constexpr (std::integral<Index>) {
    using wide = std::make_unsigned_t<Index>;
    return static_cast<Index>(
        static_cast<wide>(static_cast<wide>(first) + static_cast<wide>(offset)));
  } else {
    return first[static_cast<std::iter_difference_t<Index>>(offset)];
  }
}
template <class Index>
using element_of = decltype(element_at(std::declval<Index>(), std::size_t{}));

}  // namespace detail

}  // namespace silk
