// Which functions keep their input until backward: those that compute the gradient from the output do not, so
// that memory is freed as the forward pass goes on.
#include <functional>

#include "tenbin/tenbin.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;

TEST_CASE("functions whose gradient follows from the output do not keep the input") {
  struct Row {
    const char* name;
    std::function<Variable(const Variable&)> f;
    bool keeps;
  };
  const Row rows[] = {
      {"relu", relu, false},
      {"leaky_relu", [](const Variable& x) { return leaky_relu(x); }, false},
      {"leaky_relu of a negative slope", [](const Variable& x) { return leaky_relu(x, -1); }, true},
      {"sigmoid", sigmoid, false},
      {"tanh", [](const Variable& x) { return tanh(x); }, false},
      {"softplus", [](const Variable& x) { return softplus(x); }, false},
      {"softmax", [](const Variable& x) { return softmax(x); }, false},
      {"log_softmax", [](const Variable& x) { return log_softmax(x); }, false},
      {"exp", [](const Variable& x) { return exp(x); }, false},
      {"sqrt", [](const Variable& x) { return sqrt(x); }, false},
      {"log", [](const Variable& x) { return log(x); }, true},
      {"neg", neg, false},
      {"x + 1", [](const Variable& x) { return x + 1; }, false},
      {"x * 2", [](const Variable& x) { return x * 2; }, false},
      {"x + x", [](const Variable& x) { return x + x; }, false},
      {"x * x", [](const Variable& x) { return x * x; }, true},
      {"sum", [](const Variable& x) { return sum(x); }, false},
      {"tile", [](const Variable& x) { return tile(x, 2); }, false},
      {"stack",
       [](const Variable& x) {
         return stack({x, x});
       },
       false},
      {"split_axis", [](const Variable& x) { return split_axis(x, 2, 1)[0]; }, false},
      {"get_item",
       [](const Variable& x) {
         return get_item(x, {0, Slice({}, {}, -1)});
       },
       false},
      {"layer_normalization",
       [](const Variable& x) {
         return layer_normalization(x, Array{1.f, 1.f}, Array{0.f, 0.f});
       },
       false},
      {"clip", [](const Variable& x) { return clip(x, 0, 1); }, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Variable leaf(Array{{1.f, 2.f}});
    Variable h = absolute(leaf);
    const Array data = h.data();
    const Variable y = row.f(h);
    h = Variable();
    CHECK(data.owns_buffer() != row.keeps);
  }
}
