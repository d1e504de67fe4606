// Rows of the area `introspection` that concern the call graph. Compiled with SILK_CALL_GRAPH.
#include "row.hpp"

#include <algorithm>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace {

using namespace silk_conformance;

using names = std::vector<std::string>;

names functions(const std::vector<silk::call_frame>& frames) {
  names all;
  for (const silk::call_frame& frame : frames) all.push_back(frame.function);
  return all;
}

names awaiters(const silk::call_graph& graph) {
  names all;
  for (const silk::call_graph& each : graph.awaited_by) all.push_back(each.name);
  std::ranges::sort(all);
  return all;
}

const silk::call_graph* awaiter(const silk::call_graph& graph, const std::string& name) {
  const auto found = std::ranges::find(graph.awaited_by, name, &silk::call_graph::name);
  return found == graph.awaited_by.end() ? nullptr : &*found;
}

// What a task captures of itself, for others to look at.
using captured = std::optional<silk::call_graph>;

// Not for_ever of row.hpp: other sources, which are not recorded, have that one, too.
silk::task<> stands_still() {
  silk::promise<> kept;
  co_await kept.get_future();
}

silk::task<> leaf(captured& graph) {
  co_await at_rest();
  graph = silk::capture_call_graph();
}
silk::task<> branch(captured& graph) { co_await leaf(graph); }
template <class T>
silk::task<> awaits(silk::future<T> what) {
  co_await what;
}

ROW(introspection, get_stack) {
  struct bodies {
    static silk::task<> inner(std::vector<silk::call_frame>& frames, std::string& text) {
      co_await silk::yield();
      const silk::task_ref me = silk::current_task();
      frames = me.get_stack(1);
      text = silk::to_string(silk::capture_call_graph(me));
    }
    static silk::task<> outer(std::vector<silk::call_frame>& frames, std::string& text) {
      co_await inner(frames, text);
    }
    static silk::task<> sleeps() { co_await silk::sleep(1s); }
    static silk::task<> calls_sleeps() { co_await sleeps(); }
  };
  run([]() -> silk::task<> {
    std::vector<silk::call_frame> frames;
    std::string text;
    co_await silk::spawn({.name = "asks"}, bodies::outer(frames, text));
    EXPECT_EQ(frames.size(), 1u);
    EXPECT_TRUE(frames.at(0).function.ends_with("bodies::inner"));
    EXPECT_TRUE(text.starts_with("task 'asks', running\n  in ")) << text;

    const auto other = silk::spawn(bodies::calls_sleeps());
    co_await at_rest();
    const auto all = other.get_stack();
    EXPECT_EQ(all.size(), 2u);
    EXPECT_TRUE(all.at(0).function.ends_with("bodies::sleeps"));
    EXPECT_TRUE(all.at(1).function.ends_with("bodies::calls_sleeps"));
    EXPECT_EQ(functions(other.get_stack(1)), names{all.at(0).function});
    co_await other;
    EXPECT_TRUE(other.get_stack().empty());
  });
}

ROW(introspection, graph_task_chain) {
  run([]() -> silk::task<> {
    captured graph;
    const auto inner = silk::spawn({.name = "inner"}, branch(graph));
    const auto outer = silk::spawn({.name = "outer"}, awaits<void>(inner));
    co_await outer;
    EXPECT_EQ(graph->name, "inner");
    EXPECT_TRUE(graph->task == silk::task_ref(inner));
    EXPECT_EQ(functions(graph->frames), (names{"leaf", "branch"}));
    EXPECT_EQ(awaiters(*graph), names{"outer"});
    const silk::call_graph& second = graph->awaited_by.at(0);
    EXPECT_TRUE(second.task == silk::task_ref(outer));
    EXPECT_EQ(functions(second.frames), names{"awaits"});
    EXPECT_EQ(second.awaited_by.size(), 1u);
    EXPECT_TRUE(second.awaited_by.at(0).task == silk::current_task());
    EXPECT_EQ(second.awaited_by.at(0).frames.size(), 1u);
    EXPECT_TRUE(second.awaited_by.at(0).awaited_by.empty());
  });
}

silk::task<> gathers(captured& first, captured& second) {
  co_await silk::gather(leaf(first), branch(second));
}
silk::task<> gathers_handles(silk::join_handle<> a, silk::join_handle<> b) {
  co_await silk::gather(a, b, a);
}
silk::task<> gathers_both(silk::join_handle<> a, captured& graph) {
  co_await silk::gather(a, leaf(graph));
}

ROW(introspection, graph_gather) {
  run([]() -> silk::task<> {
    captured first, second;
    co_await silk::spawn({.name = "gatherer"}, gathers(first, second));
    EXPECT_EQ(first->kind, silk::call_graph_kind::gather_child);
    EXPECT_EQ(first->name, "child 0");
    EXPECT_EQ(functions(first->frames), names{"leaf"});
    EXPECT_EQ(functions(second->frames), (names{"leaf", "branch"}));
    for (const captured& each : {first, second}) {
      EXPECT_EQ(awaiters(*each), names{"gatherer"});
      EXPECT_EQ(functions(each->awaited_by.at(0).frames), names{"gathers"});
      EXPECT_EQ(each->awaited_by.at(0).awaited_by.size(), 1u);
    }
    // Children that are tasks of their own.
    const auto a = silk::spawn(leaf(first));
    const auto b = silk::spawn(leaf(second));
    co_await silk::spawn({.name = "watcher"}, gathers_handles(a, b));
    EXPECT_EQ(awaiters(*first), names{"watcher"});
    EXPECT_EQ(awaiters(*second), names{"watcher"});
    EXPECT_EQ(functions(first->awaited_by.at(0).frames), names{"gathers_handles"});
    const auto mixed = silk::spawn(leaf(first));
    co_await silk::spawn({.name = "mixer"}, gathers_both(mixed, second));
    EXPECT_EQ(awaiters(*first), names{"mixer"});
    EXPECT_EQ(awaiters(*second), names{"mixer"});
  });
}

silk::task<> shields(silk::join_handle<> what) { co_await silk::shield(what); }

ROW(introspection, graph_shield) {
  run([]() -> silk::task<> {
    captured graph;
    const auto child = silk::spawn(branch(graph));
    co_await silk::spawn({.name = "shielder"}, shields(child));
    EXPECT_EQ(awaiters(*graph), names{"shielder"});
    EXPECT_EQ(functions(graph->awaited_by.at(0).frames), names{"shields"});
  });
}

silk::task<> waits(std::vector<silk::join_handle<>> handles) { co_await silk::wait(handles); }

ROW(introspection, graph_wait) {
  run([]() -> silk::task<> {
    captured one, two;
    const auto a = silk::spawn({.name = "a"}, leaf(one));
    const auto b = silk::spawn({.name = "b"}, leaf(two));
    const auto both = silk::spawn({.name = "waiter"}, waits({a, b, a}));
    const auto other = silk::spawn({.name = "other"}, waits({a}));
    co_await both;
    co_await other;
    EXPECT_EQ(awaiters(*one), (names{"other", "waiter"}));
    EXPECT_EQ(awaiters(*two), names{"waiter"});
    EXPECT_EQ(functions(awaiter(*one, "waiter")->frames), names{"waits"});
    EXPECT_EQ(awaiter(*one, "waiter")->awaited_by.size(), 1u);
  });
}

silk::task<> limited(captured& before, captured& after) {
  silk::timeout_scope limit(10s);
  co_await at_rest();
  const auto body = [&]() -> silk::task<> {
    before = silk::capture_call_graph();
    co_await branch(after);
  };
  co_await limit.run(body);
}
silk::task<> limited_twice(captured& before, captured& after) {
  auto inner = silk::with_timeout(10s, limited(before, after));
  co_await std::move(inner);
}

ROW(introspection, graph_timeout_scope) {
  run([]() -> silk::task<> {
    captured before, after;
    const auto task = silk::spawn({.name = "limited"}, limited_twice(before, after));
    co_await silk::spawn({.name = "outer"}, awaits<void>(task));
    EXPECT_EQ(functions(before->frames), (names{"limited::lambda", "limited", "limited_twice"}));
    EXPECT_EQ(functions(after->frames),
              (names{"leaf", "branch", "limited::lambda", "limited", "limited_twice"}));
    for (const captured& each : {before, after}) {
      EXPECT_EQ(each->name, "limited");
      EXPECT_EQ(awaiters(*each), names{"outer"});
    }
    // Seen from outside, too.
    const auto waits_inside = []() -> silk::task<> {
      co_await silk::with_timeout(10s, stands_still());
    };
    const auto other = silk::spawn(waits_inside());
    co_await at_rest();
    const silk::call_graph graph = silk::capture_call_graph(other);
    EXPECT_EQ(graph.state, silk::call_graph_state::waiting);
    EXPECT_EQ(graph.frames.size(), 2u);
    EXPECT_TRUE(graph.frames.at(0).function.ends_with("stands_still"));
    other.cancel();
    co_await ending(other);
  });
}

silk::task<> owns(captured& graph, silk::promise<silk::join_handle<>> child) {
  co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
    child.set_value(group.spawn({.name = "child"}, branch(graph)));
    co_return;
  });
}
silk::task<> awaits_child(silk::future<silk::join_handle<>> child) {
  const silk::join_handle<> handle = co_await child;
  co_await handle;
}

ROW(introspection, graph_task_group) {
  run([]() -> silk::task<> {
    captured graph;
    silk::promise<silk::join_handle<>> child;
    const auto known = child.get_future();
    const auto one = silk::spawn({.name = "one"}, awaits_child(known));
    const auto two = silk::spawn({.name = "two"}, awaits_child(known));
    const auto owner = silk::spawn({.name = "owner"}, owns(graph, std::move(child)));
    const auto top = silk::spawn({.name = "top"}, awaits<void>(owner));
    co_await top;
    co_await one;
    co_await two;
    EXPECT_EQ(graph->name, "child");
    EXPECT_EQ(awaiters(*graph), (names{"one", "owner", "two"}));
    EXPECT_EQ(functions(awaiter(*graph, "owner")->frames), names{"owns"});
    EXPECT_EQ(functions(awaiter(*graph, "one")->frames), names{"awaits_child"});
    EXPECT_EQ(awaiters(*awaiter(*graph, "owner")), names{"top"});
    EXPECT_EQ(awaiter(*graph, "owner")->awaited_by.at(0).awaited_by.size(), 1u);
    EXPECT_TRUE(awaiters(*awaiter(*graph, "one")).empty());
  });
}

ROW(introspection, graph_future) {
  run([]() -> silk::task<> {
    silk::promise<int> source;
    const auto plain = source.get_future();
    const auto one = silk::spawn({.name = "one"}, awaits(plain));
    const auto two = silk::spawn({.name = "two"}, awaits(plain));
    const auto top = silk::spawn({.name = "top"}, awaits<void>(one));
    co_await at_rest();
    const silk::call_graph graph = silk::capture_call_graph(plain);
    EXPECT_EQ(graph.kind, silk::call_graph_kind::future);
    EXPECT_TRUE(graph.frames.empty());
    EXPECT_FALSE(graph.task);
    EXPECT_EQ(awaiters(graph), (names{"one", "two"}));
    EXPECT_EQ(functions(awaiter(graph, "one")->frames), names{"awaits"});
    EXPECT_EQ(functions(awaiter(graph, "two")->frames), names{"awaits"});
    EXPECT_EQ(awaiters(*awaiter(graph, "one")), names{"top"});
    source.set_value(1);
    co_await top;
    co_await two;
  });
}

ROW(introspection, graph_no_current_task) {
  EXPECT_THROW(silk::capture_call_graph(), silk::usage_error);
  EXPECT_THROW(silk::print_call_graph(stderr), silk::usage_error);
  EXPECT_THROW(silk::capture_call_graph(silk::task_ref()), silk::usage_error);
  EXPECT_THROW(silk::capture_call_graph(silk::future<>()), silk::usage_error);
  run([]() -> silk::task<> {
    silk::promise<bool> answer;
    silk::runtime::current().post(
        [&] { answer.set_value(silk::capture_call_graph().has_value()); });
    const bool given = co_await answer.get_future();
    EXPECT_FALSE(given);
    EXPECT_TRUE(silk::capture_call_graph().has_value());
  });
  EXPECT_THROW(silk::capture_call_graph(), silk::usage_error);
}

std::string line_of(const std::string& function, unsigned line) {
  return "in " + function + " at " + std::source_location::current().file_name() + ":" +
         std::to_string(line) + "\n";
}

silk::task<> prints(std::string& text, unsigned& line) {
  co_await at_rest();
  line = std::source_location::current().line() + 1;
  text = silk::to_string(silk::capture_call_graph().value());
}
constexpr unsigned prints_is_awaited_at = std::source_location::current().line() + 1;
silk::task<> calls_prints(std::string& text, unsigned& line) { co_await prints(text, line); }

ROW(introspection, graph_printing) {
  run([]() -> silk::task<> {
    std::string text;
    unsigned line = 0;
    const auto inner = silk::spawn({.name = "inner"}, calls_prints(text, line));
    const auto outer = silk::spawn({.name = "outer"}, awaits<void>(inner));
    co_await inner;
    co_await outer;
    EXPECT_TRUE(text.starts_with(
        "task 'inner', running\n"
        "  " +
        line_of("prints", line) + "  " + line_of("calls_prints", prints_is_awaited_at)))
        << text;
    EXPECT_NE(text.find("\n  awaited by task 'outer', waiting\n    in awaits at "), text.npos)
        << text;
  });
}

ROW(introspection, awaiters_removed_when_done) {
  run([]() -> silk::task<> {
    const auto awaited = silk::spawn(stands_still());
    const auto waiter = silk::spawn({.name = "waiter"}, waits({awaited}));
    const auto shielder = silk::spawn({.name = "shielder"}, shields(awaited));
    const auto stays = silk::spawn({.name = "stays"}, awaits<void>(awaited));
    co_await at_rest();
    EXPECT_EQ(awaiters(silk::capture_call_graph(awaited)), (names{"shielder", "stays", "waiter"}));
    waiter.cancel();
    co_await ending(waiter);
    EXPECT_EQ(awaiters(silk::capture_call_graph(awaited)), (names{"shielder", "stays"}));
    shielder.cancel();
    co_await ending(shielder);
    EXPECT_EQ(awaiters(silk::capture_call_graph(awaited)), names{"stays"});
    awaited.cancel();
    co_await ending(stays);
    const silk::call_graph graph = silk::capture_call_graph(awaited);
    EXPECT_EQ(graph.state, silk::call_graph_state::done);
    EXPECT_TRUE(graph.awaited_by.empty());
    EXPECT_TRUE(graph.frames.empty());
  });
}

}  // namespace
