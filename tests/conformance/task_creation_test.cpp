// Rows of the area `task`, about how tasks are made: a task factory is a spawn_observer, since what a
// task is made of is not replaceable; the eager task factory is runtime_options::start.
#include "row.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <vector>

namespace {

using namespace silk_conformance;

// Keeps the names of what it sees, from any thread.
class name_keeper {
 public:
  void operator()(const silk::task_ref& task) const {
    const std::lock_guard hold(state_->lock);
    state_->names.push_back(task.name());
  }
  std::vector<std::string> names() const {
    const std::lock_guard hold(state_->lock);
    return state_->names;
  }

 private:
  struct state {
    std::mutex lock;
    std::vector<std::string> names;
  };
  std::shared_ptr<state> state_ = std::make_shared<state>();
};

using names = std::vector<std::string>;

ROW(task, factory_hook) {
  const name_keeper keeper;
  silk::runtime runtime(options());
  EXPECT_FALSE(runtime.spawn_observer());
  runtime.set_spawn_observer(keeper);
  EXPECT_NE(runtime.spawn_observer().target<name_keeper>(), nullptr);

  const auto from_here = runtime.spawn({.name = "from here"}, nothing());
  EXPECT_EQ(keeper.names(), names{"from here"});  // inside the call
  runtime.block_on([&]() -> silk::task<> {
    const auto of_a_task = silk::spawn({.name = "of a task"}, nothing());
    const auto callable = silk::spawn({.name = "a callable"}, nothing);
    const auto eager = silk::spawn({.name = "eager", .start = silk::start::eager}, nothing());
    co_await silk::with_task_group([](silk::task_group& group) -> silk::task<> {
      group.spawn({.name = "in a group"}, nothing());
      co_return;
    });
  });
  const names seen = keeper.names();
  for (const char* name : {"of a task", "a callable", "eager", "in a group"}) {
    EXPECT_EQ(std::ranges::count(seen, name), 1) << name;
  }
  EXPECT_EQ(seen.size(), 6u);  // and the one of block_on

  runtime.set_spawn_observer({});
  EXPECT_FALSE(runtime.spawn_observer());
  runtime.block_on(nothing);
  EXPECT_EQ(keeper.names(), seen);
}

template <class What>
concept can_observe =
    requires(silk::runtime& runtime, What what) { runtime.set_spawn_observer(what); };

ROW(task, factory_hook_rejects_invalid) {
  static_assert(can_observe<name_keeper>);
  static_assert(can_observe<void (*)(const silk::task_ref&)>);
  static_assert(!can_observe<int>);
  static_assert(!can_observe<std::string>);
  static_assert(!can_observe<void (*)(int)>);
  static_assert(!can_observe<void (*)()>);
  EXPECT_FALSE(silk::runtime(options()).spawn_observer());
}

ROW(task, name_explicit) {
  silk::runtime runtime(options());
  for (const bool observed : {false, true}) {
    if (observed) runtime.set_spawn_observer(name_keeper());
    const auto handle = runtime.spawn({.name = "Ann"}, [&]() -> silk::task<> {
      const std::string own = co_await silk::this_task::name();
      EXPECT_EQ(own, "Ann");
    });
    EXPECT_EQ(handle.name(), "Ann");
    runtime.block_on(handle);
    EXPECT_EQ(handle.name(), "Ann");
  }
}

ROW(task, eager_factory_installed) {
  EXPECT_EQ(silk::runtime(options()).default_start(), silk::start::soon);
  auto chosen = options();
  chosen.start = silk::start::eager;
  silk::runtime runtime(chosen);
  EXPECT_EQ(runtime.default_start(), silk::start::eager);
  runtime.block_on([&]() -> silk::task<> {
    EXPECT_EQ(silk::runtime::current().default_start(), silk::start::eager);
    bool ran = false;
    const auto runs = [&]() -> silk::task<> {
      ran = true;
      co_return;
    };
    EXPECT_TRUE(silk::spawn(runs()).done());
    EXPECT_TRUE(std::exchange(ran, false));
    EXPECT_TRUE(runtime.spawn(runs).done());
    EXPECT_TRUE(std::exchange(ran, false));
    EXPECT_TRUE(silk::spawn({.name = "named"}, runs()).done());
    EXPECT_TRUE(std::exchange(ran, false));
    co_await silk::with_task_group([&](silk::task_group& group) -> silk::task<> {
      EXPECT_TRUE(group.spawn(runs()).done());
      EXPECT_TRUE(ran);
      co_return;
    });
  });
}

}  // namespace
