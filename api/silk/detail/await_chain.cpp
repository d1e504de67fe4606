#include "await_chain.hpp"

#include "../future.hpp"
#include "../sleep.hpp"
#include "../task_group.hpp"
#include "await_access.hpp"
#include "coroutine_name.hpp"
#include "fork_group.hpp"
#include "observe_wait.hpp"
#include "task_node.hpp"
#include "wait_list.hpp"
#include "watch_group.hpp"

#include <algorithm>
#include <cstddef>

namespace silk::detail {

// Every kind of wait knows the coroutine that it suspends, each in its own way; what tells the kinds
// apart are their functions.
promise_base* await_access::waiting(wait& w) noexcept {
  if (w.try_cancel == sleep_awaiter::cancel_timer)
    return static_cast<promise_base*>(static_cast<sleep_awaiter&>(w).timer_.on_fire);
  if (w.try_cancel == turn_wait::cancel_turn) return static_cast<turn_wait&>(w).waiting_;
  if (w.try_cancel == future_wait::pass_cancel_on) return static_cast<future_wait&>(w).waiting_;
  if (w.try_cancel == observe_wait::on_cancel) return static_cast<observe_wait&>(w).waiting_;
  if (w.try_cancel == watch_group::on_cancel) return static_cast<watch_group&>(w).waiting_;
  if (w.try_cancel == fork_group::cancel_children) return static_cast<fork_group&>(w).parent;
  return nullptr;
}

bool await_access::passes_cancel_on(const wait& w) noexcept {
  if (w.try_cancel == observe_wait::on_cancel)
    return static_cast<const observe_wait&>(w).policy_ == let_go::when_a_sibling_failed;
  if (w.try_cancel == watch_group::on_cancel)
    return static_cast<const watch_group&>(w).cancel_policy_ == watch_cancel::cancels_them;
  return w.try_cancel == future_wait::pass_cancel_on || w.try_cancel == fork_group::cancel_children;
}

promise_base* await_access::waiting(waiter& w) noexcept {
  if (w.completed == future_wait::wake_waiting) return static_cast<future_wait&>(w).waiting_;
  if (w.completed == observe_wait::wake_waiting) return static_cast<observe_wait&>(w).waiting_;
  if (w.completed == watch_group::member_completed)
    return static_cast<watch_group::member&>(w).group->waiting_;
  if (w.completed == group_core::member_completed) return group_core::owner_of(w);
  return nullptr;  // a thread in block_on
}

std::vector<await_chain> await_access::waiting_for(future_core& awaited) {
  std::vector<await_chain> chains;
  sync::lock_guard hold(awaited.lock_);
  for (waiter* each = awaited.first_; each != nullptr; each = each->next) {
    promise_base* const waits = waiting(*each);
    if (waits == nullptr ||
        std::ranges::find(chains, waits, &await_chain::innermost) != chains.end())
      continue;
    chains.push_back(chain_from(*waits));
  }
  return chains;
}

bool await_access::is_sleep(const wait& w) noexcept {
  return w.try_cancel == sleep_awaiter::cancel_timer;
}

wait_home* await_access::home(wait& w) noexcept {
  if (w.try_cancel != turn_wait::cancel_turn) return nullptr;
  // relaxed: the wait is held, and with it its place in the line
  return static_cast<turn_wait&>(w).home_.load(sync::memory_order_relaxed);
}

std::vector<future_core*> await_access::futures(wait& w) {
  std::vector<future_core*> all;
  if (w.try_cancel == future_wait::pass_cancel_on)
    all.push_back(&static_cast<future_wait&>(w).core_);
  if (w.try_cancel == observe_wait::on_cancel) all.push_back(&static_cast<observe_wait&>(w).core_);
  if (w.try_cancel == watch_group::on_cancel) all = static_cast<watch_group&>(w).futures_;
  std::erase_if(all, [](const future_core* each) { return each->done(); });
  return all;
}

namespace {

// The inside of a timeout or group that the holder of `w` is in.
task_context* inside_of(wait& w) noexcept {
  if (w.try_cancel != fork_group::cancel_children) return nullptr;
  auto& group = static_cast<fork_group&>(w);
  fork_base& first = group.child(0);
  return first.is_scope() ? &first : nullptr;
}

void add_frame(await_section& to, promise_base& frame) {
  const frame_places* const places = places_of(frame);
  if (places == nullptr) return;
  if (!coroutine_name(places->coroutine.function_name()).starts_with("silk::detail::"))
    to.frames.push_back(*places);
}

std::size_t index_in_gather(fork_base& child) noexcept {
  fork_group& group = *child.group;
  const auto* const address = reinterpret_cast<const std::byte*>(&child);
  return group.children - static_cast<std::size_t>(group.end - address) / group.stride;
}

std::optional<await_chain> chain_in(task_context& context) {
  const held_wait held(context);
  if (held.get() == nullptr) return {};
  task_context* const inside = inside_of(*held.get());
  if (inside != nullptr) {
    if (auto chain = chain_in(*inside)) return chain;
  }
  promise_base* const innermost = await_access::waiting(*held.get());
  if (innermost == nullptr) return {};
  await_chain chain = chain_from(*innermost);
  chain.waits = inside == nullptr;
  return chain;
}

}  // namespace

await_chain chain_from(promise_base& innermost) {
  await_chain chain;
  chain.innermost = &innermost;
  chain.sections.emplace_back();
  for (promise_base* at = &innermost;;) {
    add_frame(chain.sections.back(), *at);
    receiver& to = *at->receiver;
    if (to.kind == receiver_kind::root) {
      chain.task = static_cast<root_context&>(to).node;
      chain.core = core_ptr<future_core>(&chain.task->core());
      return chain;
    }
    if (to.kind == receiver_kind::call) {
      at = static_cast<call_base&>(to).parent;
      continue;
    }
    auto& child = static_cast<fork_base&>(to);
    if (!child.is_scope()) {
      chain.sections.back().gather_index = index_in_gather(child);
      chain.sections.emplace_back();
    }
    at = child.group->parent;
  }
}

std::optional<await_chain> chain_of_waiting(task_node& task) { return chain_in(task.context()); }

std::vector<await_chain> chains_waiting_for(future_core& awaited) {
  return await_access::waiting_for(awaited);
}

}  // namespace silk::detail
