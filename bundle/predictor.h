// Predictor: probabilities and decisions of a saved model.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tenbin/bundle/bundle.h"

namespace tenbin {

/// The result of a Predictor, for N rows and K classes.
struct Predictions {
  Array probabilities;               ///< float32 (N, K)
  Array decisions;                   ///< int64 (N), in [0, K)
  std::vector<std::string> classes;  ///< the names of the classes
  /// What the pipeline tolerated: unseen categories, missing columns.
  std::vector<TransformWarning> warnings = {};
  Array t = {};  ///< int32 (N): the true classes, where the table has them; otherwise empty

  std::size_t size() const { return decisions ? decisions.size() : 0; }
  /// The name of the class that was decided on. Precondition: row < size().
  const std::string& decision(std::size_t row) const {
    return classes[static_cast<std::size_t>(decisions.data<std::int64_t>()[row])];
  }
  /// For `write_csv`: `kept` columns of the table, "decision", the name of a class, and "probability_NAME" of
  /// each class. Errors: a column of another number of rows.
  ///
  ///     write_csv(p.table({tomorrow["id"]}), "decisions.csv");
  Table table(std::vector<Column> kept = {}) const;
  /// See classification_scores. Errors: the table had no labels; no rows.
  Scores scores() const;
};

struct PredictorOptions {
  std::size_t batch_size = 1024;  ///< rows that the network gets at once
};

/// Applies a saved model to new rows: pipeline, network, calibration, decision. Any number of threads may
/// call it at the same time.
///
///     const Predictor predictor = Predictor::load("fraud.npz");
///     const Predictions p = predictor(load_csv("tomorrow.csv"));
///     for (const TransformWarning& warning : p.warnings) std::cerr << warning.text << '\n';
///     std::cout << p.decision(0) << ' ' << p.probabilities.item<float>({0, 1}) << '\n';
class Predictor {
 public:
  /// Errors: those of `load_bundle`.
  static Predictor load(const std::string& path, const PredictorOptions& options = {});
  /// Errors: parts of the bundle that do not fit together, as in `save_bundle`.
  explicit Predictor(Bundle bundle, const PredictorOptions& options = {});

  /// `options`: how the pipeline treats what the fitted rows did not have. Errors: the bundle has no
  /// pipeline; those of `TablePipeline::transform`.
  ///
  ///     predictor(table, {.missing_columns = Unknown::missing});
  Predictions operator()(const Table& table, const TransformOptions& options = {}) const;
  /// For the input of the network, float (N, D), as the pipeline makes it. Errors: another number of
  /// features; those of the network.
  Predictions operator()(const Array& x) const;

  const Bundle& bundle() const { return *bundle_; }
  const std::vector<std::string>& classes() const { return bundle_->classes; }

 private:
  // `checked`: a result of checked_bundle.
  Predictor(std::shared_ptr<const Bundle> checked, const PredictorOptions& options);

  std::shared_ptr<const Bundle> bundle_;
  PredictorOptions options_;
};

}  // namespace tenbin
