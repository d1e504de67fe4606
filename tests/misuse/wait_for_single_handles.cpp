// message: it takes a range: a std::vector both{a, b}
#include <silk/spawn.hpp>
#include <silk/wait.hpp>

#include <vector>

silk::task<> visit();

silk::task<> program() {
  const auto blog = silk::spawn(visit());
  const auto news = silk::spawn(visit());
#ifdef FIXED
  const std::vector both{blog, news};
  co_await silk::wait(both);
#else
  co_await silk::wait(blog, news);
#endif
}
