#include "row.hpp"
namespace {
using namespace silk_conformance;
silk::task<> leaf() {
  silk::print_call_graph();
  co_await silk::sleep(1s);
  silk::print_call_graph();
}
silk::task<> middle() { co_await leaf(); }
ROW(introspection, graph_task_chain) {
  run([]() -> silk::task<> {
    const auto h = silk::spawn(middle());
    co_await silk::gather([](silk::join_handle<> w) -> silk::task<> { co_await w; }(h), leaf());
  });
}
}
