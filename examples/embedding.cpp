// A server with a main loop and threads of its own keeps a runtime beside them.
#include <silk/silk.hpp>

#include <fmt/core.h>

#include <atomic>

using namespace std::chrono_literals;

//! [embed]
class server {
 public:
  server() : runtime_({.workers = 2}) {
    runtime_.spawn({.name = "heartbeat"}, heartbeat());  // the runtime keeps it alive
  }

  int handle(int request) {  // called by threads that silk does not know
    return runtime_.block_on(answer(request));
  }

  void stop() {
    const bool all_ended = runtime_.shutdown(5s);  // cancels what is alive and waits for it
    fmt::print("all ended: {}\n", all_ended);
  }

 private:
  silk::task<int> answer(int request) {
    co_await silk::sleep(1ms);
    co_return request + 1;
  }
  silk::task<> heartbeat() {
    for (;;) {
      ++beats_;
      co_await silk::sleep(1s);
    }
  }

  std::atomic<int> beats_ = 0;
  silk::runtime runtime_;  // last: its tasks end before what they use
};
//! [embed]

int main() {
  server server;
  fmt::print("{}\n", server.handle(41));
  server.stop();
}

// Prints:
// 42
// all ended: true
