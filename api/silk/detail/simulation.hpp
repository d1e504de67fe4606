// simulation: one simulated run: its runtime, its decisions, its trace and what was wrong in it.
//
// Life: made by simulate() -> run() -> gone. A run that does not come to its end is left as it is, and its
// simulation stays for good: to cancel its tasks would destroy them in an order in which they may still refer
// to each other's locals.
#pragma once

#include "../runtime.hpp"
#include "../simulate.hpp"
#include "engine.hpp"
#include "sim_trace.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <unordered_map>
#include <utility>

namespace silk::detail {

class simulation final : private engine::simulator::audience {
 public:
  simulation(testing::sim_options options, const engine::schedule* replayed);
  ~simulation();
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;

  // The one that the calling thread is at work in; nullptr outside.
  static simulation* here() noexcept;

  // Once. False: tasks are left, and the simulation must stay.
  [[nodiscard]] bool run(const testing::program& what, std::source_location where);
  bool met_foreign_threads() const noexcept { return simulator_.met_foreign_threads(); }
  testing::sim_result take_result() noexcept { return std::move(result_); }

  // For the program.
  void call_from_outside(std::function<void()> function, engine::simulator::time_is meanwhile);
  void call_from_outside(std::function<void()> function);
  std::uint32_t choose(std::uint32_t options);
  void note_failure(std::string message, std::exception_ptr error) noexcept;

 private:
  class world;
  struct outside_call;

  void runs(std::size_t worker, engine::job& item) noexcept override;
  void stole(std::size_t worker, std::size_t victim) noexcept override;
  void called(std::uint64_t number) noexcept override;
  void time_moved(std::uint64_t now) noexcept override;
  void ended(engine::drive_end how) noexcept override;

  runtime_options options_of_the_runtime();
  void name_task(const task_ref& fresh);
  std::uint64_t number_of(const task_node& task) const noexcept;
  void run_main(const testing::program& what, std::source_location where);
  void end_the_world();
  void look_at_what_is_left();
  void list_stuck();

  const testing::sim_options options_;
  engine::decisions decisions_;
  engine::simulator simulator_;
  std::shared_ptr<sim_trace> trace_ = std::make_shared<sim_trace>();
  std::unordered_map<const task_node*, std::uint64_t> numbers_;  // of the task that was there last
  std::unique_ptr<world> world_;
  bool left_ = false;  // a drive has not reached its goal
  testing::sim_result result_;
};

// As simulate(), with decisions that need not go through text.
testing::sim_result simulate_as(const testing::program& what, const testing::sim_options& options,
                                const engine::schedule* replayed, std::source_location where);

}  // namespace silk::detail
