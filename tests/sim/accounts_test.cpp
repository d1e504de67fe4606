// What becomes of each request to cancel.
#include "../programs/cancel_accounts.hpp"
#include "sim.hpp"

#include <gtest/gtest.h>

namespace {

using namespace silk_sim;
using silk_stress::accounting::account;

template <unsigned AtOnce>
silk::task<> accounts(dice random) {
  using namespace silk_stress::accounting;
  account& on = made<account>();
  on.most = AtOnce;
  on.subject = silk::spawn(accountable(life(), random.another(), on));
  threads outside;
  outside.start(random.below(8), [&on] { on.cancel(); });
  for (unsigned i = random.below(4); i > 0; --i)
    silk::runtime::current().call_after(brief(random), [&on] { on.cancel(); });
  if (random.one_in(2)) on.items.put_nowait(1);
  co_await silk::gather_settled(*on.subject);
  if (on.subject->is_cancelled()) {
    on.seen = on.accepted;
  } else {
    on.subject->result();
    expect(on.subject->cancelling() == on.remaining());
  }
  expect(!on.due());
  on.subject.reset();
  co_await outside.join();
  expect(on.permits.available() == 3);
}

TEST(sim, accounts_of_cancels) { explore("accounts_of_cancels", accounts<1>); }
TEST(sim, accounts_of_several_cancels) { explore("accounts_of_several_cancels", accounts<3>); }
TEST(sim, accounts_of_cancels_on_a_slow_machine) {
  explore("accounts_of_cancels_on_a_slow_machine", accounts<3>,
          {.time = silk::testing::sim_time::at_any_moment});
}

}  // namespace
