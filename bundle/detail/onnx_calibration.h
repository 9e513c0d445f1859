// A Calibration and a Decision as ONNX operators. Internal.
#pragma once

#include "tenbin/bundle/detail/onnx_graph.h"
#include "tenbin/calibration/calibration.h"
#include "tenbin/calibration/decision.h"

namespace tenbin::detail {

// Probabilities (N, K) of the type of the logits, (N, K); `is_column`: (N, 1), z of the logits 0 and z.
OnnxValue export_calibration(const Calibration& calibration, const OnnxValue& logits, bool is_column);

// The number of the class, int64 (N).
OnnxValue export_decision(const Decision& decision, const OnnxValue& probabilities);

}  // namespace tenbin::detail
