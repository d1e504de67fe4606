// Shared by the unit and conformance tests: how a program runs in virtual time, and how an await ended.
#pragma once

#include <silk/silk.hpp>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace silk_tests {

using namespace std::chrono_literals;

inline silk::runtime_options virtual_time(unsigned workers, silk::failure_handler on_failure = {}) {
  return {.workers = workers,
          .time = silk::time_source::virtual_time,
          .on_failure = std::move(on_failure)};
}

// How something ended: "value", "cancelled", "cancelled: reason", "timeout", "usage", "closed",
// "invalid argument", "group", or what() of any other exception.
template <class Throwing>
std::string told(Throwing throwing) {
  try {
    throwing();
    return "value";
  } catch (const silk::cancelled& stop) {
    return stop.reason().empty() ? "cancelled" : "cancelled: " + stop.reason();
  } catch (const silk::timeout_error&) {
    return "timeout";
  } catch (const silk::usage_error&) {
    return "usage";
  } catch (const silk::closed_error&) {
    return "closed";
  } catch (const silk::exception_group&) {
    return "group";
  } catch (const std::invalid_argument&) {
    return "invalid argument";
  } catch (const silk::fatal& end) {
    return end.what();
  } catch (const std::exception& error) {
    return error.what();
  }
}
inline std::string told_of(const std::exception_ptr& error) {
  return told([&] {
    if (error != nullptr) std::rethrow_exception(error);
  });
}
template <class T>
std::string told_of(const silk::future<T>& done) {
  return told([&] { static_cast<void>(done.result()); });
}

// `co_await ending(x)`: awaits a task as part of this one, a future or any other awaitable, and tells how
// it ended.
template <class Awaitable>
silk::task<std::string> ending(Awaitable awaited) {
  std::exception_ptr error;
  try {
    static_cast<void>(co_await std::move(awaited));
  } catch (...) {
    error = std::current_exception();
  }
  co_return told_of(error);
}

// Ends only by being cancelled. Waits for no timer, so that virtual time stands still if nobody else does.
inline silk::task<> never_ends() {
  silk::promise<> kept;
  co_await kept.get_future();
}

// Of virtual time, since the runtime began.
inline silk::duration elapsed() { return silk::now().time_since_epoch(); }

// Virtual time: ends when everybody else waits for something.
inline silk::task<> at_rest() { co_await silk::sleep(1ms); }

// From outside of tasks: the workers fall asleep and are woken again, many times. If a timer is armed,
// virtual time reaches it.
inline void let_time_pass_if_it_can(silk::runtime& runtime) {
  for (int i = 0; i < 200; ++i) {
    runtime.block_on([]() -> silk::task<> { co_await silk::yield(); });
  }
}

}  // namespace silk_tests
