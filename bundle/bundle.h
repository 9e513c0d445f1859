// A trained model in one file: everything that a program needs to decide on new rows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tenbin/calibration/calibration.h"
#include "tenbin/calibration/decision.h"
#include "tenbin/evaluation/scores.h"
#include "tenbin/links/network.h"
#include "tenbin/preprocessing/table_pipeline.h"

namespace tenbin {

/// How a model was made, for its readers: it does not change predictions.
///
///     Provenance made = Provenance::of(table);
///     made.seed = 1;
///     made.options = {{"epochs", "20"}, {"class_weight", "balanced"}};
///     made.scores = {{"average_precision", ap}};
struct Provenance {
  /// The size and the hash of a table. The hash depends on names, types, values and categories.
  static Provenance of(const Table& table);

  std::size_t data_rows = 0;
  std::size_t data_columns = 0;
  std::string data_hash = {};  ///< 16 hexadecimal digits; empty: unknown
  std::optional<std::uint64_t> seed = {};
  std::map<std::string, std::string> options = {};
  Scores scores = {};        ///< NaN: not defined
  std::string version = {};  ///< of the library that saved the model: set by save_bundle
};

/// A trained model with all that is around it.
struct Bundle {
  /// From a table to the network's input. Not set: the input is an array.
  std::optional<TablePipeline> pipeline = {};
  Network network = {};
  Calibration calibration = {};  ///< softmax, unless given
  Decision decision = {};        ///< the largest probability, unless given
  /// The names of the classes, in the order of the network's outputs. Empty: those of the pipeline.
  std::vector<std::string> classes = {};
  Provenance made = {};
};

/// Writes a model to one file, an .npz archive with a JSON manifest, `manifest`. The same model gives the
/// same bytes; the file replaces an existing one in one step.
///
/// Errors, before anything is written: the network is empty or has a link that cannot be saved (see Network)
/// or is not initialised; a pipeline or calibration that is not fitted; numbers of features or classes that
/// do not fit together; an infinite score; names that are not UTF-8; those of `save_npz`.
///
///     save_bundle("fraud.npz", {.pipeline = prep, .network = model, .calibration = calibration,
///                               .decision = tuned, .made = Provenance::of(table)});
void save_bundle(const std::string& path, const Bundle& bundle);

/// Reads what `save_bundle` wrote, to the same bits. Nothing in the file is trusted. Errors: those of
/// NpzReader; a file of another kind; a newer version; a kind of link that is not registered in this program;
/// entries that are missing, that nobody reads, or that contradict each other.
Bundle load_bundle(const std::string& path);

}  // namespace tenbin
