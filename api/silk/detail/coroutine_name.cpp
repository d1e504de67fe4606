#include "coroutine_name.hpp"

#include <array>
#include <cstddef>

namespace silk::detail {

namespace {

using namespace std::string_view_literals;

void remove_all(std::string& text, std::string_view part) {
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at)) {
    text.erase(at, part.size());
  }
}

// "task<T> name(int) [with T = long]": what is in brackets, and before the name.
std::string plain_name(std::string_view text) {
  std::size_t begin = 0;
  std::size_t end = 0;
  int depth = 0;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (c == '(' && depth == 0) break;
    if (c == '<') ++depth;
    if (c == '>') --depth;
    if (c == ' ' && depth == 0) begin = end + 1;
  }
  return std::string(text.substr(begin, end - begin));
}

}  // namespace

std::string coroutine_name(std::string_view function) {
  std::string text(function);
  remove_all(text, "{anonymous}::");
  remove_all(text, "(anonymous namespace)::");
  // GCC and Clang, in this order; the lambda's own parameters come behind.
  for (const auto mark : std::array{"::<lambda"sv, "::(anonymous class)"sv, "::(lambda"sv}) {
    const auto at = text.find(mark);
    if (at != text.npos) return plain_name(std::string_view(text).substr(0, at)) + "::lambda";
  }
  return plain_name(text);
}

}  // namespace silk::detail
