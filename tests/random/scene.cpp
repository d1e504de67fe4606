#include "scene.hpp"

#include <algorithm>
#include <chrono>

namespace random_programs {

scene::scene(const program& what) : code(what) {
  const auto tasks = static_cast<std::size_t>(what.tasks + 1);
  seen.statements.resize(static_cast<std::size_t>(what.statements + 1));
  seen.tasks.resize(tasks);
  tasks_.resize(tasks);
  is_detached_.resize(tasks);
}

long scene::now() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(silk::now() - began).count();
}

void scene::keep(const statement& spawn, handle fresh) {
  const std::lock_guard hold(mutex_);
  const auto index = static_cast<std::size_t>(spawn.target + 1);
  tasks_[index] = std::move(fresh);
  is_detached_[index] = spawn.what == op::detach;
}

void scene::keep_program(handle fresh) {
  const std::lock_guard hold(mutex_);
  tasks_[0] = std::move(fresh);
}

handle scene::task(int number) const {
  const std::lock_guard hold(mutex_);
  const auto index = static_cast<std::size_t>(number + 1);
  return is_detached_[index] ? handle() : tasks_[index];
}

handle scene::any_task(int index) const {
  const std::lock_guard hold(mutex_);
  return tasks_[static_cast<std::size_t>(index)];
}

void scene::report(const silk::failure& what) {
  const std::lock_guard hold(mutex_);
  seen.reported.push_back(to_text(outcome_of(what.error)));
}

void scene::let_go_of_detached() {
  for (std::size_t i = 0; i < tasks_.size(); ++i)
    if (is_detached_[i]) tasks_[i] = handle();
}

void scene::tell_what_is_left() {
  seen.left = {static_cast<int>(wide.size()), static_cast<int>(narrow.size()),
               static_cast<int>(one.available()), static_cast<int>(two.available()),
               lock.is_locked() ? 0 : 1};
  std::ranges::sort(seen.reported);
}

outcome outcome_of(const std::exception_ptr& error) {
  if (error == nullptr) return ending::value;
  try {
    std::rethrow_exception(error);
  } catch (const failure& by) {
    return {ending::error, by.number};
  } catch (const silk::cancelled&) {
    return ending::cancelled;
  } catch (const silk::timeout_error&) {
    return ending::timeout;
  } catch (const silk::usage_error&) {
    return ending::usage;
  } catch (const silk::exception_group& all) {
    outcome group(ending::group);
    for (const auto& each : all.exceptions()) group.members.push_back(outcome_of(each));
    return group;
  }
}

outcome outcome_of(const handle& ended) {
  if (!ended.valid() || !ended.done()) return {};
  try {
    return outcome_of(ended.exception());
  } catch (const silk::cancelled&) {
    return ending::cancelled;
  }
}

}  // namespace random_programs
