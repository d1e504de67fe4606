// onetbb: as many threads of oneTBB as the program is to have workers.
#pragma once

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

namespace bench {

class onetbb_workers {
 public:
  explicit onetbb_workers(unsigned count)
      : limit_(tbb::global_control::max_allowed_parallelism, count),
        arena_(static_cast<int>(count)) {}

  // Runs `work` on the calling thread, which is one of the workers.
  template <class Work>
  auto run(Work work) {
    return arena_.execute(work);
  }

 private:
  tbb::global_control limit_;
  tbb::task_arena arena_;
};

}  // namespace bench
