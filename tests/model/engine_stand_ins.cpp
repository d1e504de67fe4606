// What the engine's sources need besides sync.hpp, for code under the checker: see CMakeLists.txt.
#include "../../scheduler/assert.hpp"
#include "../../scheduler/pages.hpp"
#include "../../scheduler/thread.hpp"
#include "../../scheduler/worker_count.hpp"
#include "checker/execution.hpp"

#include <cstdio>
#include <cstdlib>
#include <new>
#include <utility>

namespace silk::scheduler {

void contract_broken(const char* message, const char* file, int line) noexcept {
  if (model::execution::in_thread()) model::execution::the().broken(message, file, line);
  std::fprintf(stderr, "silk: %s (%s:%d)\n", message, file, line);
  std::abort();
}

sync::thread start_thread(const std::string&, std::function<void()> body) {
  return sync::thread(std::move(body));
}

void begin_as_worker() noexcept {}

std::uintptr_t middle_of_stack() noexcept { return 0; }

unsigned default_worker_count() { return 1; }

// Of the arena, which drops it when an execution is left.
void* map_pages(std::size_t bytes) { return ::operator new(bytes, std::align_val_t{4096}); }

void unmap_pages(void* memory, std::size_t) noexcept {
  ::operator delete(memory, std::align_val_t{4096});
}

}  // namespace silk::scheduler
