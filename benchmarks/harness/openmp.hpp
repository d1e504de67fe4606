// openmp: as many threads of OpenMP as the program is to have workers.
#pragma once

#include <omp.h>

namespace bench {

class openmp_workers {
 public:
  explicit openmp_workers(unsigned count) noexcept : count_(static_cast<int>(count)) {}

  // Runs `work` on one thread of a team; the others run the tasks that it makes.
  template <class Work>
  auto run(Work work) const {
    decltype(work()) answer{};
#pragma omp parallel num_threads(count_)
#pragma omp single
    answer = work();
    return answer;
  }

 private:
  int count_;
};

}  // namespace bench
