// Layers: Dropout, EmbedID, BatchNormalization, LayerNormalization.
#include <sstream>

#include "tenbin/core/config.h"
#include "tenbin/cuda/captured_step.h"
#include "tenbin/functions/gradient_check.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/functions/math/sum.h"
#include "tenbin/links/batch_normalization.h"
#include "tenbin/links/dropout.h"
#include "tenbin/links/embed_id.h"
#include "tenbin/links/layer_normalization.h"
#include "tenbin/optimizers/sgd.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::vector<std::string> keys(const Link& link) {
  std::vector<std::string> all;
  for (const auto& [key, array] : link.state_arrays()) all.push_back(key);
  return all;
}

}  // namespace

TEST_CASE("Dropout is dropout in training, and nothing under TestMode") {
  const Dropout layer(0.25);
  const Array x = uniform({40});
  random::seed(3);
  const auto y = values(layer(x).data());
  random::seed(3);
  CHECK(values(dropout(x, 0.25).data()) == y);
  const TestMode testing;
  CHECK(values(layer(x).data()) == values(x));
  CHECK(layer.namedparams().empty());
  CHECK(layer.kind() == "Dropout");
  CHECK_THROWS_WITH(Dropout(1), "dropout: ratio must be in [0, 1), got 1");
}

TEST_CASE("EmbedID looks up vectors, which start from N(0, 1)", "[gpu]") {
  random::seed(1);
  const EmbedID large(300, 200);
  double squares = 0;
  for (const double w : values(large.W.data())) squares += w * w;
  CHECK(squares / (300 * 200) == Approx(1).epsilon(0.02));
  CHECK(keys(large) == std::vector<std::string>{"W"});

  on_every_device([](Device device) {
    EmbedID table(3, 2,
                  {.initialW = Constant(Array{{1.f, 2.f}, {3.f, 4.f}, {5.f, 6.f}}), .ignore_label = -1});
    table.to(device);
    Variable y = table(Array({2, -1, 2, 0}).to(device));
    CHECK(values(y.data()) == std::vector<double>{5, 6, 0, 0, 5, 6, 1, 2});
    sum(y).backward();
    CHECK(values(table.W.grad()) == std::vector<double>{1, 1, 0, 0, 2, 2});
  });
  Chain model;
  const EmbedID table = model.link("city", EmbedID(3, 2));
  CHECK_THROWS_WITH(table(Array{3}), "city: embed_id: id 3 at position 0 is out of range for 3 rows");
  check_gradients([&](const Variables& xs) { return table(xs[0]); }, {Array{1, 0, 1}}, table.namedparams());
}

TEST_CASE("BatchNormalization normalizes batches in training, and by running statistics under TestMode",
          "[gpu]") {
  on_every_device([](Device device) {
    BatchNormalization bn(2, {.decay = 0.5, .eps = 1e-3, .dtype = Dtype::float64});
    CHECK(keys(bn) == std::vector<std::string>{"gamma", "beta", "avg_mean", "avg_var", "N"});
    CHECK(bn.count_params() == 4);  // running statistics are not trained
    bn.to(device);
    const Array x = Array{{1.0, 10.0}, {3.0, 30.0}}.to(device);
    const double scale = 1 / std::sqrt(1 + 1e-3), wide = 10 / std::sqrt(100 + 1e-3);
    check_close(values(bn(x).data()), {-scale, -wide, scale, wide}, 1e-12, 1e-12);
    check_close(values(bn.avg_mean.data()), {1, 10}, 0, 1e-14);
    check_close(values(bn.avg_var.data()), {0.5 + 0.5 * 2, 0.5 + 0.5 * 200}, 0, 1e-14);
    const TestMode testing;
    const double a = 1 / std::sqrt(1.5 + 1e-3), b = 1 / std::sqrt(100.5 + 1e-3);
    check_close(values(bn(x).data()), {0, 0, 2 * a, 20 * b}, 1e-12, 1e-12);
    check_close(values(bn.avg_mean.data()), {1, 10}, 0, 1e-14);
  });
}

TEST_CASE("BatchNormalization in a captured step updates its statistics in every replay", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;  // no capture on the CPU
    const auto statistics_after = [&](std::size_t warmup) {
      BatchNormalization bn(2, {.use_beta = false});
      bn.to(device);
      CapturedStep step(
          [&](const Array& x) {
            Variable y = bn(x);
            bn.cleargrads();
            sum(y * y).backward();
            return y;
          },
          {.warmup = warmup});
      auto all = std::vector<double>();
      for (int i = 0; i < 6; ++i) {
        const float a = static_cast<float>(i);
        for (const double y : values(step(Array{{a, 2.f}, {3.f, a * a}, {1.f, 1.f}}.to(device))))
          all.push_back(y);
      }
      CHECK(step.is_captured() == (warmup < 6));
      for (const Parameter& average : {bn.avg_mean, bn.avg_var})
        for (const double value : values(average.data())) all.push_back(value);
      return all;
    };
    CHECK(statistics_after(1) == statistics_after(100));
  });
}

TEST_CASE("BatchNormalization without gamma or beta, and its gradients") {
  const Array x = uniform({5, 3});
  const BatchNormalization plain(3, {.use_gamma = false, .use_beta = false});
  CHECK(plain.namedparams().empty());
  CHECK_FALSE(plain.gamma);
  const BatchNormalization full(3);
  const Array single = x.astype(Dtype::float32);
  CHECK(values(plain(single).data()) == values(full(single).data()));
  check_gradients([&](const Variables& xs) { return full(xs[0]); }, {x}, full.namedparams(), {.atol = 1e-6});
  const BatchNormalization exact(3, {.use_gamma = false, .use_beta = false, .dtype = Dtype::float64});
  check_gradients([&](const Variables& xs) { return exact(xs[0]); }, {x}, {.dtype = Dtype::float64});
  CHECK_THROWS_WITH(BatchNormalization(3, {.decay = 2}),
                    "BatchNormalization: decay must be in [0, 1], got 2");
  CHECK_THROWS_WITH(BatchNormalization(3, {.eps = 0}), "BatchNormalization: eps must be positive, got 0");
  CHECK_THROWS_WITH(BatchNormalization(3, {.initial_beta = Constant(Array{1.f})}),
                    "Constant: expected values of shape (3), got float32(1)");
  Chain model;
  const BatchNormalization inside = model.link("bn", BatchNormalization(2));
  CHECK_THROWS_WITH(inside(single),
                    "bn: batch_normalization: gamma must have the dtype of x and its lengths from axis 1 on, "
                    "got float32(2) for float32(5, 3)");
}

TEST_CASE("BatchNormalization is saved and copied with its running statistics") {
  const ScratchDirectory directory;
  BatchNormalization bn(2);
  bn(Array{{1.f, 2.f}, {5.f, 9.f}});
  const BatchNormalization before = copy(bn);
  save_npz(directory / "bn.npz", bn);
  bn(Array{{100.f, 200.f}, {3.f, 4.f}});
  CHECK(values(before.avg_mean.data()) != values(bn.avg_mean.data()));
  BatchNormalization loaded(2);
  load_npz(directory / "bn.npz", loaded);
  CHECK(values(loaded.avg_mean.data()) == values(before.avg_mean.data()));
  CHECK(values(loaded.avg_var.data()) == values(before.avg_var.data()));
  std::ostringstream out;
  out << bn;
  CHECK(out.str() ==
        "BatchNormalization  gamma float32(2), beta float32(2), avg_mean float32(2), avg_var float32(2), N "
        "int64()  4\ntotal 4");
}

TEST_CASE("LayerNormalization normalizes rows", "[gpu]") {
  on_every_device([](Device device) {
    LayerNormalization layer(2, {.initial_gamma = Constant(2), .initial_beta = Constant(5)});
    layer.to(device);
    const double scale = 2 / std::sqrt(1 + 1e-6);
    check_close(values(layer(Array{{1.f, 3.f}, {8.f, 6.f}}.to(device)).data()),
                {5 - scale, 5 + scale, 5 + scale, 5 - scale}, 1e-6, 1e-6);
    LayerNormalization lazy;
    CHECK_FALSE(lazy.gamma.is_initialized());
    lazy(Array::ones({2, 3, 4}, Dtype::float32, device));
    CHECK(lazy.gamma.shape() == Shape{4});
    CHECK(lazy.beta.device() == device);
  });
  const LayerNormalization layer(3);
  CHECK(keys(layer) == std::vector<std::string>{"gamma", "beta"});
  check_gradients([&](const Variables& xs) { return layer(xs[0]); }, {uniform({4, 3})}, layer.namedparams(),
                  {.atol = 1e-5});
  CHECK_THROWS_WITH(LayerNormalization()(Array{1.f}),
                    "LayerNormalization: x must have two axes or more, got float32(1)");
  CHECK_THROWS_WITH(LayerNormalization(3, {.eps = -1}), "LayerNormalization: eps must be positive, got -1");
}
