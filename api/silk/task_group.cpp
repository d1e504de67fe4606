#include "task_group.hpp"

#include "detail/own_reasons.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace silk::detail {

// One child: waits for its end under the child's lock, acts on it in a job of its own, since telling
// the siblings takes their locks.
struct group_core::member : waiter, engine::job {
  explicit member(group_core& owner, core_ptr<future_core> task) noexcept
      : waiter(member_completed), group(owner), child(std::move(task)) {
    run = run_member;
  }
  group_core& group;
  core_ptr<future_core> child;
  member* previous_member = nullptr;
  member* next_member = nullptr;
};

void throw_group_failure(std::vector<std::exception_ptr> errors, const task_node& owner) {
  const auto found = std::ranges::find_if(errors, is_fatal);
  if (found == errors.end()) throw exception_group("a task group has failed", std::move(errors));
  const std::exception_ptr bare = std::move(*found);
  errors.erase(found);
  const std::string name = owner.name();
  for (const std::exception_ptr& error : errors) {
    report_failure(owner.runtime_serial(),
                   {.error = error,
                    .task_name = name,
                    .spawned_at = owner.spawned_at(),
                    .message = "a fatal exception took the place of a failure in a group"});
  }
  std::rethrow_exception(bare);
}

// A function that makes the body may have run until now, with children beside it.
void group_core::enter(fork_group& scope) noexcept {
  reason_ptr reason;
  {
    sync::lock_guard hold(lock_);
    scope_.store(&scope, sync::memory_order_release);  // E:group-scope out
    if (!aborting_) return;
    reason = std::move(reason_for_body_);
  }
  cancel_requests requests(std::move(reason));
  scope.cancel_child(0, requests);
  requests.run();
}

std::size_t group_core::size() const noexcept {
  sync::lock_guard hold(lock_);
  return size_;
}

void group_core::adopt(future_core& child) {
  if (runtime_.debugging().on() && !runtime_.pool().is_worker()) [[unlikely]] {
    throw usage_error(
        "task_group::spawn on a thread that runs no task of the group: "
        "the group may end meanwhile; spawn in a task of the group");
  }
  auto fresh = std::make_unique<member>(*this, core_ptr<future_core>(&child));
  fresh->pool = &runtime_.pool();
  sync::lock_guard hold(lock_);
  if (aborting_) throw usage_error("this task_group is ending: it takes no more tasks");
  // Never done: it has not begun. Under our lock, since who aborts the group may cancel it at once.
  static_cast<void>(child.add_waiter(*fresh));
  fresh->next_member = members_;
  if (members_ != nullptr) members_->previous_member = fresh.get();
  members_ = fresh.release();
  ++size_;
}

engine::job* group_core::member_completed(waiter& self) noexcept {
  return &static_cast<member&>(self);
}

promise_base* group_core::owner_of(const waiter& w) noexcept {
  // E:group-scope in
  const fork_group* scope =
      static_cast<const member&>(w).group.scope_.load(sync::memory_order_acquire);
  return scope != nullptr ? scope->parent_if_started() : nullptr;
}

void group_core::run_member(engine::job& self) noexcept {
  member& ended = static_cast<member&>(self);
  ended.group.member_ended(ended);
}

void group_core::member_ended(member& ended) noexcept {
  if (ended.child->state() == outcome::error) {
    {
      sync::lock_guard hold(lock_);
      errors_.push_back(ended.child->error());
    }
    cancel_requests requests(own_reasons::get().sibling_failed, owner());
    abort(requests, tell_body::yes);
    requests.run();
  }
  fork_group* scope = nullptr;
  bool last = false;
  {
    sync::lock_guard hold(lock_);
    (ended.previous_member != nullptr ? ended.previous_member->next_member : members_) =
        ended.next_member;
    if (ended.next_member != nullptr) ended.next_member->previous_member = ended.previous_member;
    last = --size_ == 0 && !body_running_;
    scope = this->scope();  // unless we are the last, the group may be gone afterwards
  }
  delete &ended;
  if (last && scope->arrive(1)) wake(*scope->parent);
}

task_context* group_core::owner() const noexcept {
  sync::lock_guard hold(lock_);
  if (scope() == nullptr) return nullptr;
  const promise_base* const parent = scope()->parent_if_started();
  return parent != nullptr ? parent->context : nullptr;
}

std::vector<core_ptr<future_core>> group_core::children() const {
  std::vector<core_ptr<future_core>> all;
  all.reserve(size_);
  for (member* m = members_; m != nullptr; m = m->next_member) all.push_back(m->child);
  return all;
}

void group_core::abort(cancel_requests& requests, tell_body also) noexcept {
  std::vector<core_ptr<future_core>> told;
  fork_group* body_in = nullptr;
  {
    sync::lock_guard hold(lock_);
    if (aborting_) return;
    aborting_ = true;
    if (body_running_) body_in = scope();
    if (scope() == nullptr) reason_for_body_ = requests.reason();
    told = children();
  }
  if (also == tell_body::yes && body_in != nullptr) body_in->cancel_child(0, requests);
  for (const auto& child : told) requests.add(*child);
}

// For a circle of awaits that leads back to us.
void group_core::look_at_children(cancel_requests& requests) noexcept {
  std::vector<core_ptr<future_core>> told;
  {
    sync::lock_guard hold(lock_);
    told = children();
  }
  for (const auto& child : told) requests.add_to_look_at(*child);
}

void group_core::stop(reason_ptr reason) noexcept {
  {
    sync::lock_guard hold(lock_);
    stopped_ = true;
  }
  cancel_requests requests(std::move(reason), owner());
  abort(requests, tell_body::yes);
  requests.run();
}

std::uint64_t group_core::child_ended(fork_base& body) noexcept {
  bool give_up = body.held != outcome::value;
  bool told_before = false;
  {
    sync::lock_guard hold(lock_);
    body_running_ = false;
    give_up = give_up || body.pending_from_above();
    told_before = aborting_;
    if (size_ == 0) return 1;  // nobody else can come: only the body and children may spawn
    ++size_;                   // ourselves, so that the group cannot end while we look at it
  }
  link_ancestors(body);  // keeps F4: a body that never suspended has told nobody above that we wait
  if (give_up || told_before) {
    cancel_requests requests(own_reasons::get().body_ended, scope()->parent->context);
    told_before ? look_at_children(requests) : abort(requests, tell_body::no);
    requests.run();
  }
  sync::lock_guard hold(lock_);
  return --size_ == 0 ? 1 : 0;
}

void group_core::cancel(cancel_requests& requests) noexcept {
  bool told_before = false;
  {
    sync::lock_guard hold(lock_);
    if (body_running_) return;
    // One that the body has seen, and ended since, is no business of the children.
    if (!requests.only_looks() && !scope()->child(0).pending_from_above()) return;
    told_before = aborting_;
  }
  told_before || requests.only_looks() ? look_at_children(requests)
                                       : abort(requests, tell_body::no);
}

}  // namespace silk::detail
