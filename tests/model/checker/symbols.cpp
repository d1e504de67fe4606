#include "symbols.hpp"

#include <dlfcn.h>
#include <link.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>

namespace silk::model {

std::string place_of_code(const void* code) {
  Dl_info info{};
  link_map* map = nullptr;
  const bool known = ::dladdr1(code, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) != 0;
  // One less: a return address belongs to the next line.
  const std::uintptr_t offset =
      reinterpret_cast<std::uintptr_t>(code) - (known && map != nullptr ? map->l_addr : 0) - 1;
  std::array<char, 512> text{};
  std::snprintf(text.data(), text.size(), "addr2line -e /proc/%d/exe 0x%zx 2>/dev/null", ::getpid(),
                static_cast<std::size_t>(offset));
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(text.data(), "r"), ::pclose);
  if (pipe != nullptr && std::fgets(text.data(), static_cast<int>(text.size()), pipe.get())) {
    std::string found(text.data());
    while (!found.empty() && found.back() == '\n') found.pop_back();
    const std::size_t slash = found.rfind('/');
    if (found.rfind("??", 0) != 0)
      return slash == std::string::npos ? found : found.substr(slash + 1);
  }
  std::snprintf(text.data(), text.size(), "code 0x%zx", static_cast<std::size_t>(offset));
  return text.data();
}

}  // namespace silk::model
