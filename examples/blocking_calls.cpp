// Calls that block go to threads that may block; the workers stay free.
#include <silk/silk.hpp>

#include <fmt/core.h>

#include <fstream>
#include <string>

//! [to_thread]
std::string first_word(const std::string& path) {  // blocks, knows nothing of silk
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

silk::task<> program() {
  const auto [version, cpu] =
      co_await silk::gather(silk::to_thread(first_word, std::string("/proc/version")),
                            silk::to_thread(first_word, std::string("/proc/stat")));
  fmt::print("{} {}\n", version, cpu);
}
//! [to_thread]

int main() { silk::run(program()); }

// Prints:
// Linux cpu
