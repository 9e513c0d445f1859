#include "tenbin/calibration/decision.h"

#include <limits>

#include "tenbin/calibration/calibration.h"
#include "tenbin/datasets/csv.h"
#include "tenbin/evaluation/precision_recall.h"
#include "tenbin/serializers/state.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

using Classes = std::vector<std::int64_t>;

Classes classes(const Decision& decision, const Array& p) {
  const Array t = decision(p);
  CHECK(t.dtype() == Dtype::int64);
  return t.to_vector<std::int64_t>();
}

Decision reloaded(const Decision& decision) {
  const ScratchDirectory directory;
  save_npz(directory / "decision.npz", decision);
  return Decision::load(directory / "decision.npz");
}

const Array p2 = {{0.9f, 0.1f}, {0.5f, 0.5f}, {0.25f, 0.75f}};
const Array p3 = {{.2, .5, .3}, {.4, .2, .4}, {0., 0., 1.}};
const Array cost = {{0., 1., 1.}, {1., 0., 1.}, {9., 9., 0.}};

}  // namespace

TEST_CASE("Decision takes the largest, a threshold or the least cost, and so it does when loaded") {
  const TunedThreshold of_0 = {0.5, 1, 0};
  const struct {
    Decision decision;
    const char* kind;
    std::size_t n_class;
    Array p;
    Classes expected;
  } cases[] = {
      {Decision(), "argmax", 0, p2, {0, 0, 1}},
      {Decision(), "argmax", 0, p3, {1, 0, 2}},
      {Decision(0.75), "threshold", 2, p2, {0, 0, 1}},
      {Decision(0.1), "threshold", 2, p2, {1, 1, 1}},  // 0.1f is above 0.1
      {Decision(0.5, 0), "threshold", 2, p2, {0, 0, 1}},
      {of_0, "threshold", 2, p2, {0, 0, 1}},
      {Decision(infinity), "threshold", 2, p2, {0, 0, 0}},
      {Decision(-infinity), "threshold", 2, p2, {1, 1, 1}},
      {Decision(infinity, 0), "threshold", 2, p2, {1, 1, 1}},
      {Decision::expected_cost(cost), "cost", 3, p3, {2, 2, 2}},
      {Decision::expected_cost({{0.f, 1.f}, {2.f, 0.f}}), "cost", 2, p2, {0, 1, 1}},
  };
  for (const auto& each : cases) {
    CAPTURE(each.kind, each.expected);
    for (const Decision& decision : {each.decision, reloaded(each.decision)}) {
      CHECK(std::string(decision.kind()) == each.kind);
      CHECK(decision.n_class() == each.n_class);
      CHECK(classes(decision, each.p) == each.expected);
    }
  }
  CHECK(reloaded(Decision(0.1, 0)).threshold().threshold == 0.1);
  CHECK(reloaded(Decision(0.1, 0)).threshold().pos_class == 0);
  CHECK(values(reloaded(Decision::expected_cost(cost)).cost()) == values(cost));
  CHECK(Decision()(Array::empty({0, 4}, Dtype::float32)).shape() == Shape{0});
}

TEST_CASE("Decision of a tuned threshold knows the positive class") {
  const Array p = {{0.9, 0.1}, {0.8, 0.2}, {0.4, 0.6}, {0.3, 0.7}}, t = {0, 0, 1, 1};
  for (const std::int64_t pos_label : {0, 1}) {
    const Decision decision = tune_threshold(t, p, objective::f_beta(), {.pos_label = pos_label});
    CHECK(decision.threshold().pos_class == pos_label);
    CHECK(classes(decision, p) == Classes{0, 0, 1, 1});
  }
}

TEST_CASE("Decision names what does not fit") {
  CHECK_THROWS_WITH(Decision(2.5),
                    "Decision: expected a threshold of probabilities, in [0, 1] or infinite, got 2.5");
  CHECK_THROWS_WITH(Decision(nan_value), ContainsSubstring("got nan"));
  CHECK_THROWS_WITH(Decision(0.5, 2), "Decision: pos_class must be 0 or 1, got 2");
  CHECK_THROWS_WITH(
      Decision::expected_cost({{0., 1.}}),
      "Decision::expected_cost: cost must be float32 or float64 (K, K), K >= 2, got float64(1, 2)");
  CHECK_THROWS_WITH(Decision::expected_cost({{0., 1.}, {nan_value, 0.}}),
                    "Decision::expected_cost: cost[1, 0] = nan is not finite");
  CHECK_THROWS_WITH(Decision(0.5)(p3),
                    "Decision: a threshold of 2 classes does not fit probabilities float64(3, 3)");
  CHECK_THROWS_WITH(Decision::expected_cost(cost)(p2),
                    "Decision: a cost of 3 classes does not fit probabilities float32(3, 2)");
  for (const Decision& decision :
       {Decision(), Decision(0.5), Decision::expected_cost({{0., 1.}, {1., 0.}})}) {
    CAPTURE(decision.kind());
    CHECK_THROWS_WITH(decision(Array{{0.5, 0.5}, {nan_value, 0.5}}),
                      "Decision: row 1 of probabilities must be >= 0 and sum to 1, its sum is nan");
    CHECK_THROWS_WITH(decision(Array{{2., 3.}}),
                      "Decision: row 0 of probabilities must be >= 0 and sum to 1, its sum is 5");
    CHECK_THROWS_WITH(decision(Array{0.5, 0.5}), ContainsSubstring("Decision: probabilities must be"));
  }
  CHECK_THROWS_WITH(Decision().threshold(), "Decision::threshold: the decision is by argmax");
  CHECK_THROWS_WITH(Decision(0.5).cost(), "Decision::cost: the decision is by threshold");
}

TEST_CASE("Decision refuses damaged files and stays as it was") {
  const ScratchDirectory directory;
  const std::string path = directory / "x.npz";
  Decision decision(0.25, 0);
  const auto refuse = [&](const NamedArrays& damaged, const std::string& what) {
    save_npz(path, damaged, false);
    CHECK_THROWS_WITH(load_npz(path, decision), path + ": " + what);
    CHECK_THROWS_WITH(Decision::load(path), path + ": " + what);
    CHECK(decision.threshold().threshold == 0.25);
    CHECK(decision.threshold().pos_class == 0);
  };
  const auto by_threshold = [](double threshold, std::int64_t pos_class) {
    return NamedArrays{{"kind", text_state("threshold")},
                       {"threshold", number_state(threshold)},
                       {"pos_class", integer_state(pos_class)}};
  };
  const auto by_cost = [](const Array& costs) {
    return NamedArrays{{"kind", text_state("cost")}, {"cost", costs}};
  };
  const std::string probability =
      "Decision: expected a threshold of probabilities, in [0, 1] or infinite, got ";
  refuse(by_threshold(nan_value, 1), probability + "nan");
  refuse(by_threshold(-3, 1), probability + "-3");
  refuse(by_threshold(0.5, 2), "pos_class: expected 0 or 1, got 2");
  refuse(by_cost(Array{{0., 1.}, {infinity, 0.}}), "Decision::expected_cost: cost[1, 0] = inf is not finite");
  refuse(by_cost(Array{{0., 1., 2.}, {1., 0., 2.}}),
         "Decision::expected_cost: cost must be float32 or float64 (K, K), K >= 2, got float64(2, 3)");
  refuse(by_cost(Array{{0, 1}, {1, 0}}), "cost: expected float64 (K, K), got int32(2, 2)");
  refuse({{"kind", text_state("best")}}, "kind: expected argmax, threshold or cost, got best");
  NamedArrays both = by_threshold(0.5, 1);
  both[0].second = text_state("argmax");
  refuse(both, "kind: is argmax, but there is a threshold");
  both = by_threshold(0.5, 1);
  both.emplace_back("cost", Array{{0., 1.}, {1., 0.}});
  refuse(both, "kind: is threshold, but there is a cost");
  save_npz(path, {{"kind", text_state("threshold")}, {"threshold", number_state(0.5)}});
  CHECK_THROWS_WITH(Decision::load(path), ContainsSubstring("pos_class"));
}

// From a file whose labels are texts, with no option about the positive class.
TEST_CASE("The rarer class of a file is positive for AP, Platt scaling, thresholds and decisions") {
  const std::string rare_first = "z,class\n1,fraud\n-1,legit\n-1,legit\n1,legit\n1,fraud\n-1,legit\n";
  const std::string common_first = "z,class\n-1,legit\n1,legit\n1,fraud\n-1,legit\n1,fraud\n-1,legit\n";
  // The rarer class comes second by its bytes, too.
  const std::string other_names = "z,class\n-1,ok\n1,ok\n1,theft\n-1,ok\n1,theft\n-1,ok\n";
  for (const std::string& text : {rare_first, common_first, other_names}) {
    const ScratchDirectory directory;
    write_bytes(directory / "fraud.csv", text);
    const Table table = load_csv(directory / "fraud.csv", {.label = "class"});
    const std::string rare = table.classes()[1];
    CHECK((rare == "fraud" || rare == "theft"));
    const Array z = table.features(), t = table.labels();

    // Of the three rows at 1, two are positive; of those at -1 none: AP = 1 * 2/3.
    CHECK(average_precision_score(t, z) == Approx(2. / 3));
    // F1 of the rows at 1: 2 * 2 / (2 * 2 + 0 + 1).
    const TunedThreshold on_scores = tune_threshold(t, z, objective::f_beta());
    CHECK(on_scores.threshold == 0);
    CHECK(on_scores.value == Approx(0.8));
    CHECK(on_scores.pos_class == 1);
    // Platt's targets are 1 / (4 + 2) and (2 + 1) / (2 + 2). Two numbers fit the mean target of the two
    // scores: 1/6 at -1, and (1/6 + 3/4 + 3/4) / 3 = 5/9 at 1.
    const Calibration calibration = Calibration(PlattScaling()).fit(z, t);
    check_close(values(calibration(Array{-1., 1.})), {5. / 6, 1. / 6, 4. / 9, 5. / 9}, 1e-12, 0);
    const Array p = calibration(z);
    CHECK(average_precision_score(t, p) == Approx(2. / 3));
    const Decision decision = tune_threshold(t, p, objective::f_beta());
    CHECK(decision.threshold().threshold == Approx((1. / 6 + 5. / 9) / 2));
    const Classes decided = classes(decision, p);
    const std::vector<double> scores = values(z);
    for (std::size_t i = 0; i < decided.size(); ++i) CHECK(decided[i] == (scores[i] > 0 ? 1 : 0));
  }
}
