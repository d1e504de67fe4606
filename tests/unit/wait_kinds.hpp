// Shared by the tests of cancellation that go through kinds of waits, as the table "Each wait" of
// docs/cancellation.md does.
#pragma once

#include <silk/task.hpp>

#include <coroutine>
#include <ostream>
#include <string>

namespace silk_tests {

// The parameter of a test: a task that waits, and what it waits at.
template <class... At>
struct wait_kind {
  std::string name;
  silk::task<> (*wait)(At...);

  friend void PrintTo(const wait_kind& kind, std::ostream* out) { *out << kind.name; }
};

// The last argument of INSTANTIATE_TEST_SUITE_P.
inline constexpr auto by_name = [](const auto& one) { return one.param.name; };

// Knows nothing of silk; the test resumes what waits.
struct foreign {
  std::coroutine_handle<>& waiting;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) const noexcept { waiting = handle; }
  int await_resume() const noexcept { return 7; }
};

}  // namespace silk_tests
