#include "manual_runtime.hpp"

#include <stdexcept>
#include <utility>

namespace silk {

namespace {

runtime_options one_worker(runtime_options options) {
  if (options.workers > 1) {
    throw std::invalid_argument("manual_runtime: runtime_options::workers must be 1, or left out");
  }
  options.workers = 1;
  return options;
}

}  // namespace

manual_runtime::manual_runtime(runtime_options options)
    : runtime(one_worker(std::move(options)), detail::engine::threads::callers) {}

manual_runtime::~manual_runtime() { core().close(); }

bool manual_runtime::turn() {
  if (core().pool().is_in_turn()) throw usage_error("a turn inside of a turn: co_await instead");
  const bool ran = core().pool().run_turn();
  return !core().take_stop() && ran;
}

bool manual_runtime::run_once() { return driving(*this).run_once(); }

void manual_runtime::run_ready() { driving(*this).run_ready(); }

void manual_runtime::run_until_stopped() {
  struct stopped final : detail::engine::drive_goal {
    explicit stopped(const detail::runtime_core& of) noexcept : runtime(of) {}
    bool reached() noexcept override { return runtime.is_to_stop(); }
    const detail::runtime_core& runtime;
  } goal(core());
  const detail::driver_seat seat(core(), "run_until_stopped");
  core().pool().drive(goal, detail::engine::no_deadline);
  static_cast<void>(core().take_stop());
}

}  // namespace silk
