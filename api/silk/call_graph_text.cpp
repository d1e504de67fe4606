#include "call_graph.hpp"

#include <cstddef>
#include <utility>

namespace silk {

namespace {

const char* word_for(call_graph_state state) noexcept {
  switch (state) {
    case call_graph_state::running:
      return "running";
    case call_graph_state::waiting:
      return "waiting";
    case call_graph_state::done:
      break;
  }
  return "done";
}

std::string title(const call_graph& graph) {
  switch (graph.kind) {
    case call_graph_kind::task:
      return "task '" + graph.name + "'";
    case call_graph_kind::gather_child:
      return graph.name + " of a gather";
    case call_graph_kind::future:
      break;
  }
  return "future";
}

void add_line(std::string& text, std::size_t indent, const std::string& line) {
  text.append(indent, ' ');
  text += line;
  text += '\n';
}

void add_frames(std::string& text, const call_graph& graph, std::size_t indent) {
  for (const call_frame& frame : graph.frames) add_line(text, indent, "in " + frame.description());
}

void add(std::string& text, const call_graph& graph, const char* before, std::size_t indent) {
  add_line(text, indent, before + title(graph) + ", " + word_for(graph.state));
  add_frames(text, graph, indent + 2);
  for (const call_graph& each : graph.awaited_by) add(text, each, "awaited by ", indent + 2);
}

}  // namespace

std::string call_frame::description() const {
  return function + " at " + where.file_name() + ":" + std::to_string(where.line());
}

std::string to_string(const call_graph& graph) {
  std::string text;
  add(text, graph, "", 0);
  return text;
}

void print_call_graph(std::FILE* to, std::source_location where) {
  const auto graph = capture_call_graph(where);
  std::fputs(graph ? to_string(*graph).c_str() : "no task is running here\n", to);
}

std::string dump(const runtime& of) {
  std::string text;
  for (const task_ref& task : of.all_tasks()) {
    const call_graph graph = capture_call_graph(task);
    add_line(text, 0, title(graph) + ", " + word_for(graph.state));
    add_frames(text, graph, 2);
    for (const call_graph& each : graph.awaited_by) add_line(text, 2, "awaited by " + title(each));
  }
  return text;
}

}  // namespace silk
