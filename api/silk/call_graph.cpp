#include "call_graph.hpp"

#include "detail/await_chain.hpp"
#include "detail/coroutine_name.hpp"
#include "detail/running.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace silk {

namespace detail {

namespace {

constexpr std::size_t most_levels = 256;  // a graph is built and destroyed recursively

call_frame frame_of(const frame_places& places) {
  return {.function = coroutine_name(places.coroutine.function_name()),
          .where = places.awaits.line() != 0 ? places.awaits : places.coroutine};
}

std::vector<call_frame> frames_of(const await_section& section) {
  std::vector<call_frame> frames;
  frames.reserve(section.frames.size());
  for (const frame_places& each : section.frames) frames.push_back(frame_of(each));
  return frames;
}

// Builds a graph; `path_` is from its subject to where it is at work.
class graph_builder {
 public:
  call_graph of_chain(const await_chain& chain, call_graph_state state) {
    call_graph graph = node(chain, 0);
    graph.state = state;
    return graph;
  }
  call_graph of_task(core_ptr<future_core> core, task_node& task, call_graph_state state) {
    await_chain chain;
    chain.core = std::move(core);
    chain.task = &task;
    chain.sections.emplace_back();
    return of_chain(chain, state);
  }
  call_graph of_future(future_core& future) {
    return {.kind = call_graph_kind::future,
            .state = future.done() ? call_graph_state::done : call_graph_state::waiting,
            .name = {},
            .task = {},
            .frames = {},
            .awaited_by = awaiters_of(future)};
  }

 private:
  // The part of `chain` from section `i` on.
  call_graph node(const await_chain& chain, std::size_t i) {
    const await_section& section = chain.sections[i];
    call_graph graph;
    graph.frames = frames_of(section);
    if (section.gather_index) {
      graph.kind = call_graph_kind::gather_child;
      graph.name = "child " + std::to_string(*section.gather_index);
      graph.awaited_by.push_back(node(chain, i + 1));
      return graph;
    }
    graph.task = task_ref_access::make(chain.core, *chain.task);
    graph.name = graph.task.name();
    graph.awaited_by = awaiters_of(*chain.core);
    return graph;
  }

  std::vector<call_graph> awaiters_of(future_core& awaited) {
    std::vector<call_graph> awaiters;
    if (path_.size() == most_levels || std::ranges::find(path_, &awaited) != path_.end())
      return awaiters;
    path_.push_back(&awaited);
    for (const await_chain& each : chains_waiting_for(awaited)) {
      awaiters.push_back(node(each, first_to_show(each)));
    }
    path_.pop_back();
    return awaiters;
  }

  // A handle among the tasks of a gather is awaited by a coroutine of the library's.
  static std::size_t first_to_show(const await_chain& chain) noexcept {
    const await_section& first = chain.sections.front();
    return first.gather_index && first.frames.empty() && chain.sections.size() > 1 ? 1 : 0;
  }

  std::vector<const future_core*> path_;
};

// The innermost coroutine goes on to run behind its last co_await.
void place_innermost(call_graph& graph, const await_chain& chain,
                     const std::source_location& where) {
  if (chain.sections.front().frames.empty()) return;
  const std::string caller = coroutine_name(where.function_name());
  if (caller == graph.frames.front().function) graph.frames.front().where = where;
}

bool belongs_to(promise_base& frame, const task_node& task) noexcept {
  return &frame.context->root() == &task;
}

call_graph graph_of_current(promise_base& innermost, const std::source_location& where) {
  const await_chain chain = chain_from(innermost);
  call_graph graph = graph_builder().of_chain(chain, call_graph_state::running);
  place_innermost(graph, chain, where);
  return graph;
}

call_graph graph_of_task(core_ptr<future_core> core, task_node& task,
                         const std::source_location& where) {
  promise_base* const here = innermost();
  if (here != nullptr && belongs_to(*here, task)) {
    // Of the spawned task itself, also when a child of its gather asks.
    await_chain chain = chain_from(*here);
    if (chain.sections.size() == 1) return graph_of_current(*here, where);
  }
  if (core->done()) return graph_builder().of_task(std::move(core), task, call_graph_state::done);
  if (const auto chain = chain_of_waiting(task)) {
    return graph_builder().of_chain(
        *chain, chain->waits ? call_graph_state::waiting : call_graph_state::running);
  }
  return graph_builder().of_task(std::move(core), task, call_graph_state::running);
}

}  // namespace

call_graph graph_of(future_core& core, const std::source_location& where) {
  if (task_node* const task = core.task())
    return graph_of_task(core_ptr<future_core>(&core), *task, where);
  return graph_builder().of_future(core);
}

}  // namespace detail

std::optional<call_graph> capture_call_graph(std::source_location where) {
  if (detail::promise_base* const here = detail::innermost())
    return detail::graph_of_current(*here, where);
  if (const task_ref current = current_task()) return capture_call_graph(current, where);
  detail::required_runtime("capture_call_graph");
  return {};
}

call_graph capture_call_graph(const task_ref& task, std::source_location where) {
  return detail::graph_of(*detail::task_ref_access::core(task), where);
}

std::vector<call_frame> task_ref::get_stack(std::size_t limit, std::source_location where) const {
  std::vector<call_frame> frames = capture_call_graph(*this, where).frames;
  if (frames.size() > limit)
    frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(limit), frames.end());
  return frames;
}

}  // namespace silk
