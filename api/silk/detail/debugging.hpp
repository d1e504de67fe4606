// debugging: a runtime's debug mode, and who else wants to know of it.
//
// A runtime in debug mode has its workers run each job through run_step. Everybody else asks
// anybody_debugs() first: one load, of a counter that nearly never changes.
#pragma once

#include "../debug.hpp"
#include "engine.hpp"

#include <cstdint>

namespace silk::detail {

// How many runtimes are in debug mode.
inline constinit sync::atomic<std::uint32_t> debugging_runtimes{0};

inline bool anybody_debugs() noexcept {
  return debugging_runtimes.load(sync::memory_order_relaxed) != 0;  // relaxed: a hint
}
// Whether the calling thread works for a runtime in debug mode; on a thread that works for none, whether
// any runtime is. [any]
[[gnu::cold]] bool debugs_here() noexcept;

bool is_on(debug_mode mode) noexcept;

class debugging {
 public:
  struct options {
    bool on;
    duration slow_callback;
    slow_step_handler on_slow_step;
    step_clock clock;
  };
  explicit debugging(options chosen);
  ~debugging() { set(false); }
  debugging(const debugging&) = delete;
  debugging& operator=(const debugging&) = delete;

  bool on() const noexcept {
    return on_.load(sync::memory_order_relaxed);  // relaxed: who sees it late goes on as before
  }
  void set(bool on) noexcept;  // [any]

  // Runs a job, and tells of it if it takes long. [a worker of the runtime]
  void run_step(engine::job& item) noexcept;

 private:
  void tell(const slow_step& what) noexcept;
  std::uint64_t now() const noexcept;

  sync::atomic<bool> on_{false};
  const duration slow_callback_;
  const slow_step_handler on_slow_step_;
  const step_clock clock_;
};

}  // namespace silk::detail
