// cancel_requests: one cancel on its way down, from task to task.
//
// A task passes a cancel on to what it waits for: a gather to its children, an await of a handle to the
// handle's task, and so on. What is still to be told is kept on a stack and worked off depth first, so
// that a deep tree of tasks does not need a deep stack of calls.
//
// Z1: a cancel comes to an end. Tasks that await each other in a circle would pass it round for ever. A
//     task that is met again while what it led to is still being told is not told twice: the await that
//     led there is given up instead and ends as cancelled, and so the circle unwinds. Only what is on
//     the way from the start counts: a task that is met on two ways is told twice, as in asyncio. A child
//     of a group in which the cancel began, in a timeout of its own for instance, has not been told as a
//     whole: the group tells it, once.
// Z2: who has passed the cancel on is held in its wait (future_core::hold_waiter, watch_group,
//     fork_group) until all below it are told, so that its await is still there to be given up.
//
// A task group tells its children once. A cancel that comes to it later only looks further down, for a
// circle that leads back: nobody is told, but an await may be given up.
//
// A cancel cannot fail, and takes no memory unless it meets a dozen levels or a task behind a task. Should
// there be none then, the program ends with a message.
//
// Any number of cancels may be under way at once; each meets all that it leads to and relies on no other.
#pragma once

#include "task_context.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <unordered_set>
#include <utility>
#include <vector>

namespace silk::detail {

class future_core;
class watch_group;
struct fork_group;
struct waiter;

// From operator new; ends the program with a message when that fails.
std::pmr::memory_resource& memory_or_end() noexcept;

class cancel_requests {
 public:
  // Begins with a whole task.
  explicit cancel_requests(reason_ptr reason) noexcept
      : cancel_requests(std::move(reason), nullptr, true) {}
  // Begins inside of the task that `origin` is in.
  cancel_requests(reason_ptr reason, task_context* origin) noexcept
      : cancel_requests(std::move(reason), origin, false) {}
  // Passes on what was, or is, pending in `origin`: a spawned task has been told as a whole then.
  static cancel_requests of_pending(reason_ptr reason, task_context& origin) noexcept {
    return {std::move(reason), &origin, origin.parent() == nullptr};
  }
  cancel_requests(const cancel_requests&) = delete;
  cancel_requests& operator=(const cancel_requests&) = delete;

  const reason_ptr& reason() const noexcept { return reason_; }
  // Whoever is met now has been told before.
  bool only_looks() const noexcept { return looks_; }

  // To be told. A group's hold is ours, and dropped when its members have been told.
  void add(fork_group& held);
  void add_members(watch_group& held);
  // The future is kept alive until then.
  void add(future_core& awaited);
  // The same on behalf of `asker`, which waits for it by `held`: a hold of ours.
  void add(future_core& awaited, waiter& held, task_context& asker);
  void add_to_look_at(future_core& told_before);

  // Tells the one that the cancel begins with. False: its outcome is decided already. Then run().
  bool ask_first(future_core& core) noexcept;
  void run() noexcept;

 private:
  cancel_requests(reason_ptr reason, task_context* origin, bool first_is_told) noexcept
      : reason_(std::move(reason)), origin_(origin), first_is_told_(first_is_told) {}

  enum class step_kind : std::uint8_t { ask, asked, tell_children, drop_watch };
  struct step {
    step_kind kind;
    bool looks = false;               // ask, tell_children: only to look
    future_core* awaited = nullptr;   // ask, asked: with a reference
    waiter* asking = nullptr;         // ask, asked: the wait to give up, if there is one
    task_context* asker = nullptr;    // ask, asked: `asking` is held, on behalf of this one
    fork_group* children = nullptr;   // tell_children: of which
    std::size_t told = 0;             // so many have been told
    watch_group* watching = nullptr;  // drop_watch
  };

  void ask(step question) noexcept;
  void look_below(task_context& told_before) noexcept;
  void tell_next_child(step group) noexcept;
  void close(const step& asked) noexcept;
  void meet_again(const step& question, const task_node& met) noexcept;
  void break_circle(const step& last, const task_node& met) noexcept;
  bool enter(const task_node& task);
  void leave(const task_node& task) noexcept;

  reason_ptr reason_;
  task_context* origin_;
  bool first_is_told_;  // as a whole
  bool looks_ = false;
  alignas(step) std::array<std::byte, 32 * sizeof(step)> first_steps_;  // 1 + 2 + 4 + 8 + 16
  std::pmr::monotonic_buffer_resource memory_{first_steps_.data(), first_steps_.size(),
                                              &memory_or_end()};
  std::pmr::vector<step> steps_{&memory_};
  // The tasks on the way from the start to where we are.
  const task_node* first_ = nullptr;
  std::pmr::unordered_set<const task_node*> others_{&memory_or_end()};
};

// Whoever waits for `awaited` by `w` passes a cancel on to it. [the canceller that holds busy]
cancel_answer pass_on(future_core& awaited, waiter& w, task_context& asker,
                      cancel_requests& requests) noexcept;
// A cancel that was pending when `asker` began to wait goes where one that comes now would go. Before `w` is
// added to the future. [task]
void pass_pending_on(future_core& awaited, waiter& w, task_context& asker) noexcept;

}  // namespace silk::detail
