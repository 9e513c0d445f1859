#include "tenbin/bundle/detail/onnx_graph.h"

namespace tenbin::detail {

namespace {

// Numbers of fields and types in onnx.proto.
namespace node_proto {
constexpr int input = 1, output = 2, name = 3, op_type = 4, attribute = 5, domain = 7;
}
namespace attribute_proto {
constexpr int name = 1, i = 3, ints = 8, strings = 9, type = 20;
constexpr std::int64_t type_int = 2, type_ints = 7, type_strings = 8;
}  // namespace attribute_proto
namespace tensor_proto {
constexpr int dims = 1, data_type = 2, string_data = 6, name = 8, raw_data = 9;
}
namespace graph_proto {
constexpr int node = 1, name = 2, initializer = 5, input = 11, output = 12;
}
namespace value_info_proto {
constexpr int name = 1, type = 2, doc_string = 3;
}
namespace type_proto {
constexpr int tensor_type = 1, elem_type = 1, shape = 2, dim = 1, dim_value = 1, dim_param = 2;
}

std::int64_t number_of(OnnxType type) { return static_cast<std::int64_t>(type); }

OnnxMessage value_info(const std::string& name, OnnxType type, const std::vector<OnnxAxis>& shape,
                       const std::string& doc) {
  OnnxMessage axes;
  for (const OnnxAxis& axis : shape) {
    OnnxMessage dimension;
    if (axis.name.empty())
      dimension.integer(type_proto::dim_value, axis.length);
    else
      dimension.bytes(type_proto::dim_param, axis.name);
    axes.message(type_proto::dim, dimension);
  }
  OnnxMessage tensor;
  tensor.integer(type_proto::elem_type, number_of(type)).message(type_proto::shape, axes);
  OnnxMessage info;
  info.bytes(value_info_proto::name, name)
      .message(value_info_proto::type, OnnxMessage().message(type_proto::tensor_type, tensor))
      .bytes(value_info_proto::doc_string, doc);
  return info;
}

OnnxMessage named_attribute(const char* name, std::int64_t type) {
  OnnxMessage message;
  message.bytes(attribute_proto::name, name).integer(attribute_proto::type, type);
  return message;
}

OnnxValue pair(const char* operation, const OnnxValue& a, const OnnxValue& b) {
  return a.graph->node(operation, {a, b}, a.type);
}

OnnxValue comparison(const char* operation, const OnnxValue& a, const OnnxValue& b) {
  return a.graph->node(operation, {a, b}, OnnxType::boolean);
}

OnnxValue like(const OnnxValue& x, double value) { return x.graph->scalar(value, x.type); }

}  // namespace

OnnxType onnx_type(Dtype dtype) {
  switch (dtype) {
    case Dtype::float32:
      return OnnxType::float32;
    case Dtype::float64:
      return OnnxType::float64;
    case Dtype::int64:
      return OnnxType::int64;
    default:
      throw Error("export_onnx: expected float32, float64 or int64, got ", dtype);
  }
}

std::string to_string(OnnxType type) {
  switch (type) {
    case OnnxType::float32:
      return "tensor(float)";
    case OnnxType::float64:
      return "tensor(double)";
    case OnnxType::int64:
      return "tensor(int64)";
    case OnnxType::string:
      return "tensor(string)";
    case OnnxType::boolean:
      break;
  }
  return "tensor(bool)";
}

OnnxMessage attribute(const char* name, std::int64_t value) {
  return named_attribute(name, attribute_proto::type_int).integer(attribute_proto::i, value);
}

OnnxMessage attribute(const char* name, const std::vector<std::int64_t>& values) {
  OnnxMessage message = named_attribute(name, attribute_proto::type_ints);
  for (const std::int64_t value : values) message.integer(attribute_proto::ints, value);
  return message;
}

OnnxMessage attribute(const char* name, const std::vector<std::string>& values) {
  OnnxMessage message = named_attribute(name, attribute_proto::type_strings);
  for (const std::string& value : values) message.bytes(attribute_proto::strings, value);
  return message;
}

// ---- OnnxGraph -------------------------------------------------------------------------------------------

std::string OnnxGraph::unique(std::string name) {
  while (!taken_.insert(name).second) name += '_';
  return name;
}

std::string OnnxGraph::numbered(const std::string& kind) {
  std::string name = kind + '_' + std::to_string(++counts_[kind]);
  while (taken_.count(name) != 0) name += '_';
  return name;
}

OnnxValue OnnxGraph::input(const std::string& name, OnnxType type, const std::vector<OnnxAxis>& shape,
                           const std::string& doc) {
  inputs_.message(graph_proto::input, value_info(name, type, shape, doc));
  return {this, name, type};
}

void OnnxGraph::output(const std::string& name, const OnnxValue& value, const std::vector<OnnxAxis>& shape,
                       const std::string& doc) {
  add_node("Identity", {value}, name, {}, "");
  outputs_.message(graph_proto::output, value_info(name, value.type, shape, doc));
}

OnnxValue OnnxGraph::add_constant(const std::string& name, const Shape& shape, OnnxType type,
                                  const OnnxMessage& data) {
  const std::string own = unique(name);
  OnnxMessage tensor;
  for (const std::size_t length : shape)
    tensor.integer(tensor_proto::dims, static_cast<std::int64_t>(length));
  tensor.integer(tensor_proto::data_type, number_of(type)).bytes(tensor_proto::name, own);
  constants_.message(graph_proto::initializer, tensor.append(data));
  return {this, own, type};
}

OnnxValue OnnxGraph::constant(const Array& values, const std::string& name) {
  const Array own = values.to(Device::cpu());
  const std::string_view bytes(static_cast<const char*>(own.raw_data()), own.nbytes());
  return add_constant(name, own.shape(), onnx_type(own.dtype()),
                      OnnxMessage().bytes(tensor_proto::raw_data, bytes));
}

OnnxValue OnnxGraph::constant(const std::vector<double>& values, OnnxType type) {
  const Array array(values);
  return constant(type == OnnxType::float32 ? array.astype(Dtype::float32) : array);
}

OnnxValue OnnxGraph::constant(const std::vector<std::int64_t>& values) { return constant(Array(values)); }

OnnxValue OnnxGraph::constant(const std::vector<std::string>& values) {
  OnnxMessage data;
  for (const std::string& value : values) data.bytes(tensor_proto::string_data, value);
  return add_constant(numbered("texts"), {values.size()}, OnnxType::string, data);
}

OnnxValue OnnxGraph::scalar(double value, OnnxType type) {
  const auto found = scalars_.find({value, type});
  if (found != scalars_.end()) return {this, found->second, type};
  const Dtype dtype = type == OnnxType::float32   ? Dtype::float32
                      : type == OnnxType::float64 ? Dtype::float64
                                                  : Dtype::int64;
  OnnxValue made = constant(Array::full({}, value, dtype), numbered("scalar"));
  scalars_.emplace(std::pair(value, type), made.name);
  return made;
}

void OnnxGraph::add_node(const char* operation, const std::vector<OnnxValue>& inputs,
                         const std::string& output, const std::vector<OnnxMessage>& attributes,
                         const char* domain) {
  OnnxMessage node;
  for (const OnnxValue& input : inputs) node.bytes(node_proto::input, input.name);
  node.bytes(node_proto::output, output)
      .bytes(node_proto::name, output)
      .bytes(node_proto::op_type, operation);
  for (const OnnxMessage& each : attributes) node.message(node_proto::attribute, each);
  if (*domain != '\0') node.bytes(node_proto::domain, domain);
  nodes_.message(graph_proto::node, node);
}

OnnxValue OnnxGraph::node(const char* operation, const std::vector<OnnxValue>& inputs, OnnxType type,
                          const std::vector<OnnxMessage>& attributes, const char* domain) {
  const std::string name = unique(numbered(operation));
  add_node(operation, inputs, name, attributes, domain);
  return {this, name, type};
}

OnnxMessage OnnxGraph::message(const std::string& name) const {
  OnnxMessage graph = nodes_;
  return graph.bytes(graph_proto::name, name).append(constants_).append(inputs_).append(outputs_);
}

// ---- formulas --------------------------------------------------------------------------------------------

OnnxValue operator+(const OnnxValue& a, const OnnxValue& b) { return pair("Add", a, b); }
OnnxValue operator-(const OnnxValue& a, const OnnxValue& b) { return pair("Sub", a, b); }
OnnxValue operator*(const OnnxValue& a, const OnnxValue& b) { return pair("Mul", a, b); }
OnnxValue operator/(const OnnxValue& a, const OnnxValue& b) { return pair("Div", a, b); }
OnnxValue operator+(const OnnxValue& a, double b) { return a + like(a, b); }
OnnxValue operator-(const OnnxValue& a, double b) { return a - like(a, b); }
OnnxValue operator*(const OnnxValue& a, double b) { return a * like(a, b); }
OnnxValue operator/(const OnnxValue& a, double b) { return a / like(a, b); }
OnnxValue operator-(double a, const OnnxValue& b) { return like(b, a) - b; }

OnnxValue equal(const OnnxValue& a, const OnnxValue& b) { return comparison("Equal", a, b); }
OnnxValue equal(const OnnxValue& a, double b) { return equal(a, like(a, b)); }
OnnxValue less(const OnnxValue& a, double b) { return comparison("Less", a, like(a, b)); }
OnnxValue less_or_equal(const OnnxValue& a, const OnnxValue& b) { return comparison("LessOrEqual", a, b); }
OnnxValue less_or_equal(const OnnxValue& a, double b) { return less_or_equal(a, like(a, b)); }
OnnxValue greater_or_equal(const OnnxValue& a, double b) {
  return comparison("GreaterOrEqual", a, like(a, b));
}
OnnxValue is_nan(const OnnxValue& x) { return x.graph->node("IsNaN", {x}, OnnxType::boolean); }

OnnxValue where(const OnnxValue& condition, const OnnxValue& a, const OnnxValue& b) {
  return a.graph->node("Where", {condition, a, b}, a.type);
}
OnnxValue where(const OnnxValue& condition, double a, const OnnxValue& b) {
  return where(condition, like(b, a), b);
}
OnnxValue where(const OnnxValue& condition, const OnnxValue& a, double b) {
  return where(condition, a, like(a, b));
}

OnnxValue unary(const char* operation, const OnnxValue& x) { return x.graph->node(operation, {x}, x.type); }

OnnxValue clip(const OnnxValue& x, double low, double high) {
  return x.graph->node("Clip", {x, like(x, low), like(x, high)}, x.type);
}

OnnxValue cast(const OnnxValue& x, OnnxType type) {
  if (x.type == type) return x;
  return x.graph->node("Cast", {x}, type, {attribute("to", number_of(type))});
}

OnnxValue gather(const OnnxValue& values, const OnnxValue& index, std::int64_t axis) {
  return values.graph->node("Gather", {values, index}, values.type, {attribute("axis", axis)});
}

OnnxValue column(const OnnxValue& x, std::size_t c) {
  return gather(x, x.graph->constant(std::vector<std::int64_t>{static_cast<std::int64_t>(c)}), 1);
}

OnnxValue concat(const std::vector<OnnxValue>& values) {
  if (values.size() == 1) return values[0];
  return values[0].graph->node("Concat", values, values[0].type, {attribute("axis", std::int64_t{1})});
}

OnnxValue softmax(const OnnxValue& x, std::int64_t axis) {
  return x.graph->node("Softmax", {x}, x.type, {attribute("axis", axis)});
}

OnnxValue row_sums(const OnnxValue& x) {
  return x.graph->node("ReduceSum", {x, x.graph->constant(std::vector<std::int64_t>{1})}, x.type);
}

OnnxValue log1p(const OnnxValue& x) {
  // The rounding error of 1 + x cancels (Kahan).
  const OnnxValue u = x + 1, rounded = u - 1;
  return where(equal(rounded, 0), x, unary("Log", u) * (x / rounded));
}

OnnxValue sigmoid(const OnnxValue& x) {
  const OnnxValue e = unary("Exp", unary("Neg", unary("Abs", x)));
  return where(less(x, 0), e, 1) / (e + 1);
}

OnnxValue finite(const OnnxValue& x) {
  if (!x.graph->checks()) return x;
  // x - x is 0 where x is finite, otherwise NaN.
  const OnnxValue index = cast(is_nan(x - x), OnnxType::int64);
  return x + gather(x.graph->constant({0.0}, x.type), index);
}

}  // namespace tenbin::detail
