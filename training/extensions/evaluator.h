// Evaluator, which computes loss and metrics on other data: validation.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenbin/datasets/dataset.h"
#include "tenbin/datasets/minibatches.h"
#include "tenbin/datasets/sparse_dataset.h"
#include "tenbin/evaluation/confusion_matrix.h"
#include "tenbin/training/extension.h"
#include "tenbin/training/predict.h"
#include "tenbin/training/updater.h"

namespace tenbin {

/// A metric with a name, from a function of evaluation/ that returns a number, or one per class:
///
///     {"ap", average_precision_score}                          f(t, y, options), as in scikit-learn
///     {"accuracy", accuracy}                                   f(y, t, ignore_label), as in Chainer
///     {"mcc", matthews_corrcoef}                               f(const ConfusionMatrix&), with or without
///     options
///     {"balanced_accuracy", &ConfusionMatrix::balanced_accuracy}
///     {"f1", &ConfusionMatrix::f1}                             one per class; 0 where it is 0/0
///     {"recall_of_1", [](const ConfusionMatrix& matrix) { return matrix.recall()[1]; }}
///     {"recall_at_100", [](const Array& t, const Array& y) { return hits_at_k(t, y, 100); }}
///
/// A function of two arrays is called with (t, y). A metric per class is reported as `recall/0`, `recall/1`.
class Metric {
 public:
  /// The values of the metric, and whether they are per class.
  struct Result {
    std::vector<double> values;
    bool is_per_class = false;
  };

  template <class F>
  Metric(std::string name, F metric) : name_(std::move(name)), function_(wrapped(std::move(metric))) {}

  const std::string& name() const { return name_; }
  Result operator()(const Array& t, const Array& y) const { return function_(t, y); }

 private:
  using Function = std::function<Result(const Array& t, const Array& y)>;

  static Result result(double value) { return {{value}, false}; }
  static Result result(std::vector<double> values) { return {std::move(values), true}; }

  template <class Value, class Options>
  static Function wrapped(Value (*metric)(const Array& t, const Array& y, const Options&)) {
    return [metric](const Array& t, const Array& y) { return result(metric(t, y, {})); };
  }
  static Function wrapped(double (*metric)(const Array& y, const Array& t, std::optional<std::int64_t>)) {
    return [metric](const Array& t, const Array& y) { return result(metric(y, t, {})); };
  }
  template <class Value, class Options>
  static Function wrapped(Value (*metric)(const ConfusionMatrix& matrix, const Options&)) {
    return [metric](const Array& t, const Array& y) { return result(metric(ConfusionMatrix(t, y), {})); };
  }
  template <class Value>
  static Function wrapped(Value (ConfusionMatrix::*metric)() const) {
    return [metric](const Array& t, const Array& y) { return result((ConfusionMatrix(t, y).*metric)()); };
  }
  // precision, recall, f1, g_mean: the argument has the default 0.
  template <class Value>
  static Function wrapped(Value (ConfusionMatrix::*metric)(double) const) {
    return [metric](const Array& t, const Array& y) { return result((ConfusionMatrix(t, y).*metric)(0)); };
  }
  template <class F>
  static Function wrapped(F metric) {
    if constexpr (std::is_invocable_v<F&, const ConfusionMatrix&>) {
      return [metric](const Array& t, const Array& y) { return result(metric(ConfusionMatrix(t, y))); };
    } else {
      static_assert(std::is_invocable_v<F&, const Array&, const Array&>,
                    "a metric must be callable with (t, y) or with a ConfusionMatrix: bind further arguments "
                    "in a lambda");
      return [metric](const Array& t, const Array& y) { return result(metric(t, y)); };
    }
  }

  std::string name_;
  Function function_;
};

/// Options of Evaluator.
struct EvaluatorOptions {
  /// The loss of a batch, the same function as for an Updater: reported as `validation/main/loss`, the mean
  /// weighted by rows. Not set: no loss.
  LossFunction loss = {};
  std::size_t batch_size = 1024;
  std::string name = "validation";  ///< the first part of the keys
  std::string model_name = "main";  ///< the second part
};

namespace detail {

// The rows that an Evaluator evaluates, wherever they are.
struct EvaluatedRows {
  Array t;  // of all rows
  // The outputs for all rows, in batches of that size.
  std::function<Array(std::size_t batch_size)> outputs;
  // The means over all rows of the loss, as `<prefix>loss`, and of what it reports.
  std::function<std::vector<std::pair<std::string, double>>(const LossFunction& loss, std::size_t batch_size,
                                                            const std::string& prefix)>
      losses;
};

// Adds the loss of all samples, and what it reports, batch by batch.
void add_losses(const Samples& samples, const LossFunction& loss, std::size_t batch_size,
                const std::string& prefix, Means& means);

}  // namespace detail

/// Computes metrics, and a loss if one is given, on data that is not trained on. (Chainer: `Evaluator`.)
///
///     trainer.extend(Evaluator(valid, [&](const Variable& x) { return softmax(model(x)); },
///                              {{"ap", average_precision_score}, {"mcc", matthews_corrcoef}}));
///
/// Reports `validation/main/ap`. The model runs in batches, with TestMode and NoBackprop; a metric is then
/// computed once, from the outputs for all rows, so that unequal batches do not change it (Chainer averages
/// over batches). Metrics of probabilities need a model that returns them: see the example.
///
/// model: as for `predict`; it is called with the data's dtype and device. Errors: no rows; a batch_size of
/// 0; those of model and metrics.
class Evaluator : public Extension {
 public:
  Evaluator(Dataset data, ModelFunction model, std::vector<Metric> metrics, EvaluatorOptions options = {});
  /// The same on sparse rows: `model` and `options.loss` take a `const CsrMatrix&`, as links do.
  ///
  ///     trainer.extend(Evaluator(valid, [&](const CsrMatrix& x) { return softmax(model(x)); },
  ///                              {{"ap", average_precision_score}}));
  template <class Model, class = std::enable_if_t<std::is_invocable_v<const Model&, const CsrMatrix&>>>
  Evaluator(const SparseDataset& data, Model model, std::vector<Metric> metrics,
            EvaluatorOptions options = {})
      : Evaluator(rows_of(samples_of(data),
                          [x = data.x, model = std::move(model)](std::size_t batch_size) {
                            return predict(model, x, {batch_size});
                          }),
                  std::move(metrics), std::move(options)) {}
  /// For `evaluator` of distributed/.
  Evaluator(detail::EvaluatedRows rows, std::vector<Metric> metrics, EvaluatorOptions options);

  std::string name() const override { return options_.name; }
  int default_priority() const override { return Priority::writer; }
  std::vector<std::string> reported_keys() const override;
  void operator()(Trainer& trainer) override;

  /// Evaluates now, for use without a trainer, and returns the values by key, `validation/main/ap`.
  std::vector<std::pair<std::string, double>> evaluate() const;

 private:
  static detail::EvaluatedRows rows_of(detail::Samples samples,
                                       std::function<Array(std::size_t batch_size)> outputs);
  // Errors: no rows; x and t that differ in their number.
  static detail::Samples samples_of(const Dataset& data);
  static detail::Samples samples_of(const SparseDataset& data);
  std::string prefix() const { return options_.name + '/' + options_.model_name + '/'; }

  detail::EvaluatedRows rows_;
  std::vector<Metric> metrics_;
  EvaluatorOptions options_;
};

}  // namespace tenbin
