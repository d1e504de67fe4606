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

// Behind the parenthesis that closes the one at `open`.
std::size_t behind_parameters(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i + 1;
  }
  return text.size();
}

// Of "task<T> outer(int)::local::name(T) [with T = long]": "outer::local::name".
std::string plain_name(std::string_view text) {
  std::string name;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' && depth == 0) {
      i = behind_parameters(text, i);
      if (text.substr(i, 2) != "::") break;
      name += ':';  // the second one comes next
      continue;
    }
    if (c == '<') ++depth;
    if (c == '>') --depth;
    if (c == ' ' && depth == 0) {
      name.clear();  // it was the return type
    } else {
      name += c;
    }
  }
  return name;
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
