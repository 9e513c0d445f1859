// Accuracy, precision, recall, F-beta, support and the confusion matrix against Chainer and NumPy.
#include "tenbin/evaluation/accuracy.h"
#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/tests/golden/golden.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// Chainer divides 0 by 0 in precision or recall: NaN for a class that is never found. The library returns 0
// as scikit-learn does, unless the class neither occurs nor is predicted.
std::vector<double> chainer_f_beta(const ConfusionMatrix& matrix, double beta) {
  std::vector<double> f = matrix.f_beta(beta, std::nan(""));
  for (std::size_t c = 0; c < f.size(); ++c) {
    if (matrix(c, c) > 0) continue;
    CHECK((f[c] == 0 || matrix.support()[c] + matrix.predicted()[c] == 0));
    f[c] = std::nan("");
  }
  return f;
}

}  // namespace

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
    same(chainer_f_beta(matrix, 1), "fbeta_1");
    same(chainer_f_beta(matrix, 2), "fbeta_2");
    same(values(matrix.counts()), "confusion");
    same(matrix.support(), "support");
    return "";
  });
}
