// parallel_reduce: one value out of many, on as many workers as have nothing else to do.
#pragma once

#include "detail/parallel_loop.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <type_traits>
#include <utility>

namespace silk {

namespace detail {

template <class T, class Index, class Map, class Combine>
struct reduction {
  T reduce(std::size_t begin, std::size_t end, T start) {
    T sum = std::move(start);
    loop_over(
        loop, begin, end,
        [&](std::size_t from, std::size_t to) {
          // Copies, or each number that is stored might be one of these.
          const Index first = base;
          T part = std::move(sum);
          for (; from != to; ++from)
            part = std::invoke(combine, std::move(part), std::invoke(map, element_at(first, from)));
          sum = std::move(part);
        },
        [&](std::size_t from, std::size_t middle) {
          auto [left, right] =
              fork_join([&, from, middle] { return reduce(from, middle, std::move(sum)); },
                        [&, middle, end] { return reduce(middle, end, identity); });
          sum = std::invoke(combine, std::move(left), std::move(right));
        });
    return sum;
  }

  parallel_loop& loop;
  Index base;
  const T& identity;
  Map& map;
  Combine& combine;
};

template <class T, class Index, class Map, class Combine>
T reduce_all(Index base, std::size_t count, const T& identity, Map& map, Combine& combine,
             parallel_options options) {
  parallel_loop loop("parallel_reduce", options);
  return reduction<T, Index, Map, Combine>{loop, base, identity, map, combine}.reduce(0, count,
                                                                                      identity);
}

template <class T, class Combine, class Mapped>
concept combines = std::copyable<T> && std::invocable<Combine&, T, Mapped> &&
                   std::assignable_from<T&, std::invoke_result_t<Combine&, T, Mapped>> &&
                   std::assignable_from<T&, std::invoke_result_t<Combine&, T, T>>;

}  // namespace detail

/// Combines `map(i)` for each i from `first` up to, not including, `last`.
///
/// Starts    as parallel_for.
/// Finishes  when all iterations have ended. Gives what `combine` makes of `identity` and all values, from
///           left to right. Where the brackets are depends on who had time: `combine` must be
///           associative, and `combine(identity, x)` be x. It need not be commutative. Sums of floating
///           point numbers may differ in their last digits.
/// Fails     as parallel_for.
/// Cancelled as parallel_for.
/// Threads   as parallel_for; `map` and `combine` are called by several threads.
/// Lifetime  they may refer to locals of the caller.
template <class First, class Last, class T, class Map, class Combine>
  requires detail::counted_range<First, Last> &&
           std::invocable<Map&, std::common_type_t<First, Last>> &&
           detail::combines<T, Combine, std::invoke_result_t<Map&, std::common_type_t<First, Last>>>
T parallel_reduce(First first, Last last, T identity, Map&& map, Combine&& combine,
                  parallel_options options = {}) {
  using index = std::common_type_t<First, Last>;
  const auto begin = static_cast<index>(first);
  return detail::reduce_all(begin, detail::iterations(begin, static_cast<index>(last)), identity,
                            map, combine, options);
}

/// As above for each element of a range with random access: `map(*it)`.
template <std::random_access_iterator It, class T, class Map, class Combine>
  requires std::invocable<Map&, std::iter_reference_t<It>> &&
           detail::combines<T, Combine, std::invoke_result_t<Map&, std::iter_reference_t<It>>>
T parallel_reduce(It first, It last, T identity, Map&& map, Combine&& combine,
                  parallel_options options = {}) {
  return detail::reduce_all(first, detail::iterations(first, last), identity, map, combine,
                            options);
}

}  // namespace silk
