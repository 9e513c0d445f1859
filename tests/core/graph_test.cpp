#include "tenbin/functions/activation/relu.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

TEST_CASE("a long graph is taken apart without recursion") {
  Variable x(Array{1.f});
  {
    Variable h = x;
    for (int i = 0; i < 300000; ++i) h = relu(h);
    h.backward();
  }
  CHECK(x.grad().item() == 1);
  x = Variable();
  CHECK(graph_stats().nodes == 0);
  CHECK(graph_stats().functions == 0);
}
