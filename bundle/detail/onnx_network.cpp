#include "tenbin/bundle/detail/onnx_network.h"

#include <cmath>
#include <functional>

#include "tenbin/core/config.h"
#include "tenbin/core/file.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/functions/math/sqrt.h"
#include "tenbin/links/layer_function.h"

namespace tenbin::detail {

namespace {

using Argument = const LinkConfig&;
using ExportFunction = OnnxValue (*)(const OnnxValue& x, Argument function);

// In float64: the error of onnxruntime's Tanh of float32 is 3e-7, and there is no Erf of float64.
OnnxValue in_type(OnnxType type, const char* operation, const OnnxValue& x) {
  return cast(unary(operation, cast(x, type)), x.type);
}

OnnxValue gelu(const OnnxValue& x) {
  const OnnxValue erf = in_type(OnnxType::float32, "Erf", x * std::sqrt(0.5));
  return x * 0.5 * (erf + 1);
}

// log(1 + exp(beta x)) / beta
OnnxValue softplus(const OnnxValue& x, double beta) {
  const OnnxValue tail = log1p(unary("Exp", unary("Neg", unary("Abs", x * beta)))) / beta;
  return where(less(x, 0), beta > 0 ? tail : x + tail, beta > 0 ? x + tail : tail);
}

const std::map<std::string, ExportFunction>& function_exports() {
  static const std::map<std::string, ExportFunction> all = {
      {"abs", [](const OnnxValue& x, Argument) { return unary("Abs", x); }},
      {"absolute", [](const OnnxValue& x, Argument) { return unary("Abs", x); }},
      {"clipped_relu", [](const OnnxValue& x, Argument f) { return clip(x, 0, f.number("argument")); }},
      {"dropout", [](const OnnxValue& x, Argument) { return x; }},
      {"elu", [](const OnnxValue& x,
                 Argument f) { return where(less(x, 0), (unary("Exp", x) - 1) * f.number("argument"), x); }},
      {"exp", [](const OnnxValue& x, Argument) { return unary("Exp", x); }},
      {"gelu", [](const OnnxValue& x, Argument) { return gelu(x); }},
      {"hard_sigmoid", [](const OnnxValue& x, Argument) { return clip(x * 0.2 + 0.5, 0, 1); }},
      {"leaky_relu", [](const OnnxValue& x,
                        Argument f) { return where(less_or_equal(x, 0), x * f.number("argument"), x); }},
      {"log", [](const OnnxValue& x, Argument) { return unary("Log", x); }},
      {"log_softmax",
       [](const OnnxValue& x, Argument f) {
         return x.graph->node("LogSoftmax", {x}, x.type, {attribute("axis", f.integer("argument"))});
       }},
      {"relu", [](const OnnxValue& x, Argument) { return unary("Relu", x); }},
      {"relu6", [](const OnnxValue& x, Argument) { return clip(x, 0, 6); }},
      {"sigmoid", [](const OnnxValue& x, Argument) { return sigmoid(x); }},
      {"softmax", [](const OnnxValue& x, Argument f) { return softmax(x, f.integer("argument")); }},
      {"softplus", [](const OnnxValue& x, Argument f) { return softplus(x, f.number("argument")); }},
      {"sqrt", [](const OnnxValue& x, Argument) { return unary("Sqrt", x); }},
      {"square", [](const OnnxValue& x, Argument) { return x * x; }},
      {"tanh", [](const OnnxValue& x, Argument) { return in_type(OnnxType::float64, "Tanh", x); }},
  };
  return all;
}

// A value on its way through the layers.
struct Signal {
  OnnxValue value;
  std::size_t rank = 2;                   // 3 after an EmbedID
  std::optional<std::size_t> width = {};  // of the last axis, if known
};

class ExportNetwork {
 public:
  explicit ExportNetwork(const NamedArrays& parameters) : parameters_(parameters.begin(), parameters.end()) {}

  // `path`: of the link's parameters.
  Signal layer(const LinkConfig& config, const std::string& path, const Signal& x) const {
    if (is_function(config)) return {export_function(config, x.value), x.rank, x.width};
    if (config.kind() == "Dropout") return x;
    if (config.kind() == "Linear") return linear(path, x);
    if (config.kind() == "BatchNormalization") return batch_normalization(config, path, x);
    if (config.kind() == "LayerNormalization") return layer_normalization(config, path, x);
    if (config.kind() == "EmbedID") return embed_id(config, path, x);
    if (config.kind() == "MLP") return mlp(config, path, x);
    if (config.kind() == "Sequential") return sequential(config, path, x);
    throw Error("export_onnx: the link ", path, ", a \"", printable(config.kind()),
                "\", has no form in ONNX: only the library's own links have");
  }

 private:
  const Array* find(const std::string& path) const {
    const auto found = parameters_.find(path.substr(1));
    return found == parameters_.end() ? nullptr : &found->second;
  }
  const Array& parameter(const std::string& path) const { return parameters_.at(path.substr(1)); }
  static OnnxValue constant(const Signal& x, const Array& values, const std::string& path) {
    return x.value.graph->constant(values, path.substr(1));
  }

  static void require_width(const std::string& path, const Signal& x, std::size_t expected) {
    if (x.width && *x.width != expected)
      throw Error("export_onnx: the link ", path, " takes ", expected, " features, and gets ", *x.width);
  }

  Signal linear(const std::string& path, const Signal& x) const {
    const Array& W = parameter(path + "W");
    OnnxGraph& graph = *x.value.graph;
    OnnxValue rows = x.value;
    if (x.rank > 2)
      rows = graph.node("Flatten", {rows}, rows.type, {attribute("axis", std::int64_t{1})});
    else
      require_width(path, x, W.shape()[1]);
    std::vector<OnnxValue> inputs{rows, constant(x, W, path + "W")};
    if (const Array* const b = find(path + "b")) inputs.push_back(constant(x, *b, path + "b"));
    return {graph.node("Gemm", inputs, rows.type, {attribute("transB", std::int64_t{1})}), 2, W.shape()[0]};
  }

  // As fixed_batch_normalization: ONNX's operator would lose the digits that x and the mean share.
  Signal batch_normalization(const LinkConfig& config, const std::string& path, const Signal& x) const {
    const NoBackprop no_backprop;
    const Array& mean = parameter(path + "avg_mean");
    if (x.rank == 2) require_width(path, x, mean.size());
    const Array* const gamma = find(path + "gamma");
    const Array* const beta = find(path + "beta");
    const Variable scale = Variable(gamma ? *gamma : Array::full(mean.shape(), 1, mean.dtype()), false) /
                           sqrt(Variable(parameter(path + "avg_var"), false) + config.number("eps"));
    const auto of_channel = [&](const Array& values, const char* name) {
      return constant(x, x.rank == 2 ? values : values.reshape({values.size(), 1}), path + name);
    };
    OnnxValue y = (x.value - of_channel(mean, "avg_mean")) * of_channel(scale.data(), "scale");
    if (beta) y = y + of_channel(*beta, "beta");
    return {y, x.rank, x.rank == 2 ? mean.size() : x.width};
  }

  // Statistics in float64, as `layer_normalization` has them.
  Signal layer_normalization(const LinkConfig& config, const std::string& path, const Signal& x) const {
    const Array& gamma = parameter(path + "gamma");
    require_width(path, x, gamma.size());
    const auto mean = [](const OnnxValue& value) {
      return value.graph->node("ReduceMean", {value}, value.type,
                               {attribute("axes", std::vector<std::int64_t>{-1})});
    };
    const OnnxValue exact = cast(x.value, OnnxType::float64);
    const OnnxValue centered = exact - mean(exact);
    const OnnxValue deviation = unary("Sqrt", mean(centered * centered) + config.number("eps"));
    const OnnxValue standardized = cast(centered / deviation, x.value.type);
    return {standardized * constant(x, gamma, path + "gamma") +
                constant(x, parameter(path + "beta"), path + "beta"),
            x.rank, gamma.size()};
  }

  // An id that the table does not have is an index that Gather does not have, negative ones included.
  Signal embed_id(const LinkConfig& config, const std::string& path, const Signal& x) const {
    if (x.value.type != OnnxType::int64)
      throw Error("export_onnx: the link ", path, ", an EmbedID, is not the first layer");
    const Array& W = parameter(path + "W");
    const std::size_t rows = W.shape()[0];
    OnnxGraph& graph = *x.value.graph;
    OnnxValue table = constant(x, W, path + "W"), id = x.value;
    const auto has = [](std::size_t n) { return static_cast<double>(n); };
    const bool ignores = config.has("ignore_label");
    if (graph.checks())
      id = where(less(id, 0), has(rows + 1), where(greater_or_equal(id, has(rows)), has(rows + 1), id));
    if (ignores) {
      const OnnxValue zeros = graph.constant(Array::zeros({1, W.shape()[1]}, W.dtype()));
      table = graph.node("Concat", {table, zeros}, table.type, {attribute("axis", std::int64_t{0})});
      const OnnxValue ignored = graph.constant(std::vector<std::int64_t>{config.integer("ignore_label")});
      id = where(equal(x.value, ignored), has(rows), id);
    }
    return {gather(table, id), 3, W.shape()[1]};
  }

  Signal mlp(const LinkConfig& config, const std::string& path, const Signal& x) const {
    Signal h = x;
    for (std::size_t i = 0; i + 1 < config.sizes("sizes").size(); ++i) {
      if (i > 0) h = layer(config.children("activation")[0], path, h);
      h = linear(path + std::to_string(i) + '/', h);
    }
    return h;
  }

  Signal sequential(const LinkConfig& config, const std::string& path, const Signal& x) const {
    Signal h = x;
    std::size_t links = 0;  // functions have no number
    for (const LinkConfig& each : config.children("layers"))
      h = layer(each, is_function(each) ? path : path + std::to_string(links++) + '/', h);
    return h;
  }

  std::map<std::string, Array> parameters_;
};

// The dtype and the width of the network's input: those of the first layer that has them.
std::optional<OnnxNetworkInput> input_of(const LinkConfig& config) {
  const std::string& kind = config.kind();
  if (kind == "EmbedID") return OnnxNetworkInput{OnnxType::int64, {}};
  if (kind == "Sequential") {
    for (const LinkConfig& layer : config.children("layers"))
      if (const auto input = input_of(layer)) return input;
    return std::nullopt;
  }
  const bool has_size = kind == "BatchNormalization" || kind == "LayerNormalization";
  if (kind != "Linear" && kind != "MLP" && !has_size) return std::nullopt;
  return OnnxNetworkInput{onnx_type(config.dtype("dtype")), kind == "MLP"      ? config.sizes("sizes")[0]
                                                            : kind == "Linear" ? config.size("in_size")
                                                                               : config.size("size")};
}

}  // namespace

OnnxValue export_function(const LinkConfig& function, const OnnxValue& x) {
  const auto found = function_exports().find(function.kind());
  if (found == function_exports().end())
    throw Error("export_onnx: the function ", function.kind(), " has no form in ONNX");
  return found->second(x, function);
}

OnnxNetworkInput network_input(const Network& network) {
  return input_of(network.get_config()).value_or(OnnxNetworkInput{OnnxType::float32, {}});
}

OnnxNetworkOutput export_network(const Network& network, const OnnxValue& x) {
  const Signal y = ExportNetwork(network.link().state_arrays()).layer(network.get_config(), "/", {x});
  return {y.value, y.width};
}

}  // namespace tenbin::detail
