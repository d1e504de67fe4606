#include <silk/silk.hpp>

int main() {
  const int answer = silk::run([]() -> silk::task<int> { co_return 42; });
  return answer == 42 ? 0 : 1;
}
