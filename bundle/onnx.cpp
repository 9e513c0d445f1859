#include "tenbin/bundle/onnx.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "tenbin/bundle/detail/check.h"
#include "tenbin/bundle/detail/onnx_calibration.h"
#include "tenbin/bundle/detail/onnx_network.h"
#include "tenbin/bundle/detail/onnx_pipeline.h"
#include "tenbin/bundle/detail/provenance.h"
#include "tenbin/core/file.h"

namespace tenbin {

namespace {

using detail::OnnxGraph;
using detail::OnnxMessage;
using detail::OnnxValue;
using Json = nlohmann::json;

constexpr const char* function = "export_onnx";

// Numbers of fields in onnx.proto, and the versions of the format that the graph needs.
namespace model_proto {
constexpr int ir_version = 1, producer_name = 2, producer_version = 3, graph = 7, opset_import = 8,
              metadata_props = 14;
constexpr int domain = 1, version = 2, key = 1, value = 2;
}  // namespace model_proto
constexpr std::int64_t ir_version = 7, onnx_version = 13, onnx_ml_version = 2;

// The text as JSON, which has UTF-8 only.
template <class Text>
std::string as_json(const char* what, const Text& text) {
  try {
    return Json(text).dump();
  } catch (const Json::exception&) {
    throw Error(function, ": ", what, " is not UTF-8");
  }
}

std::vector<OnnxInput> inputs_of(const Bundle& checked) {
  if (!checked.pipeline) return {{"x", "", to_string(detail::network_input(checked.network).type)}};
  std::vector<OnnxInput> inputs = detail::pipeline_inputs(*checked.pipeline);
  for (const OnnxInput& input : inputs)
    as_json(("the column \"" + printable(input.name) + '"').c_str(), input.name);
  return inputs;
}

// The input of the network: made by the pipeline, or that of the graph.
OnnxValue network_input(OnnxGraph& graph, const Bundle& bundle) {
  if (bundle.pipeline) return detail::export_pipeline(graph, *bundle.pipeline);
  const detail::OnnxNetworkInput input = detail::network_input(bundle.network);
  const detail::OnnxAxis width =
      input.width ? detail::OnnxAxis{static_cast<std::int64_t>(*input.width)} : detail::OnnxAxis{0, "D"};
  return graph.input(graph.unique("x"), input.type, {detail::onnx_rows(), width}, "");
}

OnnxValue probabilities_of(const Bundle& bundle, const OnnxValue& x) {
  const std::size_t n_class = bundle.classes.size();
  const detail::OnnxNetworkOutput logits = detail::export_network(bundle.network, x);
  const bool is_column = logits.width == 1;
  if (logits.width && (is_column ? n_class != 2 : *logits.width != n_class))
    throw Error(function, ": the network has ", *logits.width, " outputs, and there are names for ", n_class,
                " classes");
  return detail::export_calibration(bundle.calibration, logits.value, is_column);
}

OnnxMessage graph_of(const Bundle& bundle, const OnnxOptions& options) {
  OnnxGraph graph(options.checks);
  for (const char* const name : detail::onnx_outputs) graph.unique(name);
  const OnnxValue probabilities = probabilities_of(bundle, network_input(graph, bundle));
  const OnnxValue decisions = detail::export_decision(bundle.decision, probabilities);
  const OnnxValue labels = gather(graph.constant(bundle.classes), decisions);
  const detail::OnnxAxis rows = detail::onnx_rows();
  const auto n_class = static_cast<std::int64_t>(bundle.classes.size());
  graph.output("label", labels, {rows}, "the name of the class");
  graph.output("probabilities", probabilities, {rows, {n_class}},
               "of the classes, in the order of `classes`");
  graph.output("decisions", decisions, {rows}, "the number of the class, an index into `classes`");
  return graph.message("tenbin");
}

OnnxMessage operators(const char* domain, std::int64_t version) {
  OnnxMessage message;
  return message.bytes(model_proto::domain, domain).integer(model_proto::version, version);
}

OnnxMessage metadata(const char* key, const std::string& value) {
  OnnxMessage message;
  return message.bytes(model_proto::key, key).bytes(model_proto::value, value);
}

std::string made_of(const Bundle& bundle) {
  try {
    return detail::provenance_json(bundle.made);
  } catch (const Json::exception&) {
    throw Error(function, ": a text of `made` is not UTF-8");
  }
}

OnnxMessage model_of(const Bundle& bundle, const OnnxOptions& options) {
  OnnxMessage model;
  model.integer(model_proto::ir_version, ir_version)
      .bytes(model_proto::producer_name, "tenbin")
      .bytes(model_proto::producer_version, TENBIN_VERSION)
      .message(model_proto::graph, graph_of(bundle, options))
      .message(model_proto::opset_import, operators("", onnx_version));
  if (bundle.pipeline) model.message(model_proto::opset_import, operators("ai.onnx.ml", onnx_ml_version));
  return model
      .message(model_proto::metadata_props,
               metadata("classes", as_json("the name of a class", bundle.classes)))
      .message(model_proto::metadata_props, metadata("made", made_of(bundle)));
}

}  // namespace

void export_onnx(const std::string& path, const Bundle& bundle, const OnnxOptions& options) {
  const Bundle checked = detail::checked_bundle(function, bundle);
  inputs_of(checked);
  const OnnxMessage model = model_of(checked, options);
  constexpr std::size_t most = std::numeric_limits<std::int32_t>::max();
  if (model.encoded().size() > most)
    throw Error(function, ": the model has ", model.encoded().size(), " bytes, and a file of ONNX at most ",
                most);
  write_file(path, model.encoded());
}

std::vector<OnnxInput> onnx_inputs(const Bundle& bundle) {
  return inputs_of(detail::checked_bundle("onnx_inputs", bundle));
}

}  // namespace tenbin
