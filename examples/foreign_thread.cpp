// A thread that silk does not know completes a future that a task awaits.
#include <silk/silk.hpp>

#include <fmt/core.h>

#include <string>
#include <thread>

//! [promise]
silk::task<> program() {
  silk::promise<std::string> promise;
  const silk::future<std::string> answer = promise.get_future();

  std::thread device([promise = std::move(promise)]() mutable {
    promise.set_value("42 degrees");  // from any thread; the task goes on on its own workers
  });
  const std::string& text = co_await answer;
  fmt::print("{}\n", text);
  device.join();
}
//! [promise]

int main() { silk::run(program()); }

// Prints:
// 42 degrees
