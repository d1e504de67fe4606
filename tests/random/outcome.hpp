// What became of a program: how each statement and each task ended, and when. Told by the run and by the model.
#pragma once

#include "program.hpp"

#include <string>
#include <utility>
#include <vector>

namespace random_programs {

enum class ending : std::uint8_t {
  none,  // not reached, or never left
  value,
  error,  // failure(number)
  cancelled,
  timeout,
  usage,
  group,  // exception_group of `members`
};

struct outcome {
  outcome(ending end = ending::none, int of = 0) : how(end), number(of) {}
  outcome(ending end, std::vector<outcome> all) : how(end), members(std::move(all)) {}
  ending how;
  int number = 0;
  std::vector<outcome> members;
  friend bool operator==(const outcome&, const outcome&) = default;
};

struct record {
  outcome end;
  long begun = -1, ended = -1;  // microseconds since the program began; -1: never
  std::vector<int> detail;      // what it gave: which are done, which won, how many remain
  friend bool operator==(const record&, const record&) = default;
};

struct result {
  std::vector<record> statements;  // by number; the first one stands for the program itself
  std::vector<outcome> tasks;
  std::vector<std::string> reported;  // failures that nobody retrieved, sorted
  // What is left: permits, items, whether the mutex is locked.
  std::vector<int> left;
  friend bool operator==(const result&, const result&) = default;
};

std::string to_text(const outcome& what);
std::string to_text(const result& what);
// The lines in which they differ, as far as the model came.
std::string difference(const result& model, const result& run, long until);

}  // namespace random_programs
