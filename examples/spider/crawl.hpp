// crawl: what all visits of one run share.
#pragma once

#include "options.hpp"
#include "screen.hpp"
#include "tally.hpp"

#include <silk/silk.hpp>

#include <cstdint>

namespace spider {

struct crawl {
  explicit crawl(const options& wanted) : wish(wanted) {}

  // Counts and shows a page that was due at `due`; gives the time when it came. [task]
  silk::time_point page_came(std::uint32_t site, std::uint32_t page, silk::time_point due) {
    const silk::time_point now = silk::now();
    counts.mine().page_came(now - due);
    if (wish.output == output::pages) screen.print_page(site_name(wish, site), page);
    return now;
  }

  const options& wish;
  tally counts;
  spider::screen screen;
};

}  // namespace spider
