// Functions of arrays that start in the middle of a buffer, at an odd offset, as slices do.
#include "tenbin/tenbin.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// All rows of `whole` but the first, once as a slice and once as a copy.
void check_slice(Device device, const Arrays& whole,
                 const std::function<Variable(const Variables&)>& forward) {
  const auto run = [&](bool copies) {
    Variables xs;
    for (const Array& array : whole) {
      const Array rows = array.to(device).slice(1, array.shape()[0]);
      xs.push_back(Variable(copies ? rows.copy() : rows));
    }
    Variable y = forward(xs);
    std::vector<double> all = values(y.data());
    sum(y).backward();
    for (const Variable& x : xs)
      if (x.grad())
        for (const double g : values(x.grad())) all.push_back(g);
    return all;
  };
  check_close(run(false), run(true), 0, 1e-6);
}

}  // namespace

TEST_CASE("a slice at an odd offset gives the results of a copy", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = uniform({9, 37}).astype(Dtype::float32);
    const Array W = uniform({6, 37}).astype(Dtype::float32);
    const Array t({0, 3, 1, 4, 2, 2, 7, 36, 5});
    check_slice(device, {x}, [](const Variables& xs) { return relu(xs[0]); });
    check_slice(device, {x}, [](const Variables& xs) { return exp(xs[0]) * 2 + xs[0] * xs[0]; });
    check_slice(device, {x}, [](const Variables& xs) { return softmax(xs[0]); });
    check_slice(device, {x}, [](const Variables& xs) { return log_softmax(xs[0], 0); });
    check_slice(device, {x}, [](const Variables& xs) { return sum(xs[0], {.axis = 0}); });
    check_slice(device, {x}, [](const Variables& xs) { return max(xs[0], {.axis = 1}); });
    check_slice(device, {x}, [](const Variables& xs) { return transpose(xs[0]); });
    check_slice(device, {x}, [](const Variables& xs) { return tile(xs[0], {2, 3}); });
    check_slice(device, {x, x}, [](const Variables& xs) { return stack({xs[0], xs[1]}, 1); });
    check_slice(device, {x}, [](const Variables& xs) { return split_axis(xs[0], {3, 20}, 1)[1]; });
    check_slice(device, {x}, [](const Variables& xs) {
      return get_item(xs[0], {Slice(7, 1, -2), Slice(1, 30, 3)});
    });
    check_slice(device, {t, x, x},
                [](const Variables& xs) { return where(expand_dims(xs[0], 1), xs[1], xs[2] * 2); });
    check_slice(device, {x, W}, [](const Variables& xs) {
      return layer_normalization(xs[0], get_item(xs[1], {0}), get_item(xs[1], {1}));
    });
    check_slice(device, {t, x}, [](const Variables& xs) { return embed_id(xs[0], transpose(xs[1])); });
    check_slice(device, {x, W}, [](const Variables& xs) { return linear(xs[0], xs[1]); });
    check_slice(device, {x, t}, [](const Variables& xs) { return softmax_cross_entropy(xs[0], xs[1]); });
    check_slice(device, {x, Array({5, 0, 7, 7})}, [](const Variables& xs) { return get_rows(xs[0], xs[1]); });
  });
}
