// A loss of your own: the Tversky loss, written as xtensor expressions, checked against differences, and
// trained with.
//
// Accuracy hardly depends on a rare class. F1 does, but it counts decisions and has no gradient; with
// probabilities in place of decisions it has one. This program prints, on the machine where it was written,
//
//     gradients of tversky_loss: equal to central differences in float32 and float64
//
//     F1 of the rare class after training with
//       sigmoid_cross_entropy      0.352
//       tversky_loss               0.444
#include <tenbin/tenbin.h>
#include <tenbin/xtensor.h>

#include <cstdio>
#include <functional>

using namespace tenbin;

class TverskyLoss : public Function {
 public:
  TverskyLoss(double false_positive_weight, double false_negative_weight)
      : false_positive_weight_(false_positive_weight), false_negative_weight_(false_negative_weight) {}

  std::string name() const override { return "tversky_loss"; }

  void check(const Arrays& xs) const override {
    if (!is_floating(xs[0].dtype())) throw Error("tversky_loss: x must be float32 or float64, got ", xs[0]);
    if (xs[1].dtype() != Dtype::int32 || xs[1].shape() != xs[0].shape())
      throw Error("tversky_loss: t must be int32", xs[0].shape(), " as x, got ", xs[1]);
  }

  Arrays forward_cpu(const Arrays& xs) override {
    const double loss = visit_floating(xs[0].dtype(), [&](auto zero) {
      using T = decltype(zero);
      const auto x = adapt<T>(xs[0]);
      const auto t = xt::cast<T>(adapt<std::int32_t>(xs[1]));
      const auto p = T{1} / (T{1} + xt::exp(-x));
      true_positives_ = xt::sum<double>(p * t)() + smooth;
      const double false_positives = xt::sum<double>(p * (T{1} - t))();
      const double false_negatives = xt::sum<double>((T{1} - p) * t)();
      divisor_ = true_positives_ + false_positive_weight_ * false_positives +
                 false_negative_weight_ * false_negatives;
      return 1 - true_positives_ / divisor_;
    });
    return {Array::scalar(loss, xs[0].dtype())};
  }

  Arrays backward_cpu(const Arrays& xs, const Arrays& gys) override {
    Array gx = new_gradient(0, xs[0]);
    visit_floating(xs[0].dtype(), [&](auto zero) {
      using T = decltype(zero);
      const auto x = adapt<T>(xs[0]);
      const auto t = xt::cast<T>(adapt<std::int32_t>(xs[1]));
      const auto p = T{1} / (T{1} + xt::exp(-x));
      // The derivative of the divisor with respect to p is a where t is 0, 1 - b where t is 1.
      const T a = static_cast<T>(false_positive_weight_), b = static_cast<T>(false_negative_weight_);
      const auto divisor_slope = a + (T{1} - a - b) * t;
      const T index = static_cast<T>(true_positives_ / divisor_);
      const T scale = static_cast<T>(gys[0].item() / divisor_);
      xt::noalias(adapt<T>(gx)) = scale * (index * divisor_slope - t) * p * (T{1} - p);
    });
    return {gx, Array()};  // t has no gradient
  }

  Arrays forward_gpu(const Arrays& xs) override {
    throw Error("tversky_loss: there is no kernel for the GPU; expected arrays on the CPU, got ", xs[0]);
  }
  Arrays backward_gpu(const Arrays& xs, const Arrays&) override { return forward_gpu(xs); }

 private:
  static constexpr double smooth = 1;  // without positives the loss is 1 - 1 / (1 + a FP)
  double false_positive_weight_;
  double false_negative_weight_;
  double true_positives_ = 0;
  double divisor_ = 1;
};

/// One minus the Tversky index of logits x and int32 labels t, 0 or 1, of one shape, over the whole batch:
///
///     loss = 1 - (TP + 1) / (TP + 1 + a FP + b FN),   TP = sum p t,  FP = sum p (1 - t),  FN = sum (1 - p) t
///
/// with p = sigmoid(x). a = b = 1/2 is the Dice loss, a smooth 1 - F1; b > a prefers recall. (Salehi et al.
/// 2017, "Tversky loss function for image segmentation".)
Variable tversky_loss(const Variable& x, const Variable& t, double false_positive_weight = 0.5,
                      double false_negative_weight = 0.5) {
  return apply<TverskyLoss>({x, t}, false_positive_weight, false_negative_weight);
}

// Two overlapping clouds of points, one point in fifty positive.
Dataset two_clouds(std::size_t size, std::uint64_t seed) {
  Array t = Array::zeros({size, 1}, Dtype::int32);
  xt::view(adapt<std::int32_t>(t), xt::range(0, size, 50), xt::all()) = 1;
  const Array noise = random::Generator(seed).normal({size, 2});
  return Dataset(from_xtensor(adapt<float>(noise) + 1.5f * xt::cast<float>(adapt<std::int32_t>(t))), t);
}

using Loss = std::function<Variable(const Variable& x, const Variable& t)>;

double f1_after_training(const Dataset& train, const Dataset& test, const Loss& loss_of) {
  random::seed(1);
  Linear model(2, 1);
  Adam optimizer({.alpha = 0.1});
  optimizer.setup(model);
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch)
    for (auto [x, t] : Minibatches(train, {.batch_size = 500, .epoch = epoch})) {
      Variable loss = loss_of(model(x), t);
      model.cleargrads();
      loss.backward();
      optimizer.update();
    }
  const Variable logits = model(test.x);
  const Array predicted = from_xtensor(xt::cast<std::int32_t>(adapt<float>(logits.data()) > 0.f));
  const Shape flat = {test.size()};
  return ConfusionMatrix(test.t.reshape(flat), predicted.reshape(flat)).f1()[1];
}

int main() try {
  const Array x = random::Generator(1).normal({20}, 0, 1, Dtype::float64);
  const Array t = from_xtensor(xt::cast<std::int32_t>(adapt<double>(x) > 1.0));
  check_gradients([](const Variables& xs) { return tversky_loss(xs[0], xs[1], 0.3, 0.7); }, {x, t});
  std::printf("gradients of tversky_loss: equal to central differences in float32 and float64\n");

  const Dataset train = two_clouds(10000, 1), test = two_clouds(10000, 2);
  const Loss cross_entropy = [](const Variable& y, const Variable& labels) {
    return sigmoid_cross_entropy(y, labels);
  };
  const Loss tversky = [](const Variable& y, const Variable& labels) { return tversky_loss(y, labels); };
  std::printf("\nF1 of the rare class after training with\n");
  std::printf("  sigmoid_cross_entropy %10.3f\n", f1_after_training(train, test, cross_entropy));
  std::printf("  tversky_loss          %10.3f\n", f1_after_training(train, test, tversky));
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
