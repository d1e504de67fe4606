// parallel_for: a loop of plain iterations, on as many workers as have nothing else to do.
#pragma once

#include "detail/parallel_loop.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <type_traits>

namespace silk {

namespace detail {

template <class Index, class Body>
void for_each_in(parallel_loop& loop, Index base, std::size_t begin, std::size_t end, Body& body) {
  loop_over(
      loop, begin, end,
      [&](std::size_t from, std::size_t to) {
        const Index first = base;  // a copy, or each number that the body stores might be this one
        for (; from != to; ++from) std::invoke(body, element_at(first, from));
      },
      [&](std::size_t from, std::size_t middle) {
        fork_join([&, from, middle] { for_each_in(loop, base, from, middle, body); },
                  [&, middle, end] { for_each_in(loop, base, middle, end, body); });
      });
}

}  // namespace detail

/// Calls `body(i)` for each i from `first` up to, not including, `last`; in any order, possibly at the
/// same time.
///
/// Starts    on the calling worker, in order. Others get half of what is left when they have nothing to
///           do. Nothing is allocated.
/// Finishes  when all iterations have ended.
/// Fails     with the first failure in time. Each worker that takes part stops after the piece it is at.
/// Cancelled looks between two pieces; what was not begun is skipped, and `silk::cancelled` is thrown.
/// Threads   as fork_join: on a worker only. `body` is called by several threads.
/// Lifetime  `body` may refer to locals of the caller.
template <class First, class Last, class Body>
  requires detail::counted_range<First, Last> &&
           std::invocable<Body&, std::common_type_t<First, Last>>
void parallel_for(First first, Last last, Body&& body, parallel_options options = {}) {
  using index = std::common_type_t<First, Last>;
  const auto begin = static_cast<index>(first);
  detail::parallel_loop loop("parallel_for", options);
  detail::for_each_in(loop, begin, 0, detail::iterations(begin, static_cast<index>(last)), body);
}

/// As above for each element of a range with random access: `body(*it)`.
template <std::random_access_iterator It, class Body>
  requires std::invocable<Body&, std::iter_reference_t<It>>
void parallel_for(It first, It last, Body&& body, parallel_options options = {}) {
  detail::parallel_loop loop("parallel_for", options);
  detail::for_each_in(loop, first, 0, detail::iterations(first, last), body);
}

}  // namespace silk
