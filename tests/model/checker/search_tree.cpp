#include "search_tree.hpp"

#include <bit>

namespace silk::model {

search_tree::search_tree(execution& of, unsigned preemptions, unsigned old_values, reduction how)
    : execution_(of),
      bound_(preemptions),
      old_bound_(old_values),
      how_(how),
      last_on_objects_(1u << 12) {}

void search_tree::begin() {
  depth_ = 0;
  events_.clear();
  ++execution_number_;
  last_fence_ = last_ordered_ = nowhere;
  last_of_.fill(nowhere);
  at_ = nowhere;
  preemptions_ = 0;
  old_values_ = 0;
  asleep_ = 0;
  only_from_.fill(0);
}

// The ordinary course first.
unsigned search_tree::pick(const node& of, thread_mask from) const noexcept {
  const auto enabled = static_cast<unsigned>(std::popcount(of.at.enabled));
  for (unsigned i = 0; i < enabled; ++i) {
    const thread_id thread = thread_at(of.at, i);
    if ((from & bit_of(thread)) != 0 && affordable(of, thread)) return thread;
  }
  return no_choice;
}

unsigned search_tree::choose_thread(const crossing& at) {
  at_ = nowhere;
  if (std::has_single_bit(at.enabled)) {
    if ((at.enabled & (asleep_ | with_nothing_to_read(at.enabled))) != 0) return no_choice;
    return static_cast<unsigned>(std::countr_zero(at.enabled));
  }
  if (depth_ == path_.size()) {
    const node& fresh = enter_crossing(at);
    if (fresh.chosen == no_choice) {
      path_.pop_back();
      return no_choice;
    }
  }
  at_ = static_cast<std::uint32_t>(depth_);
  node& here = path_[depth_++];
  const operation& next = execution_.pending(static_cast<thread_id>(here.chosen));
  here.stores = next.reads() ? execution_.stores_of(next.object) : 0;
  asleep_ = here.asleep;
  slept_at_ = here.slept_at;
  preemptions_ = here.preemptions + cost(here, static_cast<thread_id>(here.chosen));
  return here.chosen;
}

search_tree::node& search_tree::enter_crossing(const crossing& at) {
  node& fresh = path_.emplace_back();
  fresh.is_crossing = true;
  fresh.at = at;
  fresh.preemptions = preemptions_;
  fresh.asleep = asleep_;
  fresh.slept_at = slept_at_;
  fresh.idle = with_nothing_to_read(at.enabled);
  fresh.chosen = pick(fresh, at.enabled & ~asleep_ & ~fresh.idle);
  fresh.to_try = how_ == reduction::none     ? at.enabled
                 : fresh.chosen == no_choice ? thread_mask{0}
                                             : bit_of(fresh.chosen);
  return fresh;
}

// They sleep on: what others do meanwhile matters, so the execution is not given up for them.
thread_mask search_tree::with_nothing_to_read(thread_mask among) const {
  thread_mask found = 0;
  for (thread_id t = 0; t < execution_.thread_count(); ++t) {
    if ((among & bit_of(t)) == 0 || only_from_[t] == 0) continue;
    const unsigned first = execution_.first_choice(t, only_from_[t]);
    if (first == no_choice || (first != 0 && old_values_ == old_bound_)) found |= bit_of(t);
  }
  return found;
}

unsigned search_tree::choose(unsigned count, std::uint64_t allowed) {
  if (depth_ == path_.size()) {
    const auto first = static_cast<unsigned>(std::countr_zero(allowed));
    if (first != 0 && old_values_ == old_bound_) return no_choice;
    node& fresh = path_.emplace_back();
    fresh.is_crossing = false;
    fresh.count = count;
    fresh.allowed = allowed;
    fresh.old_values = old_values_;
    fresh.chosen = first;
  }
  const node& here = path_[depth_++];
  old_values_ = here.old_values + (here.chosen != 0 ? 1 : 0);
  return here.chosen;
}

// ---- the reduction ----

void search_tree::try_at(std::uint32_t crossing, thread_id thread) {
  if (crossing == nowhere) return;  // nobody else could run there
  node& there = path_[crossing];
  const bool could_run = (there.at.enabled & bit_of(thread)) != 0;
  there.to_try |= could_run ? bit_of(thread) : there.at.enabled;
}

void search_tree::try_before(const event& earlier, thread_id thread) {
  try_at(earlier.crossing, thread);
  if (bounded()) try_at(events_[earlier.block].crossing, thread);
}

std::uint32_t& search_tree::last_on(const void* object) noexcept {
  const std::size_t start = reinterpret_cast<std::uintptr_t>(object) * 0x9e3779b97f4a7c15u >> 40;
  for (std::size_t i = 0; i < last_on_objects_.size(); ++i) {
    last_on_object& each = last_on_objects_[(start + i) % last_on_objects_.size()];
    if (each.execution != execution_number_) each = {object, execution_number_, nowhere};
    if (each.object == object) return each.event;
  }
  execution_.fail("more than 4096 atomic objects in one execution");
}

// Of each other thread the last event in a chain that does not commute with `next`.
void search_tree::look_along(std::uint32_t from, std::uint32_t event::* before, thread_id thread,
                             const operation& next, last_of_threads& found) const {
  const vector_clock& causes = execution_.view(thread).causes;
  auto left = static_cast<thread_mask>((1u << execution_.thread_count()) - 1);
  left &= static_cast<thread_mask>(~bit_of(thread));
  for (std::uint32_t i = from; i != nowhere && left != 0; i = events_[i].*before) {
    const event& each = events_[i];
    if ((left & bit_of(each.thread)) == 0) continue;
    const bool happens_before = !bounded() && causes.knows(each.thread, each.when);
    if (!happens_before && commute(each.thread, each.step, thread, next)) continue;
    left &= static_cast<thread_mask>(~bit_of(each.thread));
    std::uint32_t& last = found[each.thread];
    if (!happens_before && (last == nowhere || last < i)) last = i;
  }
}

// Of each other thread the last step that must come after this one in some execution.
void search_tree::look_back(thread_id thread, const operation& next) {
  last_of_threads found;
  found.fill(nowhere);
  if (next.object != nullptr) {
    look_along(last_on(next.object), &event::before_on_object, thread, next, found);
  }
  look_along(last_fence_, &event::before_in_order, thread, next, found);
  if (next.is_fence()) look_along(last_ordered_, &event::before_in_order, thread, next, found);
  for (std::size_t t = 0; t < execution_.thread_count(); ++t) {
    if ((next.targets & bit_of(t)) != 0) found[t] = last_of_[t];
  }
  for (const std::uint32_t i : found) {
    if (i != nowhere) try_before(events_[i], thread);
  }
}

void search_tree::arrived(thread_id thread, const operation& next) {
  only_from_[thread] = 0;
  if (how_ == reduction::partial_order) look_back(thread, next);
}

void search_tree::executes(thread_id thread, const operation& now) {
  if (how_ == reduction::none) return;
  const auto index = static_cast<std::uint32_t>(events_.size());
  const bool goes_on = index != 0 && events_.back().thread == thread;
  std::uint32_t* on_object = now.object != nullptr ? &last_on(now.object) : nullptr;
  std::uint32_t* in_order = now.is_fence() ? &last_fence_ : now.ordered ? &last_ordered_ : nullptr;
  events_.push_back({.step = now,
                     .thread = thread,
                     .when = execution_.view(thread).now(thread),
                     .crossing = at_,
                     .block = goes_on ? events_.back().block : index,
                     .before_on_object = on_object != nullptr ? *on_object : nowhere,
                     .before_in_order = in_order != nullptr ? *in_order : nowhere});
  if (on_object != nullptr) *on_object = index;
  if (in_order != nullptr) *in_order = index;
  last_of_[thread] = index;
  for (thread_id other = 0; other < execution_.thread_count(); ++other) {
    if (other == thread || !execution_.is_live(other)) continue;
    const operation& next = execution_.pending(other);
    if (next.kind == operation_kind::none) continue;
    if (!commute(thread, now, other, next)) try_before(events_.back(), other);
  }
  wake_sleepers(thread, now);
}

void search_tree::wake_sleepers(thread_id by, const operation& now) {
  for (thread_id other = 0; other < execution_.thread_count(); ++other) {
    const bool sleeps = (asleep_ & bit_of(other)) != 0;
    if (other == by || (!sleeps && only_from_[other] == 0)) continue;
    const operation& next = execution_.pending(other);
    if (commute(other, next, by, now)) continue;
    asleep_ &= static_cast<thread_mask>(~bit_of(other));
    if (!only_value_is_new(next, now)) {
      only_from_[other] = 0;
    } else if (sleeps) {
      only_from_[other] = slept_at_[other];
    }
  }
}

// ---- the next execution ----

bool search_tree::advance(node& last) {
  if (!last.is_crossing) {
    if (last.old_values == old_bound_) return false;
    const std::uint64_t higher = last.chosen >= 63 ? 0 : last.allowed >> (last.chosen + 1);
    if (last.chosen + 1 >= last.count) return false;
    if (last.chosen >= 63) return ++last.chosen, true;
    if (higher == 0) return false;
    last.chosen += 1 + static_cast<unsigned>(std::countr_zero(higher));
    return last.chosen < last.count;
  }
  const auto tried = static_cast<thread_id>(last.chosen);
  last.tried |= bit_of(tried);
  const bool goes_on = tried == last.at.previous && !last.at.free_to_leave;
  const bool may_sleep = old_bound_ == unbounded && (!bounded() || goes_on);
  if (how_ == reduction::partial_order && may_sleep) {
    last.asleep |= bit_of(tried);
    last.slept_at[tried] = last.stores;
  }
  last.chosen = pick(last, last.to_try & ~last.tried & ~last.asleep & ~last.idle);
  return last.chosen != no_choice;
}

bool search_tree::next() {
  while (!path_.empty()) {
    if (advance(path_.back())) return true;
    path_.pop_back();
  }
  return false;
}

}  // namespace silk::model
