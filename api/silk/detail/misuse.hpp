// What calls look like that do not compile. Deleted overloads beside the verbs take them: compilers
// show the line of the one that was chosen, and its comment says what to write instead.
#pragma once

#include "../task.hpp"
#include "awaitable.hpp"

#include <concepts>
#include <type_traits>

namespace silk::detail {

// A task that is a variable, and was not moved.
template <class What>
concept task_left_behind = any_task<What> && std::is_lvalue_reference_v<What>;

// Would give a task if it were called with the arguments themselves; it gets copies of them.
template <class F, class... Args>
concept wants_references = sizeof...(Args) > 0 && std::invocable<std::decay_t<F>&, Args&...> &&
                           !std::invocable<std::decay_t<F>, std::decay_t<Args>...>;

// Can be called, but what it gives is no task.
template <class F, class... Args>
concept gives_no_task =
    std::invocable<std::decay_t<F>, std::decay_t<Args>...> && !awaitable<std::decay_t<F>> &&
    !any_task<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>>;

// An await that has to begin where it was written, as that of gather or shield.
template <class What>
concept stays_where_it_is = !any_task<What> && awaitable<std::decay_t<What>> &&
                            !std::constructible_from<std::decay_t<What>, What>;

// A coroutine where a plain function is to be called back.
template <class F, class... Args>
concept calls_a_coroutine = std::invocable<F, Args...> && requires {
  typename std::decay_t<std::invoke_result_t<F, Args...>>::promise_type;
};

}  // namespace silk::detail
