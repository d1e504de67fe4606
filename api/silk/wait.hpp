// wait: until some of these tasks are done, and cancel nobody.
#pragma once

#include "detail/unique_handles.hpp"
#include "detail/watch_group.hpp"
#include "future.hpp"
#include "task.hpp"
#include "time.hpp"

#include <ranges>
#include <source_location>
#include <stdexcept>
#include <utility>
#include <vector>

namespace silk {

/// When wait() goes on.
enum return_when : std::uint8_t {
  first_completed,  ///< as soon as any of them is done, in whatever way
  first_exception,  ///< as soon as any of them has failed (a cancelled one has not), or all are done
  all_completed,    ///< when all are done
};

/// Options of wait(). Trivially destructible, so that it may be written inside a co_await expression.
struct wait_options {
  silk::return_when return_when = all_completed;  ///< when wait() goes on
  duration timeout = duration::max();             ///< at most this long; max() means for ever
};

/// What wait() gives: the handles it was given, in that order, each in one of the two.
template <class Handle>
struct wait_result {
  std::vector<Handle> done;     ///< those that have their outcome
  std::vector<Handle> pending;  ///< those that have not
};

namespace detail {

// The handles come first, so that they outlive the group that points into them.
template <class Handle>
struct handles_base {
  std::vector<Handle> handles;
};

template <class Handle>
class [[nodiscard("a wait must be awaited")]] wait_awaiter : private handles_base<Handle>,
                                                             public watch_group {
 public:
  wait_awaiter(std::vector<Handle> given, wait_options options)
      : handles_base<Handle>{without_duplicates(std::move(given))},
        watch_group(cores_of_handles(this->handles), to_until(options.return_when),
                    watch_cancel::leaves_them) {
    if (this->handles.empty()) throw std::invalid_argument("wait needs at least one handle");
    if (options.timeout != duration::max()) set_timeout(options.timeout);
  }

  wait_result<Handle> await_resume(std::source_location where = std::source_location::current()) {
    finish(where);
    wait_result<Handle> result;
    for (Handle& handle : this->handles) {
      auto& side = handle.done() ? result.done : result.pending;
      side.push_back(std::move(handle));
    }
    return result;
  }

 private:
  static watch_until to_until(silk::return_when when) {
    switch (when) {
      case first_completed:
        return watch_until::first_completed;
      case first_exception:
        return watch_until::first_exception;
      case all_completed:
        return watch_until::all_completed;
    }
    throw std::invalid_argument(
        "return_when must be first_completed, first_exception or all_completed");
  }
};

}  // namespace detail

/// Waits until enough of `handles` are done or the time is up; gives {done, pending}. A handle that is
/// listed twice counts once.
///
/// Finishes  per options; what became done by the time the waiter resumes is in `done`, too. A timeout
///           of zero or less looks once, after others had a turn.
/// Fails     std::invalid_argument for no handles or an unknown return_when. Outcomes of the tasks are
///           not thrown: look at the handles. The end of the timeout is no failure.
/// Cancelled `silk::cancelled` at once; the handles' tasks run on.
/// Threads   in tasks only. Cancels nobody.
template <std::ranges::input_range Range>
  requires detail::any_future<std::ranges::range_value_t<Range>>
auto wait(Range&& handles, wait_options options = {}) {
  using Handle = std::ranges::range_value_t<Range>;
  std::vector<Handle> all;
  if constexpr (std::ranges::sized_range<Range>) all.reserve(std::ranges::size(handles));
  for (auto&& one : handles) all.push_back(std::forward<decltype(one)>(one));
  return detail::wait_awaiter<Handle>(std::move(all), options);
}

template <std::ranges::range Range>
  requires detail::any_task<std::ranges::range_value_t<Range>>
void wait(Range&&, wait_options = {}) = delete;  // spawn the tasks, and wait for their handles
template <detail::any_future First, class... Rest>
void wait(First&&, Rest&&...) = delete;  // it takes a range: a std::vector both{a, b}

}  // namespace silk
