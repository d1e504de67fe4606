// A value for each task: who asks is known everywhere below, and passed to nobody.
#include <silk/silk.hpp>

#include <fmt/format.h>

#include <string>

using namespace std::chrono_literals;

//! [variable]
const silk::context_var<std::string> request("no request");

void log(const std::string& line) { fmt::print("[{}] {}\n", request.get(), line); }

silk::task<> looks_up() {
  co_await silk::sleep(1ms);
  log("looked up");
}

silk::task<> handles(std::string name) {
  co_await request.set(name);  // for the rest of this task, and for what it starts
  log("begins");
  co_await silk::gather(looks_up());
  co_await silk::to_thread([] { log("read a file"); });
}
//! [variable]

silk::task<> program() {
  co_await handles("a");
  log("still a: handles was a part of this task");
  co_await silk::spawn(handles("b"));
  log("not b: that was a task of its own");

  //! [scoped]
  {
    const auto hold = co_await request.scoped("maintenance");
    log("until the scope ends");
  }
  //! [scoped]

  //! [context]
  const silk::context given;
  given.set(request, "c");
  co_await silk::spawn({.context = given}, handles("d"));  // in it, not in a copy of ours
  fmt::print("in the context: {}\n", given.get(request));
  given.run([] { log("a plain function in it"); });
  //! [context]
}

int main() { silk::run(program(), {.time = silk::time_source::virtual_time}); }

// Prints:
// [a] begins
// [a] looked up
// [a] read a file
// [a] still a: handles was a part of this task
// [b] begins
// [b] looked up
// [b] read a file
// [a] not b: that was a task of its own
// [maintenance] until the scope ends
// [d] begins
// [d] looked up
// [d] read a file
// in the context: d
// [d] a plain function in it
