// A user's program with xtensor, compiled as C++17 and as C++20: softmax over the rows of an array.
#include <tenbin/tenbin.h>
#include <tenbin/xtensor.h>

#include <iostream>

using namespace tenbin;

// Reducers are what xtensor 0.24 gets wrong under C++20 where tenbin/xtensor.h does not help it.
template <class E>
Array softmax_of(const E& x) {
  const auto column = [](const auto& values) { return xt::view(values, xt::all(), xt::newaxis()); };
  const auto largest = xt::eval(xt::amax(x, {1}));
  const auto exponentials = xt::eval(xt::exp(x - column(largest)));
  const auto sums = xt::eval(xt::sum(exponentials, {1}));
  return from_xtensor(exponentials / column(sums));
}

int main() {
  const Array x = {{1.0, 2.0, 3.0}, {1000.0, 1000.0, 1000.0}};
  const std::vector<double> expected = softmax(Variable(x)).data().to_vector<double>();
  for (const Array& y : {softmax_of(adapt<double>(x)), softmax_of(adapt<double, 2>(x))}) {
    const std::vector<double> actual = y.to_vector<double>();
    bool right = y.shape() == x.shape() && y.dtype() == x.dtype();
    for (std::size_t i = 0; right && i < expected.size(); ++i)
      right = std::abs(actual[i] - expected[i]) < 1e-15;
    if (!right) {
      std::cout << y << " is wrong: " << y.to_string() << '\n';
      return 1;
    }
  }
}
