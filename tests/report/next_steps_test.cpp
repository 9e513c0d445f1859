// What to do next: a case each.
#include "tenbin/report/next_steps.h"

#include "tenbin/tests/catch.h"
#include "tenbin/tests/report/sample.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

NextSteps next_of(const std::vector<SampleMethod>& methods, const SampleOptions& options = {}) {
  return next_steps(sample_result(methods, options));
}

const SampleMethod plain{"plain", 0.3, 0.6, 0.1, 0.01};
const SampleMethod majority{"majority", 0.05, 0.5, 0, 0};
const SampleMethod logistic{"logistic regression", 0.3, 0.6, 0.1, 0.01};
const SampleMethod worse_logistic{"logistic regression", 0.2, 0.6, 0.1, 0.01};

}  // namespace

TEST_CASE("next steps: a leak") {
  ComparisonResult result = sample_result({plain, {"SMOTE", 0.9, 0.9}});
  result.leak_check.steps.push_back({"threshold", 10, 0, 4});
  result.leak_check.steps[1].test_rows = 1;
  const NextSteps next = next_steps(result);
  CHECK(next.finding ==
        "The leak check failed in \"training\" and \"threshold\": models were measured on rows that they had "
        "seen.");
  CHECK(next.advice == "Do not use these numbers; correct the method that reads them, and compare again.");
  CHECK(next.method.empty());
}

TEST_CASE("next steps: nothing is better than a guess") {
  const NextSteps next = next_of({{"plain", 0.0501, 0.5}, majority, {"SMOTE", 0.0502, 0.6}});
  CHECK_THAT(next.finding,
             ContainsSubstring("No method ranks the rows significantly better than a guess by the "
                               "class frequencies: the highest average precision, that of \"SMOTE\""));
  CHECK_THAT(next.advice,
             ContainsSubstring("Look for columns that say more about \"class 1\", or for more than its "
                               "50 rows"));
  // The same without the majority in the comparison is another case: there is nothing to compare with.
  CHECK_THAT(next_of({{"plain", 0.0501, 0.5}, {"SMOTE", 0.0502, 0.5}}).finding,
             ContainsSubstring("Nothing is significantly better than \"plain\""));
}

TEST_CASE("next steps: a method ranks better") {
  const NextSteps next =
      next_of({plain, majority, worse_logistic, {"SMOTE", 0.33, 0.6}, {"focal loss", 0.35, 0.6}});
  CHECK_THAT(next.finding,
             ContainsSubstring("\"focal loss\" ranks the rows better than \"plain\": its average "
                               "precision is 35."));
  CHECK_THAT(next.finding, ContainsSubstring(" against 30."));
  CHECK_THAT(next.finding, ContainsSubstring(", in 5 folds (p < 0.001)."));
  CHECK(next.advice ==
        "Train \"focal loss\", and tune its threshold for the recall or the cost that you need, on rows that "
        "it was "
        "not trained on.");
  CHECK(next.method == "focal loss");
}

TEST_CASE("next steps: the logistic regression is as good as the winner, or is it") {
  const std::vector<SampleMethod> methods = {
      plain, majority, {"SMOTE", 0.35, 0.6}, {"logistic regression", 0.349, 0.6}};
  CHECK_THAT(next_of(methods).advice,
             ContainsSubstring("Use \"logistic regression\": it is as good as \"SMOTE\""));
  CHECK(next_of(methods).method == "logistic regression");
  const std::vector<SampleMethod> wins = {
      plain, majority, {"SMOTE", 0.35, 0.6}, {"logistic regression", 0.38, 0.6}};
  CHECK_THAT(next_of(wins).finding,
             ContainsSubstring("\"logistic regression\" ranks the rows better than \"plain\""));
  CHECK_THAT(next_of(wins).advice, ContainsSubstring("which is also the simplest model here"));
}

TEST_CASE("next steps: only the decisions are better") {
  const SampleMethod weights{"class weights", 0.3, 0.75, 0.74, 0.12};
  const SampleMethod tuned{"plain + tuned threshold", 0.3, 0.75, 0.7, 0.1};
  const NextSteps next = next_of({plain, majority, worse_logistic, weights, tuned});
  CHECK_THAT(next.finding,
             ContainsSubstring("No method ranks the rows significantly better than \"plain\", but "));
  CHECK_THAT(next.finding, ContainsSubstring(" decides better: its balanced accuracy is 7"));
  CHECK_THAT(next.finding, ContainsSubstring(" against 60."));
  CHECK_THAT(next.advice,
             ContainsSubstring("Train \"plain\" and tune the threshold: \"plain + tuned threshold\" has "
                               "a balanced accuracy of 7"));
  CHECK(next.method == "plain");
  CHECK_THAT(next_of({plain, majority, weights, tuned, logistic}).advice,
             ContainsSubstring("Train \"logistic regression\", which ranks as well"));
}

TEST_CASE("next steps: only the decisions are better, and a threshold does not do it") {
  const SampleMethod weights{"class weights", 0.3, 0.75, 0.74, 0.12};
  const NextSteps next = next_of({plain, majority, weights, {"plain + tuned threshold", 0.3, 0.65}});
  CHECK_THAT(next.finding,
             ContainsSubstring("it finds 37 of 50 rows of \"class 1\" with 114 false alarms, \"plain\" 5 "
                               "with 9."));
  CHECK(next.advice ==
        "Train \"class weights\" if a mistake in a rare class costs more than one in a frequent class, and "
        "\"plain\" "
        "otherwise.");
  CHECK(next.method.empty());
}

TEST_CASE("next steps: of several classes, the counts are those of the class that gains most") {
  ComparisonResult result =
      sample_result({plain, majority, {"class weights", 0.3, 0.75}}, {.counts = {500, 100, 50}});
  std::int32_t* const baseline = result.methods[0].decisions.data<std::int32_t>();
  std::int32_t* const decisions = result.methods[2].decisions.data<std::int32_t>();
  for (std::size_t i = 0; i < 650; ++i) baseline[i] = decisions[i] = 0;
  for (std::size_t i = 500; i < 540; ++i) decisions[i] = 1;  // 40 of 100
  for (std::size_t i = 600; i < 610; ++i) decisions[i] = 2;  // 10 of 50
  for (std::size_t i = 0; i < 7; ++i) decisions[i] = 1;
  CHECK_THAT(
      next_steps(result).finding,
      ContainsSubstring("it finds 40 of 100 rows of \"class 1\" with 7 false alarms, \"plain\" 0 with 0."));
}

TEST_CASE("next steps: nothing is better than the baseline") {
  const NextSteps next = next_of({plain, majority, worse_logistic, {"SMOTE", 0.29, 0.59}});
  CHECK_THAT(next.finding,
             ContainsSubstring("Nothing is significantly better than \"plain\" in 5 folds, neither in "
                               "average precision (30."));
  CHECK_THAT(next.advice, ContainsSubstring("Train \"plain\" and tune its threshold"));
  CHECK(next.method == "plain");
  CHECK_THAT(next_of({plain, majority, logistic, {"SMOTE", 0.29, 0.59}}).advice,
             ContainsSubstring("Use \"logistic regression\": it is as good as \"plain\""));
}

TEST_CASE("next steps: few rows and a single split are said") {
  CHECK_THAT(
      next_of({plain, majority, {"SMOTE", 0.4, 0.6}}, {.counts = {990, 12}}).advice,
      ContainsSubstring("; \"class 1\" has only 12 rows, so repeat the comparison when there are more."));
  ComparisonResult split = sample_result({plain, majority, {"SMOTE", 0.4, 0.6}}, {.folds = 1});
  CHECK_THAT(next_steps(split).finding,
             ContainsSubstring("No method ranks the rows of \"class 1\" significantly better than \"plain\" "
                               "in this split (average precision 30.0%)"));
  split.methods[2].average_precision.difference = {0.1, 0.02, 0.2};
  CHECK_THAT(next_steps(split).finding, ContainsSubstring("by the bootstrap interval of the difference."));
  CHECK_THAT(next_steps(split).advice, ContainsSubstring("; repeat it on several folds"));
  split.methods[0].average_precision = {{1, 1, 1}, {0, 0, 0}};  // a perfect baseline has an interval, too
  CHECK_THAT(next_steps(split).finding, !ContainsSubstring("without intervals"));
  for (MethodResult& method : split.methods) method.average_precision = method.recall_at_fpr = {};
  CHECK_THAT(next_steps(split).finding, ContainsSubstring("A single split without intervals cannot show"));
}

TEST_CASE("next steps: methods that were not possible are not advised") {
  ComparisonResult result = sample_result({plain, majority});
  result.methods.push_back(left_out_method("SMOTE-NC", "no categories"));
  CHECK_THAT(next_steps(result).advice, ContainsSubstring("Train \"plain\""));
}

TEST_CASE("next steps of a model of two classes") {
  const std::vector<std::string> classes = {"legit", "fraud"};
  const Bundle bundle = sample_bundle(classes);
  const auto next = [&](const Predictions& test) { return next_steps(bundle, test); };

  const NextSteps few = next(sample_predictions(classes, {200, 20}, 0.75, 0.1));
  CHECK(few.finding ==
        "The model finds 15 of 20 rows of \"fraud\" (75.0%, 95% interval 53.1% to 88.8%) with 20 false "
        "alarms: 42.9% of "
        "its alarms are right.");
  CHECK(few.advice ==
        "Test it on more than 20 rows of \"fraud\" before you rely on it: the recall may be anything from "
        "53.1% to "
        "88.8%.");

  const Predictions miscalibrated = sample_predictions(classes, {950, 50}, 0.74, 0.1);
  CHECK_THAT(next(miscalibrated).advice, ContainsSubstring("Calibrate it before you use its probabilities"));
  CHECK_THAT(next(miscalibrated).advice, ContainsSubstring("but 5.0% of the test rows are \"fraud\"."));

  Predictions calibrated = miscalibrated;  // the class has a fifth of the probability
  calibrated.probabilities = Array::zeros({1000, 2});
  for (std::size_t i = 0; i < 1000; ++i) {
    const float p = i < 950 ? 0.03f : 0.4f;
    calibrated.probabilities.data<float>()[2 * i] = 1 - p;
    calibrated.probabilities.data<float>()[2 * i + 1] = p;
  }
  CHECK_THAT(next(calibrated).advice,
             ContainsSubstring("choose another threshold from the chart of thresholds"));

  CHECK(next(sample_predictions(classes, {950, 50}, 0, 0.002)).finding ==
        "The model finds none of 50 rows of \"fraud\", and its 2 alarms are false.");
  Predictions silent = calibrated;  // it ranks, and decides on nothing
  silent.decisions = Array::zeros({1000}, Dtype::int64);
  CHECK(next(silent).finding == "The model finds none of 50 rows of \"fraud\", and gives no alarm.");
  CHECK_THAT(
      next(sample_predictions(classes, {950, 50}, 0.1, 0.1, 0)).finding,
      ContainsSubstring("does not rank the test rows significantly better than chance: its ROC AUC is "));
  CHECK(next(sample_predictions(classes, {10, 0})).finding ==
        "All of the 10 test rows are of one class: what the model finds of \"fraud\" is not known.");
}

TEST_CASE("next steps of a model of several classes") {
  const std::vector<std::string> classes = {"a", "b", "c"};
  const Bundle bundle = sample_bundle(classes);
  const auto next = [&](const std::vector<std::size_t>& counts, double recall, double false_alarms) {
    return next_steps(bundle, sample_predictions(classes, counts, recall, false_alarms));
  };
  CHECK(next({500, 100, 50}, 0.4, 0.02).finding ==
        "The model is right on 84.6% of the 650 test rows; the mean recall of the classes is 59.3%, and the "
        "lowest is "
        "that of \"b\": 40 of 100 rows.");
  CHECK_THAT(next({500, 100, 50}, 0.4, 0.02).advice,
             ContainsSubstring("compare remedies such as class weights"));
  CHECK_THAT(next({500, 100, 10}, 0.4, 0.02).advice, ContainsSubstring("compare remedies"));
  CHECK_THAT(
      next({500, 10, 100}, 0.4, 0.02).advice,
      ContainsSubstring("Test it on more rows of \"b\" before you rely on its recall: 10 rows say little."));
  CHECK(next({500, 100, 50}, 0.8, 0.02).advice ==
        "Test the model again on newer rows before and while it is used.");
  CHECK_THAT(next({500, 100, 50}, 0, 0).finding,
             ContainsSubstring("which is not better than always deciding on the largest class: 76.9%."));
}
