// jobs: what the model tests of the queues put in and take out.
#pragma once

#include "../../scheduler/job.hpp"
#include "checker/explore.hpp"

#include <array>
#include <cstddef>

namespace silk::model {

// Plain fields on purpose: who takes the job must see what its maker wrote, and nobody else may touch
// it meanwhile, or a data race is reported.
struct counted_job : scheduler::job {
  int made = 0;
  int taken = 0;

  void make() noexcept { made = 1; }
};

// The job was taken.
inline void take(scheduler::job* item) {
  if (item == nullptr) return;
  auto& job = static_cast<counted_job&>(*item);
  check(job.made == 1, "a job is taken before it is made");
  check(++job.taken == 1, "a job is taken twice");
}

template <std::size_t N>
struct job_set {
  std::array<counted_job, N> jobs;

  job_set() noexcept {
    for (counted_job& each : jobs) each.make();
  }
  counted_job& operator[](std::size_t i) noexcept { return jobs[i]; }
  void check_all_taken() const {
    for (const counted_job& each : jobs) check(each.taken == 1, "a job is lost");
  }
};

}  // namespace silk::model
