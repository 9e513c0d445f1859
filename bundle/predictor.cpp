#include "tenbin/bundle/predictor.h"

#include <utility>

#include "tenbin/bundle/detail/check.h"
#include "tenbin/training/predict.h"

namespace tenbin {

Table Predictions::table(std::vector<Column> kept) const {
  const std::size_t n_class = classes.size();
  kept.push_back({"decision", decisions.astype(Dtype::int32), classes});
  const float* const p = probabilities.data<float>();
  for (std::size_t c = 0; c < n_class; ++c) {
    Array values = Array::zeros({size()});
    for (std::size_t i = 0; i < size(); ++i) values.data<float>()[i] = p[i * n_class + c];
    kept.push_back({"probability_" + classes[c], values});
  }
  return Table(std::move(kept), std::nullopt, "Predictions::table");
}

Scores Predictions::scores() const {
  if (!t) throw Error("Predictions::scores: the table has no labels");
  return classification_scores(t, probabilities, decisions, classes);
}

Predictor Predictor::load(const std::string& path, const PredictorOptions& options) {
  return Predictor(std::make_shared<const Bundle>(load_bundle(path)), options);
}

Predictor::Predictor(Bundle bundle, const PredictorOptions& options)
    : Predictor(std::make_shared<const Bundle>(detail::checked_bundle("Predictor", bundle)), options) {}

Predictor::Predictor(std::shared_ptr<const Bundle> checked, const PredictorOptions& options)
    : bundle_(std::move(checked)), options_(options) {
  if (options.batch_size == 0) throw Error("Predictor: expected a batch_size above 0, got 0");
}

Predictions Predictor::operator()(const Table& table, const TransformOptions& options) const {
  if (!bundle_->pipeline)
    throw Error("Predictor: the bundle has no pipeline: expected an array, the input of the network");
  Transformed transformed = bundle_->pipeline->transform(table, options);
  Predictions predictions = (*this)(transformed.x);
  predictions.warnings = std::move(transformed.warnings);
  predictions.t = transformed.t;
  return predictions;
}

Predictions Predictor::operator()(const Array& x) const {
  if (bundle_->pipeline && x && (x.ndim() != 2 || x.shape()[1] != bundle_->pipeline->n_features()))
    throw Error("Predictor: expected ", bundle_->pipeline->n_features(), " features, got ", x);
  const Array logits = predict(bundle_->network, x, PredictOptions{options_.batch_size});
  Predictions predictions;
  predictions.probabilities = bundle_->calibration(logits);
  predictions.decisions = bundle_->decision(predictions.probabilities);
  predictions.classes = bundle_->classes;
  return predictions;
}

}  // namespace tenbin
