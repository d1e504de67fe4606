#include "errors.hpp"

namespace silk {

const std::string& cancelled::reason() const noexcept {
  static const std::string none;
  return reason_ ? *reason_ : none;
}

bool detail::is_fatal(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const fatal&) {
    return true;
  } catch (...) {
    return false;
  }
}

namespace {

std::string with_count(const std::string& message, std::size_t count) {
  return message + " (" + std::to_string(count) + (count == 1 ? " exception)" : " exceptions)");
}

}  // namespace

exception_group::exception_group(const std::string& message,
                                 std::vector<std::exception_ptr> exceptions)
    : std::runtime_error(with_count(message, exceptions.size())),
      exceptions_(std::make_shared<const std::vector<std::exception_ptr>>(std::move(exceptions))) {}

}  // namespace silk
