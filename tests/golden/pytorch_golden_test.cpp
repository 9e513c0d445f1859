// The losses against PyTorch and torchvision (tests/data/pytorch), values and gradients.
#include "tenbin/functions/loss/focal_loss.h"
#include "tenbin/functions/loss/sigmoid_cross_entropy.h"
#include "tenbin/functions/loss/softmax_cross_entropy.h"
#include "tenbin/tests/golden/golden.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

Reduce reduce(const GoldenCase& golden) {
  const std::string name = golden.option("reduce");
  return name == "none" ? Reduce::no : name == "sum" ? Reduce::sum : Reduce::mean;
}

Variable loss_of(const GoldenCase& golden, const Variable& x) {
  const Array t = golden.input("t").to(x.device());
  if (golden.function == "pos_weight")
    return sigmoid_cross_entropy(x, t, {.reduce = reduce(golden), .pos_weight = golden.input("pos_weight")});
  if (golden.function == "sigmoid_focal_loss")
    return sigmoid_focal_loss(
        x, t, {.alpha = golden.number("alpha"), .gamma = golden.number("gamma"), .reduce = reduce(golden)});
  SoftmaxCrossEntropyOptions options{
      .class_weight = golden.input("class_weight"),
      .ignore_label = static_cast<std::int64_t>(golden.number("ignore_label", -1)),
      .reduce = reduce(golden),
      .label_smoothing = golden.number("label_smoothing"),
  };
  // PyTorch divides the mean over labels by the sum of their weights, but for soft targets by their number.
  options.normalize =
      golden.function == "soft_cross_entropy" ? Normalize::valid_count : Normalize::weight_sum;
  return softmax_cross_entropy(x, t, options);
}

}  // namespace

TEST_CASE("golden: losses of PyTorch", "[gpu]") {
  std::map<std::string, std::size_t> weighted_means;
  run_golden("pytorch/losses", 240, [&](const GoldenCase& golden) -> LeftOut {
    for (const Device device : devices()) {
      Variable x(golden.input("x").to(device));
      Variable loss = loss_of(golden, x);
      check_golden(golden, loss.data(), golden.output("loss"));
      loss.set_grad(golden.input("gy").to(device));
      loss.backward();
      check_golden(golden, x.grad(), golden.output("gx"));
    }
    if (golden.function == "cross_entropy" && reduce(golden) == Reduce::mean)
      ++weighted_means[golden.number("label_smoothing") > 0 ? "smoothed" : "plain"];
    return "";
  });
  CHECK(weighted_means["plain"] + weighted_means["smoothed"] == 100);
  CHECK(weighted_means["smoothed"] >= 30);
}
