#include "tenbin/functions/loss/batch_mean.h"

#include "tenbin/tests/catch.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;

TEST_CASE("batch_mean is the mean of all elements, with their gradients") {
  Variable x(Array{{1.f, 2.f}, {3.f, 6.f}});
  const Variable loss = batch_mean(x);
  CHECK(loss.item() == 3);
  CHECK(loss.ndim() == 0);
  Variable(loss).backward();
  CHECK(x.grad().to_string() == Array({{0.25f, 0.25f}, {0.25f, 0.25f}}).to_string());
}

TEST_CASE("batch_mean of no losses is 0") {
  Variable x(Array::empty({0, 3}));
  Variable loss = batch_mean(x);
  CHECK(loss.item() == 0);
  loss.backward();
  CHECK(x.grad().shape() == Shape{0, 3});
}

TEST_CASE("batch_mean of integers is an error") {
  CHECK_THROWS_WITH(batch_mean(Array{1, 2}),
                    "batch_mean: the losses must be float32 or float64, got int32(2)");
}
