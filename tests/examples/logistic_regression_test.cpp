#include "tenbin/examples/logistic_regression.h"

#include "tenbin/tests/catch.h"

using namespace tenbin;
using tenbin::examples::logistic_regression;

namespace {

const Dataset data({{0.f, 1.f}, {1.f, -1.f}, {2.f, 0.5f}, {4.f, 1.f}, {1.5f, 0.f}}, Array{0, 0, 1, 1, 0});

void check_coefficients(const Linear& model, double first, double second, double intercept) {
  const std::vector<double> W = model.W.data().to_vector<double>();
  const std::vector<double> b = model.b.data().to_vector<double>();
  CHECK(W[2] - W[0] == Approx(first).margin(1e-4));
  CHECK(W[3] - W[1] == Approx(second).margin(1e-4));
  CHECK(b[1] - b[0] == Approx(intercept).margin(1e-4));
}

}  // namespace

// The coefficients are those of scikit-learn 1.9.1, LogisticRegression(C=0.5, tol=1e-12, max_iter=10000).
TEST_CASE("logistic_regression finds scikit-learn's optimum") {
  check_coefficients(logistic_regression(data, {.C = 0.5}), 0.63702641, 0.26178079, -1.60081942);
  check_coefficients(logistic_regression(data, {.C = 0.5, .class_weight = {1.f, 3.f}}), 0.8343182, 0.36295882,
                     -1.12558084);
  const SparseDataset sparse(CsrMatrix::from_dense(data.x), data.t);
  check_coefficients(logistic_regression(sparse, {.C = 0.5}), 0.63702641, 0.26178079, -1.60081942);
}

TEST_CASE("logistic_regression throws if it has not converged") {
  CHECK_THROWS_WITH(logistic_regression(data, {.C = 0.5, .max_steps = 3}),
                    ContainsSubstring("after 3 steps, expected less than 1e-06"));
}
