// Where a program stands: which coroutines each task is in, and who awaits it.
//! [record]
#define SILK_CALL_GRAPH 1  // or for all sources: target_compile_definitions(... SILK_CALL_GRAPH=1)
#include <silk/silk.hpp>
//! [record]

#include <fmt/core.h>

#include <cstdio>
#include <string>

using namespace std::chrono_literals;

// As silk::to_string prints it, but without the lines.
void show(const silk::call_graph& graph, const std::string& indent = "") {
  fmt::print("{}{}\n", indent, graph.name);
  for (const auto& frame : graph.frames) fmt::print("{}  in {}\n", indent, frame.function);
  for (const auto& each : graph.awaited_by) show(each, indent + "    ");
}

//! [capture]
void log_where_we_are() {  // a plain function
  if (const auto graph = silk::capture_call_graph()) show(*graph);
  silk::print_call_graph(stderr);  // the same for people, with file and line
}
//! [capture]

silk::task<> parse() {
  co_await silk::sleep(1ms);
  log_where_we_are();
}
silk::task<> load() { co_await silk::with_timeout(1s, parse()); }
silk::task<> serve(silk::join_handle<> page) { co_await silk::shield(page); }

silk::task<> site() {
  //! [others]
  const auto page = silk::spawn({.name = "page"}, load());
  co_await silk::gather(serve(page), serve(page));

  const auto slow =
      silk::spawn({.name = "slow"}, []() -> silk::task<> { co_await silk::sleep(1h); });
  co_await silk::sleep(1s);
  for (const auto& frame : slow.get_stack()) fmt::print("slow is in {}\n", frame.function);
  std::fputs(silk::dump(silk::runtime::current()).c_str(), stderr);  // every task
  //! [others]
  slow.cancel();
}

int main() { silk::run(site(), {.workers = 1, .time = silk::time_source::virtual_time}); }

// Prints:
// page
//   in parse
//   in load
//     child 0
//       in serve
//         task-1
//           in site
//     child 1
//       in serve
//         task-1
//           in site
// slow is in site::lambda
