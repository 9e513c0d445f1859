// Accuracy, precision, recall, F-beta, support and the confusion matrix against Chainer and NumPy.
#include "tenbin/evaluation/accuracy.h"
#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/tests/golden/golden.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("golden: evaluation") {
  run_golden("evaluation", 6, [](const GoldenCase& golden) -> LeftOut {
    const Array y = golden.input("y");
    const Array t = golden.input("t");
    const auto ignore_label = static_cast<std::int64_t>(golden.number("ignore_label"));
    const auto n_class = static_cast<std::size_t>(golden.number("label_num"));
    const double undefined = std::nan("");
    const ConfusionMatrix matrix(t, y, {.n_class = n_class, .ignore_label = ignore_label});

    const auto same = [&](const std::vector<double>& actual, const char* role) {
      INFO(role);
      check_close(actual, values(golden.output(role)), 0, golden.is_float32() ? 1e-7 : 1e-12);
    };
    same({accuracy(y, t, ignore_label)}, "accuracy");
    same(matrix.precision(undefined), "precision");
    same(matrix.recall(undefined), "recall");
    same(matrix.f_beta(1, undefined), "fbeta_1");
    same(matrix.f_beta(2, undefined), "fbeta_2");
    same(values(matrix.counts()), "confusion");
    const auto support = matrix.support();
    same({support.begin(), support.end()}, "support");
    return "";
  });
}
