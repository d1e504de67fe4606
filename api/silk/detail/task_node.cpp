#include "task_node.hpp"

#include "distinct_number.hpp"
#include "fork_group.hpp"
#include "runtime_core.hpp"

#include <algorithm>

namespace silk::detail {

task_node::task_node(runtime_core& runtime, future_core& core, std::source_location where) noexcept
    : context_(*this),
      core_(core),
      runtime_(runtime),
      spawned_at_(where),
      runtime_serial_(runtime.serial()),
      number_(distinct_number<task_node>()) {}

engine::pool& task_node::pool() noexcept { return runtime_.pool(); }

std::string task_node::name() const {
  sync::lock_guard hold(text_lock_);
  if (extras_ != nullptr) {
    const std::optional<std::string>& given = extras_->name;
    if (given) return *given;
  }
  return "task-" + std::to_string(number_);
}

void task_node::set_name(std::string_view name) {
  std::optional<std::string> text(name);
  change_extras([&](task_extras& extras) { extras.name.swap(text); });
}

template <class Change>
void task_node::change_extras(Change change) {
  auto fresh = std::make_unique<task_extras>();
  sync::lock_guard hold(text_lock_);
  if (extras_ == nullptr) extras_.swap(fresh);
  change(*extras_);
  has_extras_.store(true, sync::memory_order_relaxed);  // relaxed: sends to the lock
}

const bindings_ptr* task_node::find_bindings(const task_context& context) const noexcept {
  if (extras_ == nullptr) return nullptr;
  if (&context == &context_) return &extras_->own;
  const auto found = std::ranges::find(extras_->forked, &context,
                                       &std::pair<const task_context*, bindings_ptr>::first);
  return found != extras_->forked.end() ? &found->second : nullptr;
}

bindings_ptr task_node::bindings_seen_by(const task_context& context) const noexcept {
  // relaxed: what the caller has to see was bound before it asked
  if (!has_extras_.load(sync::memory_order_relaxed)) return nullptr;
  sync::lock_guard hold(text_lock_);
  const task_context* at = extras_->forked.empty() ? &context_ : &context;
  for (;;) {
    const bindings_ptr* found = find_bindings(*at);
    if (found != nullptr) return *found;
    at = at->parent();
  }
}

bindings_ptr task_node::own_bindings(task_context& context) {
  {
    sync::lock_guard hold(text_lock_);
    const bindings_ptr* own = find_bindings(context);
    if (own != nullptr && *own != nullptr) return *own;
  }
  const bindings_ptr seen = bindings_seen_by(context);
  auto made = std::make_shared<bindings>(seen != nullptr ? seen->now() : nullptr);
  change_extras([&](task_extras& extras) {
    if (&context == &context_) {
      if (extras.own == nullptr) extras.own = made;  // else another thread has asked meanwhile
      made = extras.own;
    } else {
      extras.forked.emplace_back(&context, made);
    }
  });
  return made;
}

void task_node::set_bindings(bindings_ptr own) {
  change_extras([&](task_extras& extras) { extras.own.swap(own); });
}

void task_node::drop_bindings(const task_context& ended) noexcept {
  bindings_ptr dropped;  // destroyed after the unlock
  sync::lock_guard hold(text_lock_);
  auto& forked = extras_->forked;
  const auto found =
      std::ranges::find(forked, &ended, &std::pair<const task_context*, bindings_ptr>::first);
  if (found == forked.end()) return;
  dropped = std::move(found->second);
  *found = std::move(forked.back());
  forked.pop_back();
}

bool task_node::cancel(cancel_requests& requests) noexcept {
  if (requests.reason() != nullptr) {
    reason_ptr reason = requests.reason();
    sync::lock_guard hold(text_lock_);
    if (!reason_is_final_) core_.reason_.swap(reason);
  }
  return context_.cancel(requests);
}

bool task_node::mark_for_closing(const reason_ptr& reason) noexcept {
  sync::lock_guard hold(text_lock_);
  if (told_of_closing_) return false;
  told_of_closing_ = true;
  if (!reason_is_final_) core_.reason_ = reason;
  left_over_ =
      context_.mark_cancelled();  // under the lock: who finds the flag set may rely on the mark
  return true;
}

void task_node::interrupt_for_closing(const reason_ptr& reason) noexcept {
  cancel_requests requests = cancel_requests::of_pending(reason, context_);
  context_.interrupt_marked(requests);
  requests.run();
}

void task_node::cancel_for_closing(const reason_ptr& reason) noexcept {
  if (mark_for_closing(reason)) interrupt_for_closing(reason);
}

task_node* task_node::resumed_by(engine::job& item) noexcept {
  const bool is_coroutine = item.run == promise_base::resume_job ||
                            item.run == fork_group::run_disturbed || item.run == run_first;
  return is_coroutine ? &static_cast<promise_base&>(item).context->root() : nullptr;
}

reason_ptr task_node::cancel_reason() const noexcept {
  sync::lock_guard hold(text_lock_);
  return core_.reason_;
}

void task_node::bind(promise_base& body) noexcept {
  body.receiver = &context_;
  body.context = &context_;
  body.run = run_first;
}

void task_node::start(promise_base& body) noexcept {
  bind(body);
  pool().schedule(body);
}

void task_node::start_here(promise_base& body) noexcept {
  bind(body);
  {
    const interlude inside;
    run_first(body);
  }
  engine::current_worker()->ran_inside_a_job();
}

void task_node::run_first(engine::job& self) noexcept {
  promise_base& body = static_cast<promise_base&>(self);
  if (!body.context->cancel_pending()) [[likely]]
    return body.enter();
  auto& root = static_cast<root_context&>(*body.context);
  body.handle().destroy();
  root.held = outcome::skipped;
  root_finished(root).resume();
}

void task_node::refuse(promise_base& body) noexcept {
  body.handle().destroy();
  static_cast<void>(context_.close());
  core_.complete(outcome::skipped, after_completion::runs_on);
  core_.release();
}

void task_node::finish() noexcept {
  const bool cancel_unseen = context_.close();
  outcome reached = context_.held;
  if (cancel_unseen && reached == outcome::value) {
    core_.discard_result(reached);
    reached = outcome::skipped;
  }
  if (reached == outcome::skipped) {  // its error is made of the reason each time somebody asks
    sync::lock_guard hold(text_lock_);
    reason_is_final_ = true;
  }
  if (reached == outcome::error) [[unlikely]]
    tell_of_failure();
  runtime_.dismiss(*this);
  // Now, since virtual time would go on before the thread that waits for us can do it.
  if (closes_runtime_) runtime_.begin_closing();
  core_.complete(reached, after_completion::ends_turn);
  core_.release();
}

// Before anybody can see it: whoever awaits us may end what runs the runtime, and leave nobody to raise
// it at.
void task_node::tell_of_failure() noexcept {
  std::exception_ptr error = core_.error_of(outcome::error);
  if (is_fatal(error) && runtime_.raise(error)) return core_.mark_seen();
  {
    sync::lock_guard hold(text_lock_);
    if (!left_over_) return;
  }
  const std::string name = this->name();
  const call_scope in(seen_bindings());
  report_failure(runtime_serial_, {.error = error,
                                   .task_name = name,
                                   .spawned_at = spawned_at_,
                                   .message = "the end of its runtime brought out the failure"});
  core_.mark_seen();
}

std::coroutine_handle<> root_finished(root_context& root) noexcept {
  root.node->finish();
  return std::noop_coroutine();
}

void report_unseen(const std::exception_ptr& error, const task_node& node) noexcept {
  const call_scope in(node.seen_bindings());
  const std::string name = node.name();
  report_failure(node.runtime_serial(),
                 {.error = error, .task_name = name, .spawned_at = node.spawned_at()});
}

}  // namespace silk::detail
