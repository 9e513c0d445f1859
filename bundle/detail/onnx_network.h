// A Network as ONNX operators. Internal.
#pragma once

#include <optional>

#include "tenbin/bundle/detail/onnx_graph.h"
#include "tenbin/links/network.h"

namespace tenbin::detail {

// What a network takes: int64 (N, L) if it starts with an EmbedID, otherwise numbers (N, width).
struct OnnxNetworkInput {
  OnnxType type;
  std::optional<std::size_t> width;  // not set: no layer says it
};
OnnxNetworkInput network_input(const Network& network);

// What a network returns for x, under TestMode: (N, width).
struct OnnxNetworkOutput {
  OnnxValue value;
  std::optional<std::size_t> width;
};
// Errors: a link that has no form in ONNX, or whose input has another width.
OnnxNetworkOutput export_network(const Network& network, const OnnxValue& x);

// A function of layer_function.h.
OnnxValue export_function(const LinkConfig& function, const OnnxValue& x);

}  // namespace tenbin::detail
