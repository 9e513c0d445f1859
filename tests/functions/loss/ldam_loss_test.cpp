#include "tenbin/functions/loss/ldam_loss.h"

#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// -w log(exp(s (x_t - m_t)) / (exp(s (x_t - m_t)) + sum of exp(s x_c) over the others)), as in the paper.
std::vector<double> expected_losses(const Arrays& xs, const std::vector<double>& margin,
                                    const std::vector<double>& weight, double scale) {
  const auto x = values(xs[0]);
  const auto t = values(xs[1]);
  const std::size_t n_class = xs[0].shape()[1], inner = t.size() / xs[0].shape()[0];
  std::vector<double> losses;
  for (std::size_t i = 0; i < t.size(); ++i) {
    losses.push_back(0);
    if (t[i] < 0) continue;
    const auto label = static_cast<std::size_t>(t[i]);
    double own = 0, others = 0;
    for (std::size_t c = 0; c < n_class; ++c) {
      const double logit = x[(i / inner * n_class + c) * inner + i % inner];
      if (c == label) {
        own = std::exp(scale * (logit - margin[c]));
      } else {
        others += std::exp(scale * logit);
      }
    }
    losses.back() = -weight[label] * std::log(own / (own + others));
  }
  return losses;
}

}  // namespace

TEST_CASE("ldam_loss", "[gpu]") {
  const std::vector<double> margin{0.125, 0.25, 0.5}, weight{0.5, 1.0, 2.0};
  for (const double scale : {1.0, 8.0, 30.0}) {
    for (const Dtype labels : {Dtype::int32, Dtype::int64}) {
      for (const bool is_image : {false, true}) {
        CAPTURE(scale, labels, is_image);
        const Array t = is_image ? Array({{0, 2}, {-1, 1}, {2, 2}}, labels) : Array({0, -1, 2}, labels);
        check_function({
            .inputs = {uniform(is_image ? Shape{3, 3, 2} : Shape{3, 3}), t},
            .forward =
                [=](const Variables& xs) {
                  return ldam_loss(xs[0], xs[1], Array(margin),
                                   {.class_weight = Array(weight), .reduce = Reduce::no}, scale);
                },
            .expected = [=](const Arrays& xs) { return expected_losses(xs, margin, weight, scale); },
            .atol = 1e-7 * scale,
            .rtol = 1e-6 * scale,
        });
      }
    }
  }
}

TEST_CASE("ldam_loss reduces as softmax_cross_entropy does", "[gpu]") {
  const Array x = uniform({4, 3});
  const Array t{0, -1, 2, 1};
  const std::vector<double> margin{0.125, 0.25, 0.5}, weight{0.5, 1.0, 2.0};
  double sum = 0;
  for (const double loss : expected_losses({x, t}, margin, weight, 30)) sum += loss;
  on_every_device([&](Device device) {
    for (const Device where : {Device::cpu(), device}) {
      const auto mean = [&](Normalize normalize) {
        return ldam_loss(x.to(device), t.to(device), Array(margin).to(where),
                         {.normalize = normalize, .class_weight = Array(weight).to(where)})
            .item();
      };
      CHECK(mean(Normalize::valid_count) == Approx(sum / 3));
      CHECK(mean(Normalize::batch_size) == Approx(sum / 4));
      CHECK(mean(Normalize::weight_sum) == Approx(sum / 3.5));
    }
  });
}

TEST_CASE("ldam_loss without margins is softmax_cross_entropy to the bit", "[gpu]") {
  on_every_device([](Device device) {
    const Array t = Array{0, 2, 1, 1, -1}.to(device);
    Variable a(uniform({5, 3}, -3, 3).to(device)), b(a.data());
    Variable ldam = ldam_loss(a, t, Array::zeros({3}), {.label_smoothing = 0.1}, 1);
    Variable plain = softmax_cross_entropy(b, t, {.label_smoothing = 0.1});
    ldam.backward();
    plain.backward();
    CHECK(ldam.item() == plain.item());
    CHECK(values(a.grad()) == values(b.grad()));
  });
}

TEST_CASE("ldam_loss leaves ignored logits alone", "[gpu]") {
  on_every_device([](Device device) {
    Variable x(Array{{NAN, NAN}, {0.f, 0.f}}.to(device));
    Variable loss = ldam_loss(x, Array{-1, 0}.to(device), Array{0.5f, 0.5f});
    loss.backward();
    CHECK(loss.item() == Approx(std::log1p(std::exp(15))));
    CHECK(values(x.grad())[0] == 0);
    CHECK(values(x.grad())[1] == 0);
  });
}

TEST_CASE("ldam_loss reports wrong values at the next read, or before", "[gpu]") {
  on_every_device([](Device device) {
    const auto read = [&](const Array& t, const Array& margin) {
      return ldam_loss(Array::zeros({2, 2}, Dtype::float32, device), t.to(device), margin).item();
    };
    for (const Device where : {Device::cpu(), device}) {
      CHECK_THROWS_WITH(read(Array{0, 2}, Array{0.5f, 0.25f}.to(where)),
                        "ldam_loss: t[1] is 2, expected a label in [0, 2) or ignore_label -1");
      CHECK_THROWS_WITH(read(Array{0, 1}, Array{0.5f, -0.5f}.to(where)),
                        "ldam_loss: margin must be finite and not negative, got -0.5 at 1");
      CHECK_THROWS_WITH(read(Array{0, 1}, Array{1e300, 0.5}.to(where)),
                        "ldam_loss: margin must be finite and not negative, got inf at 0");
    }
  });
}

TEST_CASE("ldam_loss names itself in errors") {
  const Array x = Array::zeros({2, 2});
  const Array t{0, 1};
  const Array margin{0.5f, 0.25f};
  CHECK_THROWS_WITH(ldam_loss(x, Array{0, 1, 1}, margin),
                    "ldam_loss: x and t differ in length: float32(2, 2) and int32(3)");
  CHECK_THROWS_WITH(
      ldam_loss(x, x, margin),
      "ldam_loss: t must be int32, int64 or uint8, got float32(2, 2); soft targets are not supported");
  CHECK_THROWS_WITH(
      ldam_loss(x, Array{0.f, 1.f}, margin),
      "ldam_loss: t must be int32, int64 or uint8, got float32(2); did you mean t.astype(Dtype::int32)?");
  CHECK_THROWS_WITH(ldam_loss(x, Array{-1, 1}, margin), ContainsSubstring("ldam_loss: t has the labels -1"));
  CHECK_THROWS_WITH(
      ldam_loss(x, t, Array{0.5f}),
      "ldam_loss: margin must be float32 or float64 of shape (2), got float32(1) for float32(2, 2)");
  CHECK_THROWS_WITH(ldam_loss(x, t, Array()),
                    "ldam_loss: margin must be float32 or float64 of shape (2), got none for float32(2, 2)");
  CHECK_THROWS_WITH(ldam_loss(x, t, margin, {}, 0), "ldam_loss: scale must be positive and finite, got 0");
}
