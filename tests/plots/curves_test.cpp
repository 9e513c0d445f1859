// Charts of labels and scores: their curves are those of evaluation/, several models and classes, baselines,
// names, many rows, errors.
#include "tenbin/plots/curves.h"

#include <cmath>
#include <limits>

#include "tenbin/plots/class_charts.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/plots/svg_reader.h"
#include "tenbin/training/extensions/plot_report.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// The points of a path, from 0 to 1 in the frame.
struct Curve {
  std::vector<double> x;
  std::vector<double> y;
};

Curve curve_of(const SvgReader& svg, const SvgElement& path) {
  const SvgElement frame = svg.all("rect", "frame").at(0);
  const std::string d = path.attribute("d");
  Curve curve;
  for (std::size_t at = 0; at < d.size(); at = d.find_first_of("ML", at + 1)) {
    curve.x.push_back((std::stod(d.substr(at + 1)) - frame.number("x")) / frame.number("width"));
    const double down = std::stod(d.substr(d.find(' ', at) + 1)) - frame.number("y");
    curve.y.push_back(1 - down / frame.number("height"));
  }
  return curve;
}

// The points of line i (not its mark in the legend), as values on axes from -0.01 to 1.01.
Curve shares_of(const SvgReader& svg, std::size_t i, const char* kind = "line") {
  const auto paths = svg.all("path", kind);
  Curve curve = curve_of(svg, paths.at(paths.size() / 2 + i));
  for (std::vector<double>* values : {&curve.x, &curve.y})
    for (double& value : *values) value = -0.01 + value * 1.02;
  return curve;
}

void check_points(const Curve& curve, const std::vector<double>& x, const std::vector<double>& y) {
  REQUIRE(curve.x.size() == x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    CHECK(curve.x[i] == Approx(x[i]).margin(5e-4));
    CHECK(curve.y[i] == Approx(y[i]).margin(5e-4));
  }
}

std::string all_texts(const SvgReader& svg) {
  std::string all;
  for (const std::string& text : svg.texts()) all += '[' + text + ']';
  return all;
}

std::string description_of(const SvgReader& svg) { return svg.elements()[2].text; }

const Array t = {0, 0, 1, 1, 0, 1, 0, 0};
const Array p = {0.1, 0.4, 0.35, 0.8, 0.2, 0.9, 0.6, 0.1};

}  // namespace

TEST_CASE("a ROC curve") {
  const SvgReader svg = read_svg(plot_roc_curve(t, p, {.class_names = {"legal", "fraud"}}).svg());
  check_points(shares_of(svg, 0), {0, 0, 0, 0.4, 0.4, 0.6, 1}, {0, 1 / 3., 2 / 3., 2 / 3., 1, 1, 1});
  check_points(shares_of(svg, 0, "reference"), {0, 1}, {0, 1});
  for (const char* text : {"[ROC curve: fraud]", "[AUC 0.867]", "[chance]", "[false positive rate]"})
    CHECK_THAT(all_texts(svg), ContainsSubstring(text));
  CHECK(description_of(svg) ==
        "Line chart over false positive rate. area 0.866667; at a false positive rate of 0.1, the true "
        "positive "
        "rate is 0.666667.");
}

TEST_CASE("a precision-recall curve is drawn as steps, without the point that is no threshold") {
  const SvgReader svg = read_svg(pr_curve(t, p).svg());
  check_points(shares_of(svg, 0), {1, 1, 2 / 3., 2 / 3., 2 / 3., 1 / 3., 0},
               {3 / 8., 0.6, 0.6, 0.5, 1, 1, 1});
  check_points(shares_of(svg, 0, "reference"), {0, 1}, {3 / 8., 3 / 8.});
  CHECK_THAT(all_texts(svg), ContainsSubstring("[AP 0.867][prevalence 0.375]"));
  CHECK_THAT(description_of(svg), ContainsSubstring("at a recall of 0.5, the precision is 1."));
  CHECK(plot_precision_recall_curve(t, p).svg() == pr_curve(t, p).svg());
}

TEST_CASE("gain and reliability") {
  const SvgReader gain = read_svg(plot_gain_curve(t, p).svg());
  const Curve best = shares_of(gain, 1, "reference");
  check_points(best, {0, 3 / 8., 1}, {0, 1, 1});
  CHECK(shares_of(gain, 0).y.at(1) == Approx(1 / 3.).margin(5e-4));
  CHECK_THAT(description_of(gain), ContainsSubstring("the first 20% 33%."));

  CalibrationPlotOptions options;
  options.n_bins = 2;
  options.strategy = BinStrategy::uniform;
  const SvgReader reliability = read_svg(plot_calibration_curve(t, p, options).svg());
  // Bins with the means 0.23 and 0.7667; the axes end at 1.15 times the largest of both.
  const Curve curve = curve_of(reliability, reliability.all("path", "line").at(1));
  const double end = 1.15 * 23 / 30;
  REQUIRE(curve.x.size() == 2);
  CHECK(curve.x[0] == Approx((0.23 / end + 0.01) / 1.02).margin(1e-3));
  CHECK(curve.y[0] == Approx((0.2 / end + 0.01) / 1.02).margin(1e-3));
  CHECK(curve.y[1] == Approx((2 / 3. / end + 0.01) / 1.02).margin(1e-3));
  CHECK(reliability.all("path", "area").size() == 1);
  CHECK_THAT(description_of(reliability),
             ContainsSubstring("predicted 0.230 and 1 of 5 positive, predicted"));
  CHECK(read_svg(plot_calibration_curve(t, {{"a", p}, {"b", p}}).svg()).all("path", "area").empty());
}

TEST_CASE("several models, and a class against the rest") {
  const Array q = {0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3};
  const SvgReader svg = read_svg(plot_roc_curve(t, {{"plain", p}, {"<constant>", q}}).svg());
  check_points(shares_of(svg, 1), {0, 1}, {0, 1});
  CHECK_THAT(all_texts(svg), ContainsSubstring("[plain (AUC 0.867)][<constant> (AUC 0.500)][chance]"));
  CHECK_THAT(description_of(svg), ContainsSubstring(" <constant>: area 0.5;"));
  for (const std::string& image : {plot_precision_recall_curve(t, {{"a", p}, {"b", q}}).svg(),
                                   plot_gain_curve(t, {{"a", p}, {"b", q}}).svg()})
    CHECK(read_svg(image).all("path", "line").size() == 4);

  // Margins of -1 and 1.
  const Array signs = {-1, -1, 1, 1, -1, 1, -1, -1};
  CHECK_THAT(all_texts(read_svg(plot_roc_curve(signs, p, {.pos_label = 1}).svg())),
             ContainsSubstring("[ROC curve: class 1][AUC 0.867]"));

  // Three classes; the third has no rows.
  const Array three = {{0.7, 0.2, 0.1}, {0.1, 0.8, 0.1}, {0.5, 0.4, 0.1}};
  const SvgReader classes =
      read_svg(pr_curve(Array({0, 1, 1}), three, {.class_names = {"a", "b", "c"}}).svg());
  CHECK_THAT(all_texts(classes), ContainsSubstring("[a (AP 1)][b (AP 1)]"));
  CHECK(classes.all("path", "line").size() == 4);
  CHECK(classes.all("path", "reference").empty());
  CHECK_THAT(all_texts(read_svg(
                 pr_curve(Array({0, 1, 1}), three, {.class_names = {"a", "b", "c"}, .pos_label = 1}).svg())),
             ContainsSubstring("[Precision-recall curve: b][AP 1]"));
}

TEST_CASE("precision, recall and cost over thresholds") {
  const SvgReader svg =
      read_svg(plot_threshold_sweep(t, p, {.cost_fp = 1, .cost_fn = 4, .threshold = 0.5}).svg());
  const auto lines = svg.all("path", "line");
  REQUIRE(lines.size() == 8);  // four, and their marks
  const Curve recall = curve_of(svg, lines[4]);
  // From 0.9 on a third of the positives, from 0.1 on all.
  CHECK(recall.x.front() == Approx(1).margin(1e-3));
  CHECK(recall.y.front() == Approx((1 / 3. + 0.01) / 1.02).margin(1e-3));
  CHECK(recall.x.back() == Approx(0).margin(1e-3));
  CHECK(recall.y.back() == Approx(1.01 / 1.02).margin(1e-3));
  const Curve precision = curve_of(svg, lines[3]);
  // At 0.6: two of three; it holds down to 0.4, where it is two of four.
  CHECK(precision.x[4] == Approx(0.375).margin(1e-3));
  CHECK(precision.y[4] == Approx((2 / 3. + 0.01) / 1.02).margin(1e-3));
  CHECK(precision.y[5] == Approx((0.5 + 0.01) / 1.02).margin(1e-3));
  for (const char* text : {"[threshold 0.5]", "[cost: FP 1, FN 4]", "[lowest cost 0.250 at 0.350]"})
    CHECK_THAT(all_texts(svg), ContainsSubstring(text));
  CHECK_THAT(
      description_of(svg),
      ContainsSubstring("With the threshold 0.5: at the threshold 0.6, precision 0.666667, recall 0.666667, "
                        "and 38% of the rows are predicted positive."));
  CHECK_THAT(description_of(svg), ContainsSubstring("The lowest mean cost is 0.25: at the threshold 0.35"));
  // Without costs one chart; a threshold above all scores has no outcome.
  const SvgReader one = read_svg(plot_threshold_sweep(t, p, {.threshold = 5}).svg());
  CHECK(one.all("rect", "frame").size() == 1);
  CHECK(description_of(one).find("With the threshold") == std::string::npos);
}

TEST_CASE("many rows are a few hundred points") {
  std::vector<std::int32_t> labels;
  std::vector<float> scores;
  std::uint64_t state = 1;
  for (int i = 0; i < 100000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    labels.push_back(i % 50 == 0);
    const auto uniform = static_cast<float>(state >> 40) / 16777216.f;
    scores.push_back(labels.back() == 1 ? std::sqrt(uniform) : uniform);
  }
  const Array many_t(labels);
  const Array many_p(scores);
  for (const std::string& image :
       {plot_roc_curve(many_t, many_p).svg(), plot_gain_curve(many_t, many_p).svg(),
        pr_curve(many_t, many_p).svg(), plot_calibration_curve(many_t, many_p).svg(),
        plot_threshold_sweep(many_t, many_p, {.cost_fp = 1, .cost_fn = 9}).svg()}) {
    read_svg(image);
    CHECK(image.size() < 20000);
  }
}

TEST_CASE("a confusion matrix") {
  const ConfusionMatrix matrix(Array({0, 0, 0, 0, 1, 1}), Array({0, 0, 0, 1, 1, 0}), {.n_class = 3});
  const SvgReader svg = read_svg(plot_confusion_matrix(matrix, {.class_names = {"cat", "dog", "cow"}}).svg());
  CHECK_THAT(all_texts(svg), ContainsSubstring("[3][75%][1][25%][0][1][50%][1][50%][0][0][0][0]"));
  CHECK(svg.all("rect", "h7").size() == 2);  // 75%, and the legend
  const SvgElement frame = svg.all("rect", "frame").at(0);
  CHECK(svg.all("rect", "h7").at(0).number("y") == frame.number("y"));
  CHECK(svg.all("rect", "h2").at(0).number("x") > frame.number("x"));  // predicted classes are columns
  CHECK(description_of(svg) ==
        "Confusion matrix of 3 classes and 6 rows, accuracy 67%. cat: 3 of 4 (75%) right, 1 taken for dog. "
        "dog: 1 "
        "of 2 (50%) right, 1 taken for cat. cow: 0 of 0 right.");
  std::vector<std::int64_t> predicted(500, 0);
  predicted[0] = 1;
  const SvgReader rare =
      read_svg(plot_confusion_matrix(Array::zeros({500}, Dtype::int64), Array(predicted)).svg());
  CHECK_THAT(all_texts(rare), ContainsSubstring("[499][>99%][1][<1%]"));
  CHECK(plot_confusion_matrix(Array({0, 1}), {{3., 1.}, {2., 5.}}).svg() ==
        plot_confusion_matrix(ConfusionMatrix(Array({0, 1}), Array({0, 1}))).svg());
}

TEST_CASE("recall of every class") {
  const ConfusionMatrix matrix(Array({0, 0, 0, 0, 1, 1}), Array({0, 0, 0, 1, 1, 1}), {.n_class = 3});
  const SvgReader svg = read_svg(plot_recall_per_class(matrix).svg());
  CHECK_THAT(all_texts(svg), ContainsSubstring("[3 of 4 (75%)]"));
  CHECK_THAT(all_texts(svg), ContainsSubstring("[class 2][0 of 0]"));
  CHECK_THAT(all_texts(svg), ContainsSubstring("[balanced accuracy 0.875]"));
  CHECK(svg.all("circle").size() == 2);  // a class without rows has none
  CHECK(svg.all("path", "line").size() == 2);
  const SvgReader two = read_svg(
      plot_recall_per_class(Array({0, 1, 1}), {{"a", Array({0, 1, 0})}, {"b", Array({1, 1, 1})}}).svg());
  CHECK_THAT(all_texts(two), ContainsSubstring("[class 1 (2)][50%][100%]"));
  // Of many classes, the lowest.
  std::vector<std::int64_t> labels;
  for (int i = 0; i < 300; ++i) labels.push_back(i);
  std::vector<std::int64_t> wrong = labels;
  wrong[177] = 3;
  const SvgReader many = read_svg(plot_recall_per_class(Array(labels), Array(wrong)).svg());
  CHECK_THAT(all_texts(many), ContainsSubstring("[Recall of every class (the 60 lowest of 300)]"));
  CHECK_THAT(all_texts(many), ContainsSubstring("[class 177][0 of 1 (0%)]"));
  // Of several models, the lowest of the first.
  const SvgReader models =
      read_svg(plot_recall_per_class(Array(labels), {{"a", Array(wrong)}, {"b", Array(labels)}}).svg());
  CHECK_THAT(all_texts(models),
             ContainsSubstring("[Recall of every class (rows) (the 60 lowest in a of 300)]"));
  CHECK_THAT(all_texts(models), ContainsSubstring("[class 177 (1)][0%][100%]"));
  CHECK_THAT(all_texts(models), !ContainsSubstring("[class 299 (1)]"));
  CHECK(models.all("circle", "d0").size() == 61);  // and the legend
}

TEST_CASE("class counts") {
  const SvgReader svg = read_svg(plot_class_counts({52000, 900, 0}, {.class_names = {"a", "b", "c"}}).svg());
  CHECK_THAT(all_texts(svg), ContainsSubstring("[a][52,000 (98%)][b][900 (2%)][c][0 (0%)]"));
  CHECK(svg.all("rect", "d0").size() == 2);
  const SvgReader two = read_svg(plot_class_counts({{"train", {9, 1}}, {"test", {4, 1}}}).svg());
  CHECK_THAT(all_texts(two), ContainsSubstring("[train][test]"));
  std::vector<std::size_t> tail;
  for (std::size_t i = 0; i < 1000; ++i) tail.push_back(1 + 5000 / (1 + i));
  const SvgReader many = read_svg(plot_class_counts(tail).svg());
  CHECK(many.all("rect", "d0").size() == 60);
  CHECK_THAT(all_texts(many), ContainsSubstring("[940 classes between]"));
  CHECK_THAT(all_texts(read_svg(plot_class_counts(std::vector<std::size_t>{}).svg())),
             ContainsSubstring("[no data]"));
}

TEST_CASE("training curves of a log") {
  const std::vector<LogRow> rows = {{{"epoch", 1}, {"loss", 0.5}},
                                    {{"epoch", 2}, {"loss", 0.25}, {"auc", 0.7}}};
  const SvgReader svg = read_svg(plot_log(rows, {"loss", "auc"}, {.title = "Training"}).svg());
  CHECK(description_of(svg) ==
        "Line chart over epoch. loss: 2 points, from 0.5 to 0.25, smallest 0.25, largest 0.5. auc: 1 point, "
        "from "
        "0.7 to 0.7, smallest 0.7, largest 0.7.");
  CHECK_THAT(all_texts(read_svg(plot_log({}, {"loss"}).svg())), ContainsSubstring("[no data]"));
  CHECK_THROWS_WITH(plot_log(rows, {"los"}),
                    "plot_log: no row of the log has the key los, known are: epoch, loss, auc");
  CHECK_THROWS_WITH(plot_log(rows, {}), "plot_log: expected the keys of the lines, got no key");
}

TEST_CASE("arguments of plots that do not fit") {
  const Array three = {{0.7, 0.2, 0.1}, {0.1, 0.8, 0.1}};
  CHECK_THROWS_WITH(plot_roc_curve(t, std::vector<NamedScores>{}),
                    "plot_roc_curve: expected the scores of at least one model");
  CHECK_THROWS_WITH(pr_curve(Array({0, 1}), {{"a", three}, {"b", three}}),
                    "plot_precision_recall_curve: expected pos_label for 2 models of 3 classes");
  CHECK_THROWS_WITH(plot_gain_curve(t, p, {.class_names = {"a"}}),
                    "plot_gain_curve: class 1 has no name among the 1 of class_names");
  CHECK_THROWS_WITH(plot_roc_curve(t, std::vector<NamedScores>(25, {"a", p})),
                    "plot_roc_curve: expected at most 24 lines, got 25 models");
  CHECK_THROWS_WITH(pr_curve(Array({0, 1}), three, {.class_names = {"a"}}),
                    "plot_precision_recall_curve: expected the names of 3 classes, got 1");
  CHECK_THROWS_WITH(plot_roc_curve(Array({0, 2}), Array({0.1, 0.2})), ContainsSubstring("roc_auc_score: "));
  CHECK_THROWS_WITH(plot_roc_curve(t, p, {.width = 10}),
                    "LineChart: expected a width of 240 to 4096 pixels, got 10");
  CHECK_THROWS_WITH(plot_threshold_sweep(t, p, {.cost_fp = -1}),
                    "plot_threshold_sweep: expected cost_fp to be finite and >= 0, got -1");
  CHECK_THROWS_WITH(plot_threshold_sweep(t, p, {.threshold = std::nan("")}),
                    "plot_threshold_sweep: expected a threshold that is a number, got NaN");
  CHECK_THROWS_WITH(plot_threshold_sweep(Array({0, 0}), Array({0.1, 0.2})),
                    "plot_threshold_sweep: there are no positive rows in t");
  CHECK_THROWS_WITH(
      plot_threshold_sweep(Array({0, 1}), Array({0.1, std::numeric_limits<double>::infinity()})),
      "plot_threshold_sweep: expected finite scores, got scores from 0.1 to inf");
  CHECK_THROWS_WITH(plot_confusion_matrix(t, t, {.class_names = {"a", "b", "c"}, .width = 1}),
                    "HeatMap: expected a width of 240 to 4096 pixels, got 1");
  CHECK_THROWS_WITH(plot_confusion_matrix(ConfusionMatrix({.n_class = 2}), {.class_names = {"a"}}),
                    "plot_confusion_matrix: expected the names of 2 classes, got 1");
  CHECK_THROWS_WITH(plot_class_counts({{"train", {1, 2}}, {"test", {1}}}),
                    "plot_class_counts: expected the counts of 2 classes in test, got 1");
}
