// message: a queue holds objects that can be moved; in place of a reference use a pointer
#include <silk/queue.hpp>

struct page;

#ifdef FIXED
silk::queue<page*> pages;
#else
silk::queue<page&> pages;
#endif
