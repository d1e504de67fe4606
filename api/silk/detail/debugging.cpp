#include "debugging.hpp"

#include "../failure.hpp"
#include "callback.hpp"
#include "place.hpp"
#include "runtime_core.hpp"
#include "task_node.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace silk {

namespace detail {

bool is_on(debug_mode mode) noexcept {
  if (mode != debug_mode::as_the_process_says) return mode == debug_mode::on;
  const char* const text = std::getenv("SILK_DEBUG");
  const std::string_view said = text != nullptr ? text : "";
  return !said.empty() && said != "0";
}

bool debugs_here() noexcept {
  if (const runtime_core* here = current_runtime()) return here->debugging().on();
  return anybody_debugs();
}

void task_is_gone() {
  throw usage_error("this task was started before, or moved from: each runs once");
}

void drop_unstarted(promise_base& dropped) noexcept {
  const std::source_location where = dropped.defined_at;
  dropped.handle().destroy();
  if (!anybody_debugs() || !debugs_here()) return;
  const runtime_core* here = current_runtime();
  report_failure(here != nullptr ? here->serial() : no_runtime,
                 {.error = std::make_exception_ptr(
                      usage_error("co_await it, or hand it to gather, spawn or run")),
                  .spawned_at = where,
                  .message = "nobody has started the work",
                  .coroutine = where.function_name()});
}

debugging::debugging(options chosen)
    : slow_callback_(chosen.slow_callback),
      on_slow_step_(std::move(chosen.on_slow_step)),
      clock_(chosen.clock) {
  set(chosen.on);
}

void debugging::set(bool on) noexcept {
  if (on_.exchange(on, sync::memory_order_relaxed) == on) return;  // relaxed: only a flag
  // relaxed: a hint; who works for this runtime looks at its own flag then
  debugging_runtimes.fetch_add(on ? 1u : ~0u, sync::memory_order_relaxed);
}

namespace {

// What a job is, found out before it runs: afterwards it may be gone.
struct described {
  std::string text;
  std::source_location where;
};

described describe(engine::job& item) {
  if (const task_node* node = task_node::resumed_by(item))
    return {"task '" + node->name() + "'", node->spawned_at()};
  if (const callback* call = callback::called_by(item)) {
    const std::string_view name = call->name();
    return {name.empty() ? "callback" : "callback '" + std::string(name) + "'", call->posted_at()};
  }
  if (done_callbacks::called_by(item)) return {"done callbacks", {}};
  return {};
}

}  // namespace

std::uint64_t debugging::now() const noexcept {
  return clock_ == nullptr ? engine::clock::steady_now()
                           : static_cast<std::uint64_t>(clock_().count());
}

void debugging::run_step(engine::job& item) noexcept {
  const described step = describe(item);
  const unsigned worker = static_cast<unsigned>(engine::current_worker()->index());
  const std::uint64_t before = now();
  item.run(item);
  const duration took(static_cast<duration::rep>(now() - before));
  if (took < slow_callback_ || step.text.empty()) return;
  tell({.description = step.text, .where = step.where, .took = took, .worker = worker});
}

void debugging::tell(const slow_step& what) noexcept {
  if (!on_slow_step_) return print_slow_step(what);
  try {
    on_slow_step_(what);
  } catch (...) {
    print_handler_failure("slow step", std::current_exception());
  }
}

}  // namespace detail

void print_slow_step(const slow_step& what) noexcept {
  char numbers[64];
  std::snprintf(numbers, sizeof numbers, " kept worker %u for %.3f s\n", what.worker,
                std::chrono::duration<double>(what.took).count());
  std::string line = "silk: " + std::string(what.description);
  if (what.where.line() != 0) line += " (made at " + detail::text_of(what.where) + ")";
  line += numbers;
  std::fputs(line.c_str(), stderr);
}

}  // namespace silk
