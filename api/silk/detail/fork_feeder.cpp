#include "fork_feeder.hpp"

#include "cancel_requests.hpp"
#include "own_reasons.hpp"
#include "running.hpp"

#include <algorithm>
#include <utility>

namespace silk::detail {

fork_feeder::chunk fork_feeder::begin(engine::worker& here) noexcept {
  const chunk first{.from = 0, .to = first_chunk};
  given_ = first.to;
  enter_chunk(first);
  here.forks().push(*this);
  return first;
}

void fork_feeder::enter_chunk(chunk mine) noexcept {
  chunk_end_ = mine.to;
  slot_behind_ = group_.slot_of(mine.to);
}

// ---- the next chunk ----

void fork_feeder::run_as_job(engine::job& self) noexcept {
  auto& feeder = static_cast<fork_feeder&>(self);
  fork_group& group = feeder.group_;
  set_running(group.parent->context);  // how the range makes its tasks is the parent's code
  const chunk next = feeder.next_chunk();
  set_running(nullptr);
  if (!next.empty()) return feeder.hand_out(next, *engine::current_worker());
  if (!group.arrive(group.children - next.from)) return;
  group.resume_parent().resume();
  set_running(nullptr);
}

std::coroutine_handle<> fork_feeder::go_on() noexcept {
  engine::worker& here = *engine::current_worker();
  const auto forks = static_cast<int>(std::min(chunk_end_, largest_chunk));
  if (here.fork_budget_spent(forks) || !here.forks().pop_if(*this)) return group_.token_arrives();
  of_others_ += given_ - chunk_end_;
  const chunk next = next_chunk();
  if (next.empty()) {
    group_.next = group_.end;
    return group_.all_entered();
  }
  enter_chunk(next);
  group_.next = group_.slot_of(next.from + 1);
  const std::coroutine_handle<> first = group_.child(next.from).coroutine->handle();
  hand_out({.from = next.from + 1, .to = next.to}, here);
  return first;
}

fork_feeder::chunk fork_feeder::next_chunk() noexcept {
  const std::uint32_t size = std::clamp(given_, first_chunk, largest_chunk);
  const chunk next{.from = given_, .to = given_ + std::min(size, group_.children - given_)};
  if (make_ != nullptr && !make(next)) return {.from = next.from, .to = next.from};
  given_ = next.to;
  return next;
}

void fork_feeder::hand_out(chunk next, engine::worker& here) noexcept {
  if (next.to != group_.children) here.forks().push(*this);
  group_.push_children(next.from, next.to, here);
  here.notify_forked();
}

// ---- children that were not there at the start ----

bool fork_feeder::make(chunk wanted) noexcept {
  try {
    make_(group_, wanted);
  } catch (...) {
    fail(std::current_exception());
    return false;
  }
  if (publish(wanted)) return true;
  for (std::uint32_t i = wanted.from; i < wanted.to; ++i)
    group_.child(i).coroutine->handle().destroy();
  return false;
}

bool fork_feeder::publish(chunk made) noexcept {
  sync::lock_guard hold(lock_);
  if (!stopped_) made_ = made.to;
  return !stopped_;
}

// The others are told as when a sibling fails.
void fork_feeder::fail(std::exception_ptr why) noexcept {
  const bool second = (group_.set(fork_group::failed) & fork_group::failed) != 0;
  if (second && group_.policy == on_failure::cancel_siblings) return;  // they are told already
  failure_ = std::move(why);
  static_cast<void>(group_.try_hold());  // true: F8
  cancel_requests requests(own_reasons::get().sibling_failed, group_.parent->context);
  group_.tell_children(requests);
  requests.run();
}

std::uint32_t fork_feeder::made() noexcept {
  sync::lock_guard hold(lock_);
  return made_;
}

void fork_feeder::stop() noexcept {
  sync::lock_guard hold(lock_);
  stopped_ = true;
}

}  // namespace silk::detail
