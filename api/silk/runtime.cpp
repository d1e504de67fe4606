#include "runtime.hpp"

#include "detail/driver_seat.hpp"

#include <stdexcept>
#include <string>

namespace silk {

namespace {

detail::runtime_core::options checked(runtime_options options, detail::engine::threads threads,
                                      detail::engine::simulator* simulated_by) {
  if (simulated_by == nullptr && detail::engine::simulator::here() != nullptr) {
    throw usage_error(
        "a simulated program has one runtime, the one that runs it: another one would not do the "
        "same each time");
  }
  if (options.workers > detail::engine::pool::max_workers) {
    throw std::invalid_argument("runtime_options::workers must be at most " +
                                std::to_string(detail::engine::pool::max_workers));
  }
  if (options.blocking_threads == 0) {
    throw std::invalid_argument("runtime_options::blocking_threads must be at least 1");
  }
  return {
      .workers = options.workers != 0 ? options.workers : detail::engine::default_worker_count(),
      .clock = options.time == time_source::virtual_time ? detail::engine::clock_kind::virtual_time
                                                         : detail::engine::clock_kind::steady,
      .threads = threads,
      .blocking_threads = options.blocking_threads,
      .starts_eagerly = options.start == start::eager,
      .sigint = options.sigint,
      .on_failure = std::move(options.on_failure),
      .on_spawn = std::move(options.on_spawn),
      .debug = {.on = detail::is_on(options.debug),
                .slow_callback = options.slow_callback,
                .on_slow_step = std::move(options.on_slow_step),
                .clock = options.step_clock},
      .simulated_by = simulated_by};
}

}  // namespace

runtime::runtime(runtime_options options)
    : runtime(std::move(options), detail::engine::threads::own) {}

runtime::runtime(runtime_options options, detail::engine::threads threads,
                 detail::engine::simulator* simulated_by)
    : core_(std::make_unique<detail::runtime_core>(
          *this, checked(std::move(options), threads, simulated_by))) {}

runtime::~runtime() = default;

callback_handle runtime::start(detail::core_ptr<detail::callback> call, std::uint64_t deadline) {
  const detail::runtime_core::visit visit(*core_);
  call->start(*core_, deadline);
  return callback_handle(std::move(call));
}

std::uint64_t runtime::deadline_in(duration d) const noexcept {
  return detail::deadline_after(core_->pool().time(), d);
}

time_point runtime::now() const noexcept {
  return time_point(duration(static_cast<duration::rep>(core_->pool().time().now())));
}

unsigned runtime::workers() const noexcept { return static_cast<unsigned>(core_->pool().size()); }

std::size_t runtime::live_tasks() const noexcept { return core_->tasks().size(); }

runtime_metrics runtime::metrics() const noexcept {
  const detail::engine::worker_stats sum = core_->pool().stats();
  return {.jobs = sum.jobs, .steals = sum.steals, .parks = sum.parks};
}

void runtime::close() noexcept { core_->begin_closing(); }

bool runtime::shutdown(duration grace) {
  detail::check_may_block("shutdown");
  if (core_->pool().is_driven())
    static_cast<void>(detail::driver_seat(*core_, "shutdown"));  // is it free?
  core_->begin_closing();
  const std::uint64_t until =
      grace == duration::max()
          ? no_deadline
          : detail::deadline_after(detail::engine::clock(detail::engine::clock_kind::steady),
                                   grace);
  if (!core_->wait_until_empty(until)) return false;
  core_->close();
  return true;
}

runtime& runtime::current() { return detail::required_runtime("runtime::current").face(); }

}  // namespace silk
