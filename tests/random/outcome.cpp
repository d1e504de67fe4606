#include "outcome.hpp"

#include <algorithm>
#include <array>

namespace random_programs {

namespace {

template <class T>
std::string list(const std::vector<T>& of) {
  std::string text;
  for (const T& each : of) {
    if constexpr (std::is_same_v<T, int>) {
      text += " " + std::to_string(each);
    } else {
      text += " " + each;
    }
  }
  return text;
}

std::string line_of(int number, const record& of) {
  std::string text = "statement " + std::to_string(number) + ": ";
  if (of.begun < 0) return text + "not begun";
  text += std::to_string(of.begun) + "us to ";
  text += of.ended < 0 ? "?" : std::to_string(of.ended) + "us";
  text += ", " + to_text(of.end);
  if (!of.detail.empty()) text += ", gave" + list(of.detail);
  return text;
}

std::vector<std::string> lines(const result& of) {
  std::vector<std::string> all;
  for (std::size_t i = 1; i < of.statements.size(); ++i)
    all.push_back(line_of(static_cast<int>(i), of.statements[i]));
  for (std::size_t i = 0; i < of.tasks.size(); ++i) {
    const std::string name = i == 0 ? "program" : "task t" + std::to_string(i - 1);
    all.push_back(name + ": " + to_text(of.tasks[i]));
  }
  all.push_back("reported:" + list(of.reported));
  all.push_back("left:" + list(of.left));
  return all;
}

}  // namespace

std::string to_text(const outcome& what) {
  static constexpr std::array<const char*, 7> names = {"none",    "value", "error", "cancelled",
                                                       "timeout", "usage", "group"};
  std::string text = names[static_cast<std::size_t>(what.how)];
  if (what.how == ending::error) text += " " + std::to_string(what.number);
  if (what.how == ending::group) {
    for (const outcome& each : what.members) text += " (" + to_text(each) + ")";
  }
  return text;
}

std::string to_text(const result& what) {
  std::string text;
  for (const std::string& each : lines(what)) text += each + "\n";
  return text;
}

std::string difference(const result& model, const result& run, long until) {
  std::string text;
  const auto add = [&text](const std::string& left, const std::string& right) {
    if (left != right) text += "model: " + left + "\n  run: " + right + "\n";
  };
  for (std::size_t i = 1; i < run.statements.size(); ++i) {
    const record &here = model.statements[i], &there = run.statements[i];
    const bool later = here.begun < 0 && (there.begun < 0 || there.begun > until);
    const bool goes_on = here.begun == there.begun && here.ended < 0 && there.ended > until;
    if (!later && !goes_on)
      add(line_of(static_cast<int>(i), here), line_of(static_cast<int>(i), there));
  }
  if (!text.empty()) return text;
  const auto here = lines(model), there = lines(run);
  for (std::size_t i = 0; i < here.size(); ++i) add(here[i], there[i]);
  return text;
}

}  // namespace random_programs
