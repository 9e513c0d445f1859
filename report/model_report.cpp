#include <algorithm>
#include <cmath>

#include "tenbin/bundle/detail/check.h"
#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/text_table.h"
#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/plots/class_charts.h"
#include "tenbin/plots/detail/svg.h"
#include "tenbin/report/detail/page.h"
#include "tenbin/report/detail/sections.h"
#include "tenbin/report/detail/tested_model.h"
#include "tenbin/report/detail/wording.h"
#include "tenbin/report/next_steps.h"
#include "tenbin/report/report.h"

namespace tenbin {

namespace {

using namespace detail;

// If fewer than one row in this many is of the class, the interesting thresholds are near 0.
constexpr std::size_t few_in = 20;

struct ScoreMeaning {
  const char* key;
  const char* name;
  const char* meaning;
};
constexpr ScoreMeaning two_class_scores[] = {
    {"average_precision", "Average precision",
     "The area under the precision-recall curve; a random order has the share of the class."},
    {"roc_auc", "ROC AUC",
     "The probability that a row of the class is ranked above another row; 50% is chance."},
    {"precision", "Precision", "The share of the alarms that are right."},
    {"recall", "Recall", "The share of the class that is found."},
    {"f1", "F1", "The harmonic mean of precision and recall."},
};
constexpr ScoreMeaning more_class_scores[] = {
    {"average_precision", "Average precision", "The mean over the classes, each against the rest."},
    {"roc_auc", "ROC AUC", "The mean over the classes, each against the rest; 50% is chance."},
    {"f1", "Macro F1", "The mean of the F1 of the classes, the harmonic mean of precision and recall."},
};
constexpr ScoreMeaning all_scores[] = {
    {"balanced_accuracy", "Balanced accuracy", "The mean of the recalls of the classes."},
    {"g_mean", "G-mean", "The geometric mean of the recalls: 0 if a class is never found."},
    {"matthews_corrcoef", "MCC", "The correlation of decisions and classes; 0 is chance."},
    {"accuracy", "Accuracy", "The share of all rows that are right; high by itself where a class is rare."},
    {"brier_score", "Brier score", "The squared error of the probabilities; lower is better."},
    {"log_loss", "Log loss", "The logarithmic error of the probabilities, in nats; lower is better."},
};

// With the positive class as class 1, as the scores of two classes are defined.
Predictions with_positive_last(Predictions test) {
  const auto flip = [](Array& labels) {
    auto values = labels.to_vector<std::int64_t>();
    for (std::int64_t& value : values) value = 1 - value;
    labels = Array(values);
  };
  Array flipped = Array::zeros(test.probabilities.shape());
  const float* const p = test.probabilities.data<float>();
  for (std::size_t i = 0; i < test.size(); ++i) {
    flipped.data<float>()[2 * i] = p[2 * i + 1];
    flipped.data<float>()[2 * i + 1] = p[2 * i];
  }
  test.probabilities = flipped;
  flip(test.t);
  flip(test.decisions);
  std::swap(test.classes[0], test.classes[1]);
  return test;
}

std::string text_of_value(const LinkConfig::Value& value);

// `MLP(n_in 20, n_units 32, n_out 2)`.
std::string text_of_config(const LinkConfig& config) {
  std::string text;
  for (const auto& [name, value] : config.values())
    text += (text.empty() ? "" : ", ") + name + ' ' + text_of_value(value);
  return config.kind() + (text.empty() ? "" : '(' + text + ')');
}

std::string text_of_value(const LinkConfig::Value& value) {
  const auto list = [](const auto& items, const auto& text) {
    std::vector<std::string> texts;
    for (const auto& item : items) texts.push_back(text(item));
    return '[' + joined(texts) + ']';
  };
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "yes" : "no";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&value)) return text_of(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* sizes = std::get_if<std::vector<std::int64_t>>(&value))
    return list(*sizes, [](std::int64_t size) { return std::to_string(size); });
  return list(std::get<std::vector<LinkConfig>>(value), text_of_config);
}

class ModelReport {
 public:
  ModelReport(const Bundle& bundle, const Predictions& test, const ReportOptions& options)
      : bundle_(bundle),
        test_(test),
        options_(options),
        n_class_(test.classes.size()),
        page_(options.title.empty() ? title() : options.title),
        matrix_(test.t, test.decisions, {.n_class = n_class_}) {
    for (const double rows : matrix_.support()) counts_.push_back(static_cast<std::size_t>(rows));
    positive_ = n_class_ == 2 ? positive_class(bundle) : rarest();
  }

  std::string html() {
    page_.lead(
        "A model of " + count_of(n_class_) + " classes, tested on " + counted(test_.size(), "row") +
        ". The test says something about new rows only if the model was neither trained nor tuned on these.");
    page_.section("What to do next");
    const NextSteps next = next_steps(bundle_, test_);
    page_.result({next.finding, next.advice});
    data();
    scores();
    curve_section();
    mistakes();
    model();
    reproduction();
    if (options_.description) columns(page_, *options_.description);
    return page_.html();
  }

 private:
  std::string title() const {
    if (bundle_.pipeline && !bundle_.pipeline->label_name().empty())
      return "Model of " + quoted(bundle_.pipeline->label_name());
    return "Trained model";
  }

  std::string positive_name() const { return quoted(test_.classes[positive_]); }

  // Of the classes that occur.
  std::size_t rarest() const {
    std::size_t rarest = 0;
    for (std::size_t c = 0; c < n_class_; ++c)
      if (counts_[c] > 0 && (counts_[rarest] == 0 || counts_[c] < counts_[rarest])) rarest = c;
    return rarest;
  }

  void data() {
    page_.section("The data");
    Terms terms;
    if (options_.description) {
      terms.emplace_back("File", options_.description->source);
      terms.emplace_back("Rows", count_of(options_.description->rows));
      terms.emplace_back("Columns", count_of(options_.description->columns));
    } else if (bundle_.made.data_rows > 0) {
      terms.emplace_back("Rows of the table", count_of(bundle_.made.data_rows));
      terms.emplace_back("Columns", count_of(bundle_.made.data_columns));
    }
    terms.emplace_back("Test rows", count_of(test_.size()));
    if (n_class_ == 2)
      terms.emplace_back("Positive class",
                         test_.classes[positive_] + " - the threshold and the alarms are about it");
    page_.terms(terms);
    class_count_section(page_, "Classes of the test rows", test_.classes, counts_);
    if (options_.description && !options_.description->classes.empty() &&
        options_.description->rows != test_.size())
      class_count_section(page_, "Classes of the whole table", options_.description->classes,
                          options_.description->class_counts);
    if (options_.description) warnings(page_, *options_.description);
    if (test_.warnings.empty()) return;
    page_.subsection("What the pipeline tolerated in the test rows");
    std::vector<std::string> items;
    for (const TransformWarning& warning : test_.warnings) items.push_back(warning.text);
    page_.list(items);
  }

  // ---- scores -------------------------------------------------------------------------------------------

  void scores() {
    page_.section("Scores");
    const Scores scores =
        n_class_ == 2 && positive_ == 0 ? with_positive_last(test_).scores() : test_.scores();
    PageTable table{n_class_ == 2 ? "Scores on the test rows; the first ones are of " + positive_name()
                                  : "Scores on the test rows",
                    {"Score", "Meaning", "Value"},
                    {},
                    2};
    const auto add = [&](const ScoreMeaning& score) {
      const double value = scores.at(score.key);
      const bool is_log_loss = score.key == std::string("log_loss");
      table.rows.push_back({score.name, score.meaning,
                            is_log_loss && std::isfinite(value) ? fixed(value, 3) : percent_of(value)});
    };
    if (n_class_ == 2)
      for (const ScoreMeaning& score : two_class_scores) add(score);
    else
      for (const ScoreMeaning& score : more_class_scores) add(score);
    for (const ScoreMeaning& score : all_scores) add(score);
    page_.table(table);
    counts();
  }

  // "37 of 50 found, 120 false alarms", for every class.
  void counts() {
    PageTable table{"The counts, class by class, with 95% intervals",
                    {"Class", "Found", "Recall [95% interval]", "False alarms", "Alarms that are right",
                     "Precision [95% interval]"},
                    {}};
    const std::vector<double> predicted = matrix_.predicted();
    for (std::size_t c = 0; c < n_class_; ++c) {
      const auto found = static_cast<std::size_t>(matrix_(c, c));
      const auto alarms = static_cast<std::size_t>(predicted[c]);
      table.rows.push_back({test_.classes[c], count_of(found) + " of " + count_of(counts_[c]),
                            share_with_interval(found, counts_[c]), count_of(alarms - found),
                            count_of(found) + " of " + count_of(alarms), share_with_interval(found, alarms)});
    }
    page_.table(table);
  }

  // ---- charts -------------------------------------------------------------------------------------------

  void curve_section() {
    page_.section(n_class_ == 2 ? "Curves of " + positive_name() : "Curves");
    if (counts_[positive_] == 0 || counts_[positive_] == test_.size())
      return page_.paragraph("The test rows are all of one class: there are no curves.");
    if (n_class_ > 2) page_.paragraph("Of the rarest class, " + positive_name() + ", against the rest.");
    curves(page_, test_.t, {{"model", test_.probabilities}}, test_.classes, positive_);
    if (n_class_ == 2) thresholds();
  }

  float lowest_of_class(const Array& scores) const {
    const auto t = test_.t.to_vector<std::int64_t>();
    float lowest = 1;
    for (std::size_t i = 0; i < t.size(); ++i)
      if (t[i] == static_cast<std::int64_t>(positive_)) lowest = std::min(lowest, scores.data<float>()[i]);
    return lowest;
  }

  void thresholds() {
    ThresholdSweepOptions options;
    Array scores = probabilities_of(test_, positive_);
    if (counts_[positive_] * few_in < test_.size()) {
      options.x_scale = Scale::log;
      // Below the lowest score of a row of the class nothing changes but the false alarms.
      const float lowest = lowest_of_class(scores);
      for (std::size_t i = 0; i < test_.size(); ++i)
        scores.data<float>()[i] = std::max(scores.data<float>()[i], lowest);
    }
    options.class_names = test_.classes;
    options.pos_label = static_cast<std::int64_t>(positive_);
    std::string caption = "What every threshold gives on the test rows: rows whose probability of " +
                          positive_name() + " is at least the threshold are alarms.";
    if (bundle_.decision.kind() == std::string("threshold") &&
        std::isfinite(bundle_.decision.threshold().threshold)) {
      options.threshold = bundle_.decision.threshold().threshold;
      caption += " The line marks the threshold of the model, " + value_text(*options.threshold) + ".";
    }
    page_.wide_charts({{plot_threshold_sweep(test_.t, scores, options), caption}});
  }

  void mistakes() {
    page_.section("Mistakes by class");
    if (n_class_ <= most_matrix_classes) {
      const PageChart chart = confusion("model", matrix_, test_.classes);
      n_class_ <= 6 ? page_.charts({chart}) : page_.wide_charts({chart});
    }
    page_.wide_charts({{plot_recall_per_class(matrix_, {.class_names = test_.classes}),
                        "Recall: the share of every class that is found, with its 95% interval."}});
  }

  // ---- model --------------------------------------------------------------------------------------------

  std::string calibration_text() const {
    const std::string kind = bundle_.calibration.kind();
    std::string text = kind == "softmax"       ? "none: softmax of the network's outputs"
                       : kind == "temperature" ? "temperature scaling"
                       : kind == "platt"       ? "Platt scaling"
                                               : "isotonic regression";
    if (bundle_.calibration.prior()) text += ", then a correction of the class frequencies";
    return text;
  }

  void model() {
    page_.section("The model");
    Terms terms;
    if (bundle_.pipeline) {
      const std::vector<std::string> inputs = bundle_.pipeline->input_columns();
      terms.emplace_back("Columns that it reads", count_of(inputs.size()) + ": " + shown(inputs));
      terms.emplace_back("Features after preprocessing", count_of(bundle_.pipeline->n_features()));
    }
    terms.emplace_back("Network", text_of_config(bundle_.network.get_config()));
    terms.emplace_back("Parameters", count_of(bundle_.network.link().count_params()));
    terms.emplace_back("Calibration", calibration_text());
    terms.emplace_back("Decision", decision_text(bundle_.decision, test_.classes));
    for (const auto& [name, value] : bundle_.made.options) terms.emplace_back(name, value);
    page_.terms(terms);
  }

  static std::string shown(std::vector<std::string> names) {
    constexpr std::size_t most = 30;
    const std::size_t more = names.size() > most ? names.size() - most : 0;
    names.resize(names.size() - more);
    return joined(names) + (more == 0 ? "" : " and " + count_of(more) + " more");
  }

  void reproduction() {
    Terms terms;
    if (bundle_.made.seed) terms.emplace_back("Seed", std::to_string(*bundle_.made.seed));
    const std::string& hash = options_.data_hash.empty() ? bundle_.made.data_hash : options_.data_hash;
    if (!hash.empty()) terms.emplace_back("Hash of the data", hash);
    if (!bundle_.made.version.empty()) terms.emplace_back("Model saved by", "tenbin " + bundle_.made.version);
    reproduce(page_, options_.command, terms);
  }

  const Bundle& bundle_;
  const Predictions& test_;
  const ReportOptions& options_;
  std::size_t n_class_;
  Page page_;
  ConfusionMatrix matrix_;
  std::vector<std::size_t> counts_;
  std::size_t positive_ = 0;
};

}  // namespace

std::string html_report(const Bundle& bundle, const Predictions& test, const ReportOptions& options) {
  require_test("html_report", test);
  const Bundle checked = checked_bundle("html_report", bundle);
  if (checked.classes != test.classes)
    throw Error("html_report: expected predictions of the classes ", escaped(joined(checked.classes)),
                ", got ", escaped(joined(test.classes)));
  return ModelReport(checked, test, options).html();
}

void save_report(const std::string& path, const Bundle& bundle, const Predictions& test,
                 const ReportOptions& options) {
  write_file(path, html_report(bundle, test, options));
}

}  // namespace tenbin
