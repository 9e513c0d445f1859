// tenbin export: a saved model for other programs.
#include <iostream>

#include "tenbin/bundle/bundle.h"
#include "tenbin/bundle/onnx.h"
#include "tenbin/serializers/safetensors.h"
#include "tenbin/tools/data.h"
#include "tenbin/tools/json.h"

namespace tenbin::tools {

namespace {

const char* text_of(bool is_onnx) { return is_onnx ? "onnx" : "safetensors"; }

Json inputs_of(const Bundle& bundle) {
  Json inputs = Json::array();
  for (const OnnxInput& input : onnx_inputs(bundle))
    inputs.push_back({{"name", input.name}, {"column", input.column}, {"type", input.type}});
  return inputs;
}

}  // namespace

void export_model(const ExportOptions& options) {
  const bool is_onnx = ends_with(options.to, ".onnx");
  if (!is_onnx && !ends_with(options.to, ".safetensors"))
    throw UsageError("--to: expected a file named .onnx or .safetensors, got \"" + options.to + '"');
  const Bundle bundle = load_bundle(options.model);
  if (is_onnx)
    export_onnx(options.to, bundle);
  else
    save_safetensors(options.to, bundle.network.link());
  if (options.json) {
    Json json = {{"file", options.to}, {"format", text_of(is_onnx)}};
    if (is_onnx) json["inputs"] = inputs_of(bundle);
    return print(json);
  }
  if (!is_onnx) {
    std::cout << options.to << ": the weights of the network; without pipeline, calibration and threshold\n";
    return;
  }
  std::cout << options.to << ": the whole model. Its inputs:\n";
  for (const OnnxInput& input : onnx_inputs(bundle))
    std::cout << "  " << input.name << "  " << input.type << '\n';
}

}  // namespace tenbin::tools
