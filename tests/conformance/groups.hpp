// What the rows of the area `task_group` share.
#pragma once

#include "row.hpp"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>
#include <vector>

namespace silk_conformance {

inline silk::task<> asleep(silk::duration d = 10'000h) { co_await silk::sleep(d); }
inline silk::task<> fails_after(silk::duration d, std::string what = "E") {
  co_await silk::sleep(d);
  throw failure_e(what);
}
// Sleeps until it is cancelled, then takes `clean_up` to end.
inline silk::task<> cleans_up(silk::duration clean_up) {
  bool stopped = false;
  try {
    co_await asleep();
  } catch (const silk::cancelled&) {
    stopped = true;
  }
  if (stopped) co_await silk::sleep(clean_up);
}
// The same, then fails.
inline silk::task<> fails_in_cleanup(std::string what = "E", silk::duration clean_up = 0s) {
  co_await cleans_up(clean_up);
  throw failure_e(what);
}
inline silk::task<> end_of(silk::join_handle<> handle) { co_await handle; }

// "E" for failure_e("E"), "[A B]" for a group, sorted; else what told_of says.
inline std::string contents(const std::exception_ptr& error) {
  try {
    if (error != nullptr) std::rethrow_exception(error);
  } catch (const silk::exception_group& group) {
    std::vector<std::string> parts;
    for (const std::exception_ptr& one : group.exceptions()) parts.push_back(contents(one));
    std::ranges::sort(parts);
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : " ") + part;
    return "[" + text + "]";
  } catch (...) {
  }
  return told_of(error);
}

// As ending(), but tells what is in a group.
inline silk::task<std::string> contents_of(silk::task<> body) {
  std::exception_ptr error;
  try {
    co_await std::move(body);
  } catch (...) {
    error = std::current_exception();
  }
  co_return contents(error);
}

// Runs `body` as a group in a task of its own, and cancels that task when `after` has passed.
template <class Body>
silk::task<std::string> cancelled_after(silk::duration after, Body body) {
  const auto handle = silk::spawn([&]() -> silk::task<> { co_await silk::with_task_group(body); });
  co_await silk::sleep(after);
  EXPECT_TRUE(handle.cancel("from above"));
  co_return co_await contents_of(end_of(handle));
}

}  // namespace silk_conformance
