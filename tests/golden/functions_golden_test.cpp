// The functions against Chainer.
#include "tenbin/tenbin.h"
#include "tenbin/tests/golden/golden.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

using Check = std::function<void(const GoldenCase&)>;

// A check of a function whose inputs have these `roles`.
Check function_of(std::vector<std::string> roles,
                  std::function<Variable(const Variables&, const GoldenCase&)> function) {
  return [=](const GoldenCase& golden) {
    check_golden_function(golden, roles, [&](const Variables& xs) { return function(xs, golden); });
  };
}

ReductionOptions reduction(const GoldenCase& golden) {
  const std::vector<int> axes = golden.axes("axis");
  const Axes axis = axes.empty() ? Axes() : axes.size() == 1 ? Axes(axes[0]) : Axes{axes[0], axes[1]};
  return {.axis = axis, .keepdims = golden.flag("keepdims")};
}

Reduce reduce(const GoldenCase& golden) {
  const std::string name = golden.option("reduce", "mean");
  return name == "no" ? Reduce::no : name == "sum" ? Reduce::sum : Reduce::mean;
}

void check_group(const std::string& group, std::size_t expected_runs,
                 const std::map<std::string, Check>& checks) {
  run_golden(group, expected_runs, [&](const GoldenCase& golden) -> LeftOut {
    const auto found = checks.find(golden.function);
    if (found == checks.end()) return golden.function + " is not one of our functions";
    found->second(golden);
    return "";
  });
}

}  // namespace

TEST_CASE("golden: activations", "[gpu]") {
  const auto axis = [](const GoldenCase& golden) { return golden.axes("axis").at(0); };
  check_group(
      "activations", 24,
      {
          {"leaky_relu", function_of({"x"},
                                     [](const Variables& xs, const GoldenCase& golden) {
                                       return leaky_relu(xs[0], golden.number("slope"));
                                     })},
          {"softmax",
           function_of({"x"}, [=](const Variables& xs,
                                  const GoldenCase& golden) { return softmax(xs[0], axis(golden)); })},
          {"log_softmax",
           function_of({"x"}, [=](const Variables& xs,
                                  const GoldenCase& golden) { return log_softmax(xs[0], axis(golden)); })},
          {"relu6", function_of({"x"}, [](const Variables& xs, const GoldenCase&) { return relu6(xs[0]); })},
          {"clipped_relu", function_of({"x"},
                                       [](const Variables& xs, const GoldenCase& golden) {
                                         return clipped_relu(xs[0], golden.number("z"));
                                       })},
          {"selu", function_of({"x"}, [](const Variables& xs, const GoldenCase&) { return selu(xs[0]); })},
          {"hard_sigmoid",
           function_of({"x"}, [](const Variables& xs, const GoldenCase&) { return hard_sigmoid(xs[0]); })},
          {"prelu", function_of({"x", "W"},
                                [](const Variables& xs, const GoldenCase&) { return prelu(xs[0], xs[1]); })},
      });
}

TEST_CASE("golden: losses", "[gpu]") {
  const auto label = [](const GoldenCase& golden, const char* role, const Variable& x) {
    return golden.input(role).to(x.device());
  };
  check_group(
      "losses", 74,
      {
          {"mean_squared_error",
           function_of({"x0", "x1"}, [](const Variables& xs,
                                        const GoldenCase&) { return mean_squared_error(xs[0], xs[1]); })},
          {"mean_absolute_error",
           function_of({"x0", "x1"}, [](const Variables& xs,
                                        const GoldenCase&) { return mean_absolute_error(xs[0], xs[1]); })},
          {"absolute_error",
           function_of({"x0", "x1"},
                       [](const Variables& xs, const GoldenCase&) { return absolute_error(xs[0], xs[1]); })},
          {"squared_error",
           function_of({"x0", "x1"},
                       [](const Variables& xs, const GoldenCase&) { return squared_error(xs[0], xs[1]); })},
          {"sigmoid_cross_entropy", function_of({"x"},
                                                [=](const Variables& xs, const GoldenCase& golden) {
                                                  return sigmoid_cross_entropy(
                                                      xs[0], label(golden, "t", xs[0]),
                                                      {.normalize = golden.flag("normalize"),
                                                       .reduce = reduce(golden)});
                                                })},
          {"huber_loss", function_of({"x", "t"},
                                     [](const Variables& xs, const GoldenCase& golden) {
                                       return huber_loss(xs[0], xs[1], golden.number("delta"),
                                                         golden.option("reduce") == "no"
                                                             ? HuberReduce::no
                                                             : HuberReduce::sum_along_second_axis);
                                     })},
          {"gaussian_nll", function_of({"x", "mean", "ln_var"},
                                       [](const Variables& xs, const GoldenCase& golden) {
                                         return gaussian_nll(xs[0], xs[1], xs[2], reduce(golden));
                                       })},
          {"gaussian_kl_divergence", function_of({"mean", "ln_var"},
                                                 [](const Variables& xs, const GoldenCase& golden) {
                                                   return gaussian_kl_divergence(xs[0], xs[1],
                                                                                 reduce(golden));
                                                 })},
          {"bernoulli_nll", function_of({"x", "logit"},
                                        [](const Variables& xs, const GoldenCase& golden) {
                                          return bernoulli_nll(xs[0], xs[1], reduce(golden));
                                        })},
          {"hinge", function_of({"x"},
                                [=](const Variables& xs, const GoldenCase& golden) {
                                  return hinge(xs[0], label(golden, "t", xs[0]),
                                               golden.option("norm") == "L1" ? HingeNorm::L1 : HingeNorm::L2,
                                               reduce(golden));
                                })},
          {"triplet", function_of({"anchor", "positive", "negative"},
                                  [](const Variables& xs, const GoldenCase& golden) {
                                    return triplet(xs[0], xs[1], xs[2], golden.number("margin"),
                                                   reduce(golden));
                                  })},
          {"contrastive", function_of({"x0", "x1"},
                                      [=](const Variables& xs, const GoldenCase& golden) {
                                        return contrastive(xs[0], xs[1], label(golden, "label", xs[0]),
                                                           golden.number("margin"), reduce(golden));
                                      })},
      });
}

TEST_CASE("golden: linear", "[gpu]") {
  check_group("connections", 6,
              {
                  {"linear",
                   [](const GoldenCase& golden) {
                     const auto n_batch_axes = static_cast<std::size_t>(golden.number("n_batch_axes", 1));
                     if (golden.flag("nobias")) {
                       check_golden_function(golden, {"x", "W"}, [&](const Variables& xs) {
                         return linear(xs[0], xs[1], {}, n_batch_axes);
                       });
                     } else {
                       check_golden_function(golden, {"x", "W", "b"}, [&](const Variables& xs) {
                         return linear(xs[0], xs[1], xs[2], n_batch_axes);
                       });
                     }
                   }},
              });
}

TEST_CASE("golden: mathematics and arrays", "[gpu]") {
  const auto constant = [](const GoldenCase& golden) { return golden.number("c"); };
  check_group(
      "math_array", 122,
      {
          {"add",
           function_of({"a", "b"}, [](const Variables& xs, const GoldenCase&) { return xs[0] + xs[1]; })},
          {"sub",
           function_of({"a", "b"}, [](const Variables& xs, const GoldenCase&) { return xs[0] - xs[1]; })},
          {"mul",
           function_of({"a", "b"}, [](const Variables& xs, const GoldenCase&) { return xs[0] * xs[1]; })},
          {"pow",
           function_of({"a", "b"}, [](const Variables& xs, const GoldenCase&) { return pow(xs[0], xs[1]); })},
          {"maximum", function_of({"a", "b"}, [](const Variables& xs,
                                                 const GoldenCase&) { return maximum(xs[0], xs[1]); })},
          {"minimum", function_of({"a", "b"}, [](const Variables& xs,
                                                 const GoldenCase&) { return minimum(xs[0], xs[1]); })},
          {"add_constant",
           function_of({"a"}, [=](const Variables& xs, const GoldenCase& g) { return xs[0] + constant(g); })},
          {"mul_constant",
           function_of({"a"}, [=](const Variables& xs, const GoldenCase& g) { return constant(g) * xs[0]; })},
          {"rsub_constant",
           function_of({"a"}, [=](const Variables& xs, const GoldenCase& g) { return constant(g) - xs[0]; })},
          {"rdiv_constant",
           function_of({"a"}, [=](const Variables& xs, const GoldenCase& g) { return constant(g) / xs[0]; })},
          {"pow_constant", function_of({"a"}, [=](const Variables& xs,
                                                  const GoldenCase& g) { return pow(xs[0], constant(g)); })},
          {"rpow_constant", function_of({"a"}, [=](const Variables& xs,
                                                   const GoldenCase& g) { return pow(constant(g), xs[0]); })},
          {"log", function_of({"a"}, [](const Variables& xs, const GoldenCase&) { return log(xs[0]); })},
          {"sin", function_of({"a"}, [](const Variables& xs, const GoldenCase&) { return sin(xs[0]); })},
          {"sqrt", function_of({"a"}, [](const Variables& xs, const GoldenCase&) { return sqrt(xs[0]); })},
          {"sum", function_of({"a"}, [](const Variables& xs,
                                        const GoldenCase& g) { return sum(xs[0], reduction(g)); })},
          {"mean", function_of({"a"}, [](const Variables& xs,
                                         const GoldenCase& g) { return mean(xs[0], reduction(g)); })},
          {"average", function_of({"a", "w"},
                                  [](const Variables& xs, const GoldenCase& g) {
                                    return average(xs[0], {.axis = g.axes("axis").at(0), .weights = xs[1]});
                                  })},
          {"max", function_of({"a"}, [](const Variables& xs,
                                        const GoldenCase& g) { return max(xs[0], reduction(g)); })},
          {"min", function_of({"a"}, [](const Variables& xs,
                                        const GoldenCase& g) { return min(xs[0], reduction(g)); })},
          {"logsumexp",
           function_of({"a"}, [](const Variables& xs,
                                 const GoldenCase& g) { return logsumexp(xs[0], reduction(g)); })},
          {"matmul", function_of({"a", "b"},
                                 [](const Variables& xs, const GoldenCase& g) {
                                   return matmul(xs[0], xs[1], g.flag("transa"), g.flag("transb"));
                                 })},
          {"expand_dims",
           function_of({"a"}, [](const Variables& xs,
                                 const GoldenCase& g) { return expand_dims(xs[0], g.axes("axis").at(0)); })},
          {"stack",
           function_of({"a", "b"}, [](const Variables& xs,
                                      const GoldenCase& g) { return stack(xs, g.axes("axis").at(0)); })},
          {"flatten",
           function_of({"a"}, [](const Variables& xs, const GoldenCase&) { return reshape(xs[0], {-1}); })},
          {"swapaxes", function_of({"a"},
                                   [](const Variables& xs, const GoldenCase&) {
                                     return transpose(xs[0], {2, 1, 0});
                                   })},
          {"get_item", function_of({"a"},
                                   [](const Variables& xs, const GoldenCase& g) {
                                     return get_rows(xs[0], g.input("idx").to(xs[0].device()));
                                   })},
      });
}

namespace {

// Also the running statistics after the batch.
void check_batch_normalization(const GoldenCase& golden) {
  check_golden_function(golden, {"x", "gamma", "beta"}, [&](const Variables& xs) {
    Array mean = golden.input("running_mean").to(xs[0].device()).copy();
    Array var = golden.input("running_var").to(xs[0].device()).copy();
    const Variable y =
        batch_normalization(xs[0], xs[1], xs[2], golden.number("eps"), {mean, var, golden.number("decay")});
    check_golden(golden, mean, golden.output("running_mean_out"));
    check_golden(golden, var, golden.output("running_var_out"));
    return y;
  });
}

}  // namespace

TEST_CASE("golden: normalization and dropout", "[gpu]") {
  run_golden("norm_noise", 14, [](const GoldenCase& golden) -> LeftOut {
    const double eps = golden.number("eps");
    if (golden.function == "batch_normalization") {
      check_batch_normalization(golden);
    } else if (golden.function == "fixed_batch_normalization") {
      check_golden_function(golden, {"x", "gamma", "beta", "mean", "var"}, [=](const Variables& xs) {
        return fixed_batch_normalization(xs[0], xs[1], xs[2], xs[3], xs[4], eps);
      });
    } else if (golden.function == "layer_normalization") {
      check_golden_function(golden, {"x", "gamma", "beta"}, [=](const Variables& xs) {
        return layer_normalization(xs[0], xs[1], xs[2], eps);
      });
    } else if (golden.function == "dropout" && !golden.flag("train")) {
      const TestMode testing;
      check_golden_function(golden, {"x"}, [&](const Variables& xs) {
        return dropout(xs[0] * 1, golden.number("ratio"));  // x itself is no function's output
      });
    } else {
      return golden.function + " of a mask that is given is not one of our functions";
    }
    return "";
  });
}
