#include "failure.hpp"

#include "detail/place.hpp"
#include "errors.hpp"

#include <cstdio>

namespace silk {

namespace detail {

std::string describe(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (const fatal& f) {
    return f.what();
  } catch (const cancelled& c) {
    return c.reason().empty() ? "cancelled" : "cancelled: " + c.reason();
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

void print_handler_failure(const char* of, const std::exception_ptr& error) noexcept {
  const std::string line =
      "silk: the " + std::string(of) + " handler has thrown: " + describe(error) + "\n";
  std::fputs(line.c_str(), stderr);
}

}  // namespace detail

namespace {

struct subject {
  std::string name;
  const char* place;  // what to say of spawned_at
};

subject subject_of(const failure& what) {
  if (!what.coroutine.empty()) return {"coroutine '" + std::string(what.coroutine) + "'", " (at "};
  if (!what.task_name.empty())
    return {"task '" + std::string(what.task_name) + "'", " (spawned at "};
  if (!what.callback) return {"a future or callback", " (spawned at "};
  const std::string name = what.callback.name();
  return {name.empty() ? "a callback" : "callback '" + name + "'", " (posted at "};
}

}  // namespace

void print_failure(const failure& what) noexcept {
  const subject about = subject_of(what);
  std::string line = "silk: " + std::string(what.message) + " of " + about.name;
  if (what.spawned_at.line() != 0) line += about.place + detail::text_of(what.spawned_at) + ")";
  line += ": " + detail::describe(what.error) + "\n";
  std::fputs(line.c_str(), stderr);
}

}  // namespace silk
