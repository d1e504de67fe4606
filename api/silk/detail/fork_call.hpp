// fork_call: one fork_join under way; lives on the stack of the caller, as do its branches.
//
// The first callable is called at once, the others are linked (scheduler/branches.hpp) before it. Each
// is called by its own type when its turn comes, unless another worker has it by then.
//
// J1 (first failure): of all that fail, the one that raises the call's flag keeps its exception; who
//    sees it raised begins nothing more. The flag is that of the last branch, which is the first one to
//    be handed out: as long as that has not happened there is nobody else, and the flag is not made.
//
// Edges   E:branch-failed   the exchange on the flag   -> those who look at it
#pragma once

#include "engine.hpp"
#include "result.hpp"
#include "running.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace silk::detail {

struct fork_branch : engine::branch {
  // Made when the branch is handed out, gone when it is joined.
  struct shared {
    explicit shared(const setting& forked_in) noexcept : where(forked_in) {}
    bool has_failed() const noexcept {
      return failed.load(sync::memory_order_relaxed);  // relaxed: only saves beginning a branch
    }
    void note_failure() noexcept;  // the exception being handled [whose callable throws it]

    const setting where;
    sync::atomic<bool> failed{false};
    std::exception_ptr first;  // written by who raised the flag
  };

  explicit fork_branch(body run) noexcept : branch(run) {}
  ~fork_branch() {}

  union {
    shared out;
  };
};

// What a branch that another worker has taken runs in.
class elsewhere {
 public:
  explicit elsewhere(const setting& where) noexcept : inside_(setting_change::of::branch) {
    set_setting(where);
  }

 private:
  interlude inside_;
};

// Thrown where a branch has failed or is not to begin; the fork_join throws something else.
struct branch_failed {};

[[noreturn]] void fork_needs_a_worker(const char* verb);

// After must_look(): lets others have their turn, hands a branch out. Throws `cancelled` when the task
// is to stop. [worker]
void look_around();
// The same for a fork_join whose branches have been pushed, the last one to `place`.
void look_around_at_fork(std::uint32_t place);
void hand_out_wanted();
void throw_if_cancelled();
// A popped branch that is not private. True: it is the caller's again. False: it has ended, elsewhere.
// join_ended is due when the others of its call have been joined, too. [worker]
[[nodiscard]] bool take_back(fork_branch& popped);
void join_ended(fork_branch& joined) noexcept;
bool is_branch_failed(const std::exception_ptr& thrown) noexcept;
// All branches have been joined, and what was thrown first is `first`. [worker]
[[noreturn]] void throw_first(std::exception_ptr first, std::uint32_t place);

template <class F>
using branch_value = std::conditional_t<std::is_void_v<std::invoke_result_t<F>>, void,
                                        std::remove_cvref_t<std::invoke_result_t<F>>>;

template <class F>
stored<branch_value<F>> call_branch(F&& function) {
  if constexpr (std::is_void_v<branch_value<F>>) {
    std::invoke(std::forward<F>(function));
    return {};
  } else {
    return std::invoke(std::forward<F>(function));
  }
}

// A small closure that was made for the call is copied: what would refer to it is as large.
template <class F>
using kept_function = std::conditional_t<std::is_rvalue_reference_v<F&&> &&
                                             std::is_trivially_copyable_v<std::remove_cvref_t<F>> &&
                                             sizeof(std::decay_t<F>) <= 2 * sizeof(void*),
                                         std::remove_cvref_t<F>, F&&>;

template <class Call, std::size_t I, class F>
struct forked : fork_branch {
  using value = branch_value<F>;

  static void run_elsewhere(engine::branch& self) noexcept {
    auto& mine = static_cast<forked&>(self);
    static_cast<Call&>(mine).run_taken(mine);
  }
  stored<value> call() { return call_branch(static_cast<F&&>(function)); }

  kept_function<F> function;
  // Set by who runs it elsewhere.
  outcome held;
  result<value> slot;

 private:
  friend Call;
  explicit forked(F&& f) noexcept : fork_branch(run_elsewhere), function(static_cast<F&&>(f)) {}
};

template <class Places, class First, class... Fs>
class fork_call;

template <std::size_t... I, class First, class... Fs>
class fork_call<std::index_sequence<I...>, First, Fs...> final
    : forked<fork_call<std::index_sequence<I...>, First, Fs...>, I, Fs>... {
  template <std::size_t N>
  using part = forked<fork_call, N, std::tuple_element_t<N, std::tuple<Fs...>>>;

 public:
  static constexpr std::size_t count = sizeof...(Fs);
  using values = std::tuple<stored<branch_value<First>>, stored<branch_value<Fs>>...>;

  [[gnu::always_inline]] explicit fork_call(Fs&&... fs) noexcept
      : part<I>(static_cast<Fs&&>(fs))... {}

  // Where the worker's branches are is looked up again after each call: to keep it would take a register
  // from the function that forks, and from all that it calls.
  [[gnu::always_inline]] values run(engine::branches& now, First&& first) {
    const std::uint32_t place = now.count();
    (static_cast<void>(now.push(branch<count - 1 - I>())), ...);
    std::size_t begun = 0;  // branches that have been popped
    try {
      if (now.must_look()) [[unlikely]]
        look_around_at_fork(place);
      return values{call_branch(static_cast<First&&>(first)), join<I>(place, begun)...};
    } catch (...) {
      fail(begun, place);
    }
  }

 private:
  template <class Call, std::size_t N, class F>
  friend struct forked;

  template <std::size_t N>
  part<N>& branch() noexcept {
    return *this;
  }
  static constexpr std::uint32_t place_of(std::size_t n, std::uint32_t first) noexcept {
    return first + static_cast<std::uint32_t>(count - 1 - n);
  }
  fork_branch::shared& common() noexcept { return branch<count - 1>().out; }

  template <std::size_t N>
  [[gnu::always_inline]] auto join(std::uint32_t place, std::size_t& begun)
      -> stored<typename part<N>::value> {
    begun = N + 1;
    engine::branches& mine = engine::current_worker()->own_branches();
    if (!mine.pop(place_of(N, place))) [[unlikely]]
      return join_handed_out<N>();
    if constexpr (N < count - 1) {
      if (mine.is_handed_out(place) && common().has_failed()) [[unlikely]]
        throw branch_failed();
    }
    if (mine.asked_for_some()) [[unlikely]]
      hand_out_wanted();
    return branch<N>().call();
  }

  template <std::size_t N>
  [[gnu::noinline]] auto join_handed_out() -> stored<typename part<N>::value> {
    part<N>& next = branch<N>();
    const bool ours = take_back(next);
    if (ours ? common().has_failed() : next.held != outcome::value) {
      if constexpr (N < count - 1) join_ended(next);
      throw branch_failed();
    }
    join_ended(next);
    if (ours) return next.call();
    const value_holder holder{next};
    return std::move(next.slot.value());
  }

  template <class Part>
  struct value_holder {
    ~value_holder() { part.slot.destroy(outcome::value); }
    Part& part;
  };
  template <class Part>
  value_holder(Part&) -> value_holder<Part>;

  // [who took it]
  template <std::size_t N, class F>
  void run_taken(forked<fork_call, N, F>& taken) noexcept {
    const elsewhere inside(taken.out.where);
    taken.held = outcome::skipped;
    if (common().has_failed()) return;
    try {
      throw_if_cancelled();
      taken.slot.emplace(taken.call());
      taken.held = outcome::value;
    } catch (...) {
      common().note_failure();
    }
  }

  // Something was thrown here; the first `begun` branches have been popped.
  [[noreturn, gnu::cold, gnu::noinline]] void fail(std::size_t begun, std::uint32_t place) {
    engine::branches& mine = engine::current_worker()->own_branches();
    bool others = begun < count && mine.is_handed_out(place);  // else all are private, and stay so
    std::exception_ptr first = std::current_exception();
    if (is_branch_failed(first)) {
      others = true;
    } else if (others) {
      common().note_failure();
    }
    ((I >= begun ? drop<I>(mine, place) : void()), ...);
    if (others) {
      first = std::move(common().first);
      join_ended(branch<count - 1>());
    }
    throw_first(std::move(first), place);
  }

  template <std::size_t N>
  void drop(engine::branches& mine, std::uint32_t place) noexcept {
    part<N>& next = branch<N>();
    if (mine.pop(place_of(N, place))) return;
    if (!take_back(next) && next.held == outcome::value) next.slot.destroy(outcome::value);
    if constexpr (N < count - 1) join_ended(next);
  }
};

}  // namespace silk::detail
