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

void print_failure(const failure& what) noexcept {
  std::string line = "silk: " + std::string(what.message) + " of ";
  if (!what.task_name.empty()) {
    line += "task '" + std::string(what.task_name) + "'";
  } else {
    const std::string name = what.callback.name();
    line += !what.callback ? "a future or callback"
            : name.empty() ? "a callback"
                           : "callback '" + name + "'";
  }
  if (what.spawned_at.line() != 0) {
    line +=
        (what.callback ? " (posted at " : " (spawned at ") + detail::text_of(what.spawned_at) + ")";
  }
  line += ": " + detail::describe(what.error) + "\n";
  std::fputs(line.c_str(), stderr);
}

}  // namespace silk
