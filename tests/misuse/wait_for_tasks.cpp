// message: spawn the tasks, and wait for their handles
#include <silk/spawn.hpp>
#include <silk/wait.hpp>

#include <vector>

silk::task<> visit();

silk::task<> program() {
#ifdef FIXED
  std::vector<silk::join_handle<>> visits;
  visits.push_back(silk::spawn(visit()));
#else
  std::vector<silk::task<>> visits;
  visits.push_back(visit());
#endif
  co_await silk::wait(std::move(visits));
}
