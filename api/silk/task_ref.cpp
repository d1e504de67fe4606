#include "task_ref.hpp"

#include "detail/place.hpp"
#include "failure.hpp"

namespace silk {

namespace detail {

std::vector<task_ref> tasks_of(runtime_core& runtime) {
  std::vector<task_ref> all;
  for (auto& each : runtime.tasks().snapshot()) {
    if (!each.core->done()) all.push_back(task_ref_access::make(std::move(each.core), *each.node));
  }
  return all;
}

}  // namespace detail

void detail::runtime_core::tell_observer(task_node& fresh) const {
  if (const spawn_observer observer = on_spawn())
    observer(task_ref_access::make(core_ptr<future_core>(&fresh.core()), fresh));
}

detail::task_node& task_ref::node() const {
  if (node_ == nullptr) throw usage_error("this task_ref refers to no task");
  return *node_;
}

unsigned task_ref::cancelling() const { return node().context().requests(); }

task_status task_ref::status() const {
  const unsigned requests = cancelling();
  switch (core_->state()) {
    case detail::outcome::none:
      return requests != 0 ? task_status::cancelling : task_status::pending;
    case detail::outcome::value:
      return task_status::finished;
    case detail::outcome::error:
      return task_status::failed;
    case detail::outcome::cancelled:
    case detail::outcome::skipped:
      break;
  }
  return task_status::cancelled;
}

bool task_ref::cancel(std::string reason) const {
  node();
  const bool accepted = detail::cancel_now(*core_, detail::make_reason(std::move(reason)));
  if (!accepted) core_->mark_seen();
  return accepted;
}

std::exception_ptr task_ref::exception() const {
  node();
  return core_->done() ? core_->error() : nullptr;
}

std::string task_ref::description() const {
  static constexpr const char* words[] = {"pending", "cancelling", "finished", "failed"};
  const task_status now = status();
  std::string text = "task '" + name() + "' ";
  if (now == task_status::cancelled) {
    text += detail::describe(core_->stored_error());  // says "cancelled" and why
  } else {
    text += words[static_cast<std::size_t>(now)];
  }
  if (now == task_status::failed) text += ": " + detail::describe(core_->stored_error());
  const std::source_location where = spawned_at();
  if (where.line() != 0) text += ", spawned at " + detail::text_of(where);
  return text;
}

task_ref current_task() noexcept {
  detail::task_context* context = detail::running();
  if (context == nullptr) return {};
  detail::task_node& node = context->root();
  return detail::task_ref_access::make(detail::core_ptr<detail::future_core>(&node.core()), node);
}

std::vector<task_ref> all_tasks() {
  return detail::tasks_of(detail::required_runtime("all_tasks"));
}

}  // namespace silk
