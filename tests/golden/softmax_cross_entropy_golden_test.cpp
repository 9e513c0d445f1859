// softmax_cross_entropy against Chainer, and against long double where Chainer is wrong.
#include "tenbin/functions/loss/softmax_cross_entropy.h"

#include "tenbin/tests/golden/golden.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

SoftmaxCrossEntropyOptions options_of(const GoldenCase& golden) {
  SoftmaxCrossEntropyOptions options;
  options.normalize = golden.flag("normalize", true) ? Normalize::valid_count : Normalize::batch_size;
  options.cache_score = golden.flag("cache_score", true);
  options.ignore_label = static_cast<std::int64_t>(golden.number("ignore_label", -1));
  options.reduce = golden.option("reduce", "mean") == "no" ? Reduce::no : Reduce::mean;
  if (golden.has_input("class_weight")) options.class_weight = golden.input("class_weight");
  return options;
}

struct Result {
  Array loss;
  Array gx;
};

Result run(const GoldenCase& golden, const SoftmaxCrossEntropyOptions& options, Device device) {
  Variable x(golden.input("x").to(device));
  Variable loss = softmax_cross_entropy(x, golden.input("t").to(device), options);
  if (golden.has_input("gy")) loss.set_grad(golden.input("gy").to(device));
  loss.backward();
  return {loss.data(), x.grad()};
}

// The float64 reference in the dtype of the result: beyond FLT_MAX it is infinite.
Array rounded(const Array& reference, Dtype dtype) {
  Array result = Array::empty(reference.shape(), dtype);
  const auto exact = values(reference);
  visit_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    const double largest = static_cast<double>(std::numeric_limits<T>::max());
    for (std::size_t i = 0; i < exact.size(); ++i)
      result.data<T>()[i] = std::abs(exact[i]) <= largest ? static_cast<T>(exact[i])
                                                          : static_cast<T>(std::copysign(INFINITY, exact[i]));
  });
  return result;
}

}  // namespace

TEST_CASE("golden: softmax_cross_entropy over Chainer's option grid", "[gpu]") {
  run_golden("sce", 678, [](const GoldenCase& golden) -> LeftOut {
    for (const Device device : devices()) {
      const Result result = run(golden, options_of(golden), device);
      check_golden(golden, result.loss, golden.output("loss"));
      check_golden(golden, result.gx, golden.output("gx"));
      if (golden.has_output("loss_ref"))
        check_golden(golden, result.loss, rounded(golden.output("loss_ref"), result.loss.dtype()));
    }
    return "";
  });
}

TEST_CASE("golden: softmax_cross_entropy at the edges, against long double", "[gpu]") {
  run_golden("sce_edge", 56, [](const GoldenCase& golden) -> LeftOut {
    if (golden.option("dtype") == "float16") return "float16 is not one of our dtypes";
    if (golden.id.rfind("w_neg", 0) == 0) {
      CHECK_THROWS_WITH(run(golden, options_of(golden), Device::cpu()),
                        ContainsSubstring("class_weight must be finite and not"));
      return "negative weights are an error here (checked)";
    }
    for (const Device device : devices()) {
      const Result result = run(golden, options_of(golden), device);
      check_golden(golden, result.loss, rounded(golden.output("loss_ref"), result.loss.dtype()));
      check_golden(golden, result.gx, rounded(golden.output("gx_ref"), result.gx.dtype()));
    }
    return "";
  });
}

TEST_CASE("golden: softmax_cross_entropy with soft targets, against the true gradient", "[gpu]") {
  run_golden("sce_soft", 72, [](const GoldenCase& golden) -> LeftOut {
    // Chainer divides by all positions, and ignores no soft targets: the results agree since no row here is
    // zero.
    for (const Device device : devices()) {
      const Result on_device = run(golden, options_of(golden), device);
      check_golden(golden, on_device.gx, rounded(golden.output("gx_true"), on_device.gx.dtype()));
      if (golden.option("soft_target_loss") == "cross-entropy")
        check_golden(golden, on_device.loss, golden.output("loss"));
    }
    const Result result = run(golden, options_of(golden), Device::cpu());
    if (golden.option("soft_target_loss") == "cross-entropy") {
      return "";
    }
    // The Kullback-Leibler divergence is the cross entropy plus a term that depends on the targets only.
    const auto t = values(golden.input("t"));
    const Shape shape = golden.input("x").shape();
    const std::size_t n_class = shape[1], inner = golden.input("x").size() / (shape[0] * shape[1]);
    std::vector<double> entropy(shape[0] * inner);
    for (std::size_t i = 0; i < t.size(); ++i)
      entropy[i / (n_class * inner) * inner + i % inner] += t[i] * std::log(t[i] + 1e-7);
    auto divergence = values(result.loss);
    if (divergence.size() == entropy.size() && options_of(golden).reduce == Reduce::no) {
      for (std::size_t i = 0; i < entropy.size(); ++i) divergence[i] += entropy[i];
    } else {
      for (const double part : entropy) divergence[0] += part / static_cast<double>(entropy.size());
    }
    check_golden(golden, Array(divergence, result.loss.shape()).astype(result.loss.dtype()),
                 golden.output("loss"));
    return "";
  });
}
