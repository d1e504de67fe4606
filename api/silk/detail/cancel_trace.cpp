#include "cancel_trace.hpp"

#include "../errors.hpp"
#include "debugging.hpp"
#include "task_context.hpp"

namespace silk {

namespace detail {

using trace_ptr = std::shared_ptr<const trace_step>;

struct trace_access {
  static const trace_ptr& of(const cancelled& stop) noexcept { return stop.trace_; }
  static cancelled with(cancelled stop, trace_ptr trace) noexcept {
    stop.trace_ = std::move(trace);
    return stop;
  }
};

namespace {

// The outermost ones are left out of a long trace: it may be taken down by recursion.
constexpr std::uint32_t longest_trace = 256;

trace_ptr with_step(trace_ptr inner, std::source_location where) {
  const std::uint32_t length = inner != nullptr ? inner->length + 1 : 1;
  if (length > longest_trace) return inner;
  return std::make_shared<const trace_step>(trace_step{where, std::move(inner), length});
}

trace_ptr trace_of(const std::exception_ptr& error) {
  if (error == nullptr) return nullptr;
  try {
    std::rethrow_exception(error);
  } catch (const cancelled& stop) {
    return trace_access::of(stop);
  } catch (...) {
    return nullptr;
  }
}

bool traces() noexcept { return anybody_debugs() && debugs_here(); }

}  // namespace

void throw_cancelled(const task_context& context, std::source_location where) {
  throw_cancelled(context, nullptr, where);
}

void throw_cancelled(const task_context& context, const std::exception_ptr& inner,
                     std::source_location where) {
  if (!traces()) throw cancelled(context.reason());
  throw trace_access::with(cancelled(context.reason()), with_step(trace_of(inner), where));
}

void rethrow_at(const std::exception_ptr& error, std::source_location where) {
  if (!traces()) std::rethrow_exception(error);
  try {
    std::rethrow_exception(error);
  } catch (const cancelled& stop) {
    throw trace_access::with(stop, with_step(trace_access::of(stop), where));
  }
}

}  // namespace detail

std::vector<std::source_location> cancelled::trace() const {
  std::vector<std::source_location> all(trace_ != nullptr ? trace_->length : 0);
  auto at = all.rbegin();
  for (const detail::trace_step* step = trace_.get(); step != nullptr; step = step->inner.get())
    *at++ = step->where;
  return all;
}

}  // namespace silk
