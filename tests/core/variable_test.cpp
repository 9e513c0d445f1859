// Variables as handles, and the errors of those that are empty, constant or without a gradient.
#include "tenbin/core/variable.h"

#include <sstream>

#include "tenbin/core/function.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/math/sum.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

TEST_CASE("a Variable is a handle") {
  Variable x(Array{1.0});
  const Variable same = x;
  x.set_name("x").set_data(Array{{1.f, 2.f}});
  CHECK(same.name() == "x");
  CHECK(same.shape() == Shape{1, 2});
  std::ostringstream out;
  out << same << ", " << Variable() << ", " << Variable(Array{1});
  CHECK(out.str() == "variable x float32(1, 2), variable none, variable int32(1)");
  CHECK_FALSE(Variable());
  x = same;  // itself
  CHECK(x.name() == "x");
}

TEST_CASE("every use of an empty Variable names the call") {
  Variable moved_from(Array{1.0});
  const Variable there = std::move(moved_from);
  for (const Variable& empty : {Variable(), moved_from}) {  // NOLINT(bugprone-use-after-move)
    const auto message = [](const std::string& call) {
      return "Variable::" + call + ": the Variable is empty (default-constructed or moved from)";
    };
    Variable v = empty;
    CHECK_THROWS_WITH(v.data(), message("data"));
    CHECK_THROWS_WITH(v.set_data(Array{1.0}), message("set_data"));
    CHECK_THROWS_WITH(v.grad(), message("grad"));
    CHECK_THROWS_WITH(v.set_grad(Array{1.0}), message("set_grad"));
    CHECK_THROWS_WITH(v.set_grad({}), message("set_grad"));
    CHECK_THROWS_WITH(v.cleargrad(), message("cleargrad"));
    CHECK_THROWS_WITH(v.shape(), message("shape"));
    CHECK_THROWS_WITH(v.ndim(), message("ndim"));
    CHECK_THROWS_WITH(v.size(), message("size"));
    CHECK_THROWS_WITH(v.dtype(), message("dtype"));
    CHECK_THROWS_WITH(v.device(), message("device"));
    CHECK_THROWS_WITH(v.item(), message("item"));
    CHECK_THROWS_WITH(v.requires_grad(), message("requires_grad"));
    CHECK_THROWS_WITH(v.name(), message("name"));
    CHECK_THROWS_WITH(v.set_name("v"), message("set_name"));
    CHECK_THROWS_WITH(v.creator(), message("creator"));
    CHECK_THROWS_WITH(v.backward(), message("backward"));
    CHECK_THROWS_WITH(v.unchain_backward(), message("unchain_backward"));
    CHECK_THROWS_WITH(relu(v), "relu: input 0 is an empty Variable");
    v = there;
    CHECK(v.item() == 1);
  }
}

TEST_CASE("an empty gradient names its variable in errors") {
  Variable x(Array{1.0, 2.0});
  x.set_name("x");
  CHECK_FALSE(x.grad());
  const std::string none = ": the gradient of variable x float64(2) is empty: no backward has reached it";
  CHECK_THROWS_WITH(x.grad().data<double>(), "Array::data" + none);
  CHECK_THROWS_WITH(x.grad().item(), "Array::item" + none);
  CHECK_THROWS_WITH(x.grad().to_vector<double>(), "Array::to_vector" + none);
  CHECK_THROWS_WITH(Variable(Array{1.0}).grad().item(),
                    "Array::item: the gradient of variable float64(1) is empty: no backward has reached it");
  x.set_grad(Array{1.0, 1.0});
  CHECK(x.grad().at(1) == 1);
  x.cleargrad();
  CHECK_THROWS_WITH(x.grad().at(1), "Array::at" + none);
  CHECK_THROWS_WITH(Variable(Array{1.0}, false).grad().item(),
                    "Array::item: the gradient of variable float64(1) is empty: it does not require one");
  // A copy is an array like any other.
  const Array copy = x.grad();
  CHECK_THROWS_WITH(copy.item(), ContainsSubstring("Array::item: the array is empty ("));
}

TEST_CASE("the gradient of a constant that may have been meant as a leaf is an error that says so") {
  Variable w = Array{3.0};
  w.set_name("w");
  const std::string hint =
      ": variable w float64(1) is a constant, because `Variable w = array` makes one; write `Variable "
      "w(array)` for a leaf that collects a gradient";
  CHECK_THROWS_WITH(w.grad(), "Variable::grad" + hint);
  CHECK_THROWS_WITH(w.set_grad(Array{1.0}), "Variable::set_grad" + hint);
  CHECK_THROWS_WITH(w.backward(), "Variable::backward" + hint);
  const Variable same = w;
  CHECK_THROWS_WITH(same.grad(), "Variable::grad" + hint);
  w.cleargrad();
  CHECK(w.item() == 3);
  const auto returned = [](const Array& array) -> Variable { return array; };
  CHECK_THROWS_AS(returned(Array{1.0}).grad(), Error);

  // Integers never collect a gradient, so they may be written either way.
  const Variable labels = Array{0, 1};
  CHECK_FALSE(labels.grad());
  // An explicit constant has no gradient, without an error.
  CHECK_FALSE(Variable(Array{1.0}, false).grad());
}
