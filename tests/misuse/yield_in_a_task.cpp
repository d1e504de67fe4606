// message: what uses co_yield must return silk::generator<T>
#include <silk/generator.hpp>
#include <silk/task.hpp>

#ifdef FIXED
silk::generator<int> numbers() {
#else
silk::task<int> numbers() {
#endif
  co_yield 1;
}
