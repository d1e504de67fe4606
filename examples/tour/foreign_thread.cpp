#include <silk/silk.hpp>

#include <fmt/core.h>

#include <string>
#include <thread>
#include <utility>

void device(silk::promise<std::string> answer) {
  answer.set_value("42 degrees");  // on any thread
}

silk::task<> program() {
  silk::promise<std::string> promise;
  const silk::future<std::string> answer = promise.get_future();
  std::thread thread(device, std::move(promise));
  const std::string text = co_await answer;
  fmt::print("{}\n", text);
  thread.join();
}

int main() { silk::run(program()); }

// Prints:
// 42 degrees
