#include "wait_teller.hpp"

#include "await_access.hpp"
#include "fork_group.hpp"
#include "place.hpp"
#include "wait_list.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <typeinfo>

namespace silk::detail {

namespace {

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> plain(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return plain != nullptr ? plain.get() : type.name();
}

void add_to(std::string& list, const std::string& item) {
  if (!list.empty()) list += ", ";
  list += item;
}

}  // namespace

std::string wait_teller::of_context(task_context& context) {
  const held_wait held(context);
  if (held.get() == nullptr) return "something that a cancel does not interrupt";
  wait& w = *held.get();
  if (await_access::is_sleep(w)) return "time to pass";
  if (wait_home* const home = await_access::home(w))
    return "its turn at " + numbered(type_name(typeid(*home)), home);
  if (w.try_cancel == fork_group::cancel_children) return of_group(static_cast<fork_group&>(w));
  std::string list;
  for (future_core* each : await_access::futures(w)) add_to(list, of_future(*each));
  return list.empty() ? "an outcome that has come" : list;
}

// The inside of a timeout or a task group belongs to the task itself.
std::string wait_teller::of_group(fork_group& group) {
  const bool scope = group.child(0).is_scope();
  std::string list;
  for (std::uint32_t i = 0; i < group.made(); ++i) {
    fork_base& child = group.child(i);
    if (child.held != outcome::none) continue;
    const std::string inner = of_context(child);
    add_to(list,
           scope ? inner : "child " + std::to_string(i) + " of a gather, which waits for " + inner);
  }
  return list.empty() ? "the tasks of its group" : list;
}

std::string wait_teller::of_future(future_core& awaited) {
  if (task_node* const task = awaited.task()) return "task '" + task->name() + "'";
  const std::string place = text_of(awaited.created_at());
  return numbered("a future", &awaited) + (place.empty() ? "" : " made at " + place);
}

std::string wait_teller::numbered(std::string what, const void* which) {
  const auto found = std::ranges::find(met_, which);
  const auto number = found - met_.begin() + 1;
  if (found == met_.end()) met_.push_back(which);
  return std::move(what) + " #" + std::to_string(number);
}

}  // namespace silk::detail
