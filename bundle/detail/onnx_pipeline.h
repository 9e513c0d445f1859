// A TablePipeline as ONNX operators. Internal.
#pragma once

#include "tenbin/bundle/detail/onnx_graph.h"
#include "tenbin/bundle/onnx.h"

namespace tenbin::detail {

// Errors: a column without a name.
std::vector<OnnxInput> pipeline_inputs(const TablePipeline& pipeline);

// Adds the inputs, which must be the first names of the graph but those of the outputs. Returns the features,
// float32 (N, D). Errors: a category "".
OnnxValue export_pipeline(OnnxGraph& graph, const TablePipeline& pipeline);

// The names of the outputs, which inputs cannot have.
inline constexpr const char* onnx_outputs[] = {"label", "probabilities", "decisions"};

// The first axis of all inputs and outputs.
OnnxAxis onnx_rows();

}  // namespace tenbin::detail
