#include "cancel_requests.hpp"

#include "await_access.hpp"
#include "fork_group.hpp"
#include "future_core.hpp"
#include "task_node.hpp"
#include "watch_group.hpp"

#include <new>

namespace silk::detail {

std::pmr::memory_resource& memory_or_end() noexcept {
  struct resource final : std::pmr::memory_resource {
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
      try {
        return ::operator new(bytes, std::align_val_t(alignment));
      } catch (const std::bad_alloc&) {
        SILK_ASSERT(false, "out of memory for a cancel");
      }
    }
    void do_deallocate(void* memory, std::size_t, std::size_t alignment) override {
      ::operator delete(memory, std::align_val_t(alignment));
    }
    bool do_is_equal(const memory_resource& other) const noexcept override {
      return this == &other;
    }
  };
  static resource one;
  return one;
}

void cancel_requests::add(fork_group& held) {
  steps_.push_back({.kind = step_kind::tell_children, .looks = looks_, .children = &held});
}

void cancel_requests::add_members(watch_group& held) {
  steps_.push_back({.kind = step_kind::drop_watch, .watching = &held});
  for (std::size_t i = held.futures_.size(); i-- > 0;) {  // the first one is told first
    future_core& awaited = *held.futures_[i];
    awaited.add_ref();
    steps_.push_back({.kind = step_kind::ask,
                      .looks = looks_,
                      .awaited = &awaited,
                      .asking = &held.members_[i]});
  }
}

void cancel_requests::add(future_core& awaited) {
  awaited.add_ref();
  steps_.push_back({.kind = step_kind::ask, .looks = looks_, .awaited = &awaited});
}

void cancel_requests::add_to_look_at(future_core& told_before) {
  add(told_before);
  steps_.back().looks = true;
}

void cancel_requests::add(future_core& awaited, waiter& held, task_context& asker) {
  awaited.add_ref();
  steps_.push_back({.kind = step_kind::ask,
                    .looks = looks_,
                    .awaited = &awaited,
                    .asking = &held,
                    .asker = &asker});
}

bool cancel_requests::ask_first(future_core& core) noexcept {
  const task_node* const task = core.task();
  if (task != nullptr) static_cast<void>(enter(*task));  // until the end
  return core.cancel(*this);
}

void cancel_requests::run() noexcept {
  while (!steps_.empty()) {
    const step next = steps_.back();
    steps_.pop_back();
    switch (next.kind) {
      case step_kind::ask:
        ask(next);
        break;
      case step_kind::asked:
        if (const task_node* task = next.awaited->task()) leave(*task);
        close(next);
        break;
      case step_kind::tell_children:
        tell_next_child(next);
        break;
      case step_kind::drop_watch:
        next.watching->drop_hold();
        break;
    }
  }
}

void cancel_requests::ask(step question) noexcept {
  future_core& awaited = *question.awaited;
  task_node* const task = awaited.task();
  if (task != nullptr && !enter(*task)) {
    meet_again(question, *task);
    return close(question);
  }
  question.kind = step_kind::asked;
  steps_.push_back(question);
  looks_ = question.looks;
  if (looks_) return task != nullptr ? look_below(task->context()) : void();
  const bool accepted = awaited.cancel(*this);
  if (!accepted && question.asker != nullptr) question.asker->keep_pending();
}

// A group that tells its child is the only one who may meet the task in which the cancel began anew.
void cancel_requests::meet_again(const step& question, const task_node& met) noexcept {
  const bool by_its_group = question.asking == nullptr;
  if (first_ != &met || first_is_told_ || !by_its_group || question.looks)
    return break_circle(question, met);
  first_is_told_ = true;
  looks_ = false;
  static_cast<void>(question.awaited->cancel(*this));
}

// One at a time, so that everything below it is told before the next one.
void cancel_requests::tell_next_child(step group) noexcept {
  fork_group& told = *group.children;
  looks_ = group.looks;
  if (group.told == told.made()) {
    if (told.is(fork_group::accompanied)) told.outsiders->cancel(*this);
    return told.drop_hold();
  }
  const std::size_t child = group.told++;
  steps_.push_back(group);
  looks_ ? look_below(told.child(child)) : told.pass_cancel_on(child, *this);
}

void cancel_requests::look_below(task_context& told_before) noexcept {
  const held_wait held(told_before);
  if (held.get() == nullptr || !await_access::passes_cancel_on(*held.get())) return;
  static_cast<void>(held.get()->try_cancel(*held.get(), *this));
}

void cancel_requests::close(const step& asked) noexcept {
  if (asked.asker != nullptr) asked.awaited->let_go(*asked.asking);
  asked.awaited->release();
}

// The last await before the task that was met again; of a group's members the group's owner waits for
// nobody by an await of its own, and then it is one before that.
void cancel_requests::break_circle(const step& last, const task_node& met) noexcept {
  if (last.asking != nullptr) return last.awaited->give_up(*last.asking);
  for (std::size_t i = steps_.size(); i-- > 0;) {
    const step& before = steps_[i];
    if (before.kind != step_kind::asked) continue;
    if (before.awaited->task() == &met) return;
    if (before.asking != nullptr) return before.awaited->give_up(*before.asking);
  }
}

bool cancel_requests::enter(const task_node& task) {
  if (origin_ != nullptr) first_ = &std::exchange(origin_, nullptr)->root();
  if (first_ == nullptr) {
    first_ = &task;
    return true;
  }
  return first_ != &task && others_.insert(&task).second;
}

void cancel_requests::leave(const task_node& task) noexcept {
  first_ == &task ? void(first_ = nullptr) : void(others_.erase(&task));
}

cancel_answer pass_on(future_core& awaited, waiter& w, task_context& asker,
                      cancel_requests& requests) noexcept {
  if (awaited.done()) return {cancel_status::finished};
  if (awaited.task() == nullptr) {  // no task, no way to go on from there: it answers here and now
    if (requests.only_looks()) return {cancel_status::forwarded};
    return {awaited.cancel(requests) ? cancel_status::forwarded : cancel_status::finished};
  }
  if (!awaited.hold_waiter(w)) return {cancel_status::finished};
  requests.add(awaited, w, asker);
  return {cancel_status::forwarded};
}

void pass_pending_on(future_core& awaited, waiter& w, task_context& asker) noexcept {
  cancel_requests requests = cancel_requests::of_pending(asker.reason(), asker);
  const cancel_answer answer = pass_on(awaited, w, asker, requests);
  if (answer.status == cancel_status::finished) asker.keep_pending();
  requests.run();
}

}  // namespace silk::detail
