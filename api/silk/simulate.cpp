#include "simulate.hpp"

#include "detail/place.hpp"
#include "detail/sim_trace.hpp"
#include "detail/simulation.hpp"

#include <stdexcept>

namespace silk::testing {

std::string stuck_task::description() const {
  std::string text = "task '" + name + "' waits for " + waits_for;
  if (spawned_at.line() != 0) text += ", spawned at " + detail::text_of(spawned_at);
  for (const call_frame& frame : frames) text += "\n    in " + frame.description();
  return text;
}

std::string sim_result::schedule() const {
  return trace_ != nullptr ? detail::text_of(trace_->departures) : "-";
}

std::size_t sim_result::departures() const noexcept {
  return trace_ != nullptr ? trace_->departures.size() : 0;
}

std::string sim_result::trace() const { return trace_ != nullptr ? trace_->text() : ""; }

std::uint64_t sim_result::fingerprint() const noexcept {
  return trace_ != nullptr ? trace_->fingerprint() : 0;
}

sim_result simulate(const program& what, sim_options options, std::source_location where) {
  return detail::simulate_as(what, options, nullptr, where);
}

void outside(std::function<void()> function) {
  detail::simulation* const here = detail::simulation::here();
  if (here == nullptr)
    throw usage_error("outside() needs a simulated program: elsewhere start a thread");
  here->call_from_outside(std::move(function));
}

std::uint32_t choose(std::uint32_t options) {
  if (options == 0) throw std::invalid_argument("choose(0): there is nothing to choose");
  detail::simulation* const here = detail::simulation::here();
  return here == nullptr ? 0 : here->choose(options);
}

void check(bool holds, std::string_view what, std::source_location where) {
  if (holds) return;
  const std::string message = std::string(what) + " (" + detail::text_of(where) + ")";
  const std::exception_ptr error = std::make_exception_ptr(check_failed(message));
  if (detail::simulation* const here = detail::simulation::here())
    here->note_failure(message, error);
  std::rethrow_exception(error);
}

bool is_simulated() noexcept { return detail::simulation::here() != nullptr; }

}  // namespace silk::testing
