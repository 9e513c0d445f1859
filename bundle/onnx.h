// A trained model as an ONNX file, for other runtimes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tenbin/bundle/bundle.h"

namespace tenbin {

/// Options of export_onnx.
struct OnnxOptions {
  /// Where the library throws, a runtime fails, too (see export_onnx). false: for runtimes in which an index
  /// that Gather does not have is undefined behaviour rather than an error. Then NaN goes on to the
  /// probabilities, and a category that is an error in the pipeline (UnknownCategory::error) is encoded as
  /// by UnknownCategory::ignore.
  bool checks = true;
};

/// An input of an exported model, (N, 1), or (N, D) for a bundle without pipeline.
struct OnnxInput {
  std::string name;    ///< of the input
  std::string column;  ///< of the table; empty without pipeline
  std::string type;    ///< "tensor(double)", "tensor(float)", "tensor(int64)" or "tensor(string)"
  std::optional<DatePart> part = {};  ///< of the date in that column, which the caller computes
};

/// Writes a model as an ONNX file: pipeline, network, calibration and decision in one graph, which takes the
/// columns of a table and returns classes and probabilities. (PyTorch: `torch.onnx.export`; scikit-learn:
/// skl2onnx.)
///
/// Inputs, as skl2onnx has them: one (N, 1) for each column that the pipeline needs, by its name.
/// - Numbers: double, NaN where the value is missing.
/// - Categories: string, empty where the value is missing. If all fitted categories are numbers, as in a
///   numeric column that `one_hot` names: double, NaN where it is missing.
/// - Dates: ONNX has no operators for them, so that each part is an input of its own, double, NaN where the
///   date is missing or invalid, named as its feature: "when_hour". See DatePart for their values.
/// A name that an output has, or a part of a date that is named as a column, gets "_" appended; `onnx_inputs`
/// lists them. A bundle without pipeline has one input "x", float or double (N, D), or int64 (N, L) if the
/// network starts with an EmbedID.
///
/// Outputs: "label", string (N), the name of the class; "probabilities", (N, K), float, or double for a
/// network of float64; "decisions", int64 (N), the number of the class.
///
/// Everything around the network is computed in float64, as in Predictor, the network in its own dtype, whose
/// sums another runtime adds up in another order. Probabilities differ from Predictor's by that rounding,
/// usually less than 1e-6; an IsotonicCalibration multiplies it by the slope of its curve. A decision differs
/// where a probability is that close to the threshold.
///
/// The operators are those of ai.onnx 13 and ai.onnx.ml 2 (LabelEncoder), IR version 7, that is ONNX 1.8.
/// Tested in onnxruntime 1.15 and 1.32; networks of float64 need 1.20. The metadata `classes` and `made` are
/// JSON. The same bundle gives the same bytes; an existing file is replaced in one step.
///
/// What is an error of Predictor - an infinite number, a missing one that the pipeline does not impute, a
/// category that UnknownCategory::error refuses, an id that an EmbedID does not have, logits that are not
/// finite - is looked up by Gather at an index that does not exist, which ONNX calls an error: onnxruntime
/// stops with "indices element out of data bounds". There are no warnings.
///
/// Errors, before anything is written: those of `save_bundle` about parts that do not fit together; a link of
/// your own; a column without a name; a category "" (it means missing); names that are not UTF-8; more than
/// 2 GB; those of OutputFile.
///
///     export_onnx("fraud.onnx", bundle);
///
///     session = onnxruntime.InferenceSession("fraud.onnx")                     # Python
///     label, p, _ = session.run(None, {"age": np.array([[35.0]]), "country": np.array([["DE"]])})
void export_onnx(const std::string& path, const Bundle& bundle, const OnnxOptions& options = {});

/// The inputs of `export_onnx`, in their order. Errors: those of `export_onnx` about names and parts.
///
///     for (const OnnxInput& input : onnx_inputs(bundle))
///       std::cout << input.name << ' ' << input.type << '\n';
std::vector<OnnxInput> onnx_inputs(const Bundle& bundle);

}  // namespace tenbin
