// A graph of ONNX operators, and values of it that are written as formulas. Internal.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "tenbin/bundle/detail/onnx_message.h"
#include "tenbin/core/array.h"

namespace tenbin::detail {

// By the numbers of onnx.proto.
enum class OnnxType : unsigned char { float32 = 1, int64 = 7, string = 8, boolean = 9, float64 = 11 };

OnnxType onnx_type(Dtype dtype);
// "tensor(double)", as onnxruntime spells it.
std::string to_string(OnnxType type);

class OnnxGraph;

// A tensor in the graph.
struct OnnxValue {
  OnnxGraph* graph;
  std::string name;
  OnnxType type;
};

// An attribute of a node.
OnnxMessage attribute(const char* name, std::int64_t value);
OnnxMessage attribute(const char* name, const std::vector<std::int64_t>& values);
OnnxMessage attribute(const char* name, const std::vector<std::string>& values);

// An axis: a length, or a name for one that may vary.
struct OnnxAxis {
  std::int64_t length = 0;
  std::string name = {};
};

class OnnxGraph {
 public:
  // With `checks`, what is an error in the library makes a runtime fail: see `finite`.
  explicit OnnxGraph(bool checks) : checks_(checks) {}
  OnnxGraph(const OnnxGraph&) = delete;
  OnnxGraph& operator=(const OnnxGraph&) = delete;

  bool checks() const { return checks_; }
  // The name, with "_" appended while it is taken. It is taken from now on.
  std::string unique(std::string name);

  // `name`: of `unique`.
  OnnxValue input(const std::string& name, OnnxType type, const std::vector<OnnxAxis>& shape,
                  const std::string& doc);
  void output(const std::string& name, const OnnxValue& value, const std::vector<OnnxAxis>& shape,
              const std::string& doc);
  // float32, float64 or int64. `name`: a wish.
  OnnxValue constant(const Array& values, const std::string& name);
  OnnxValue constant(const Array& values) { return constant(values, numbered("constant")); }
  OnnxValue constant(const std::vector<double>& values, OnnxType type);
  OnnxValue constant(const std::vector<std::int64_t>& values);
  OnnxValue constant(const std::vector<std::string>& values);
  // Without axes, rounded to the type.
  OnnxValue scalar(double value, OnnxType type);
  // The first output of a node. `domain`: empty for ai.onnx.
  OnnxValue node(const char* operation, const std::vector<OnnxValue>& inputs, OnnxType type,
                 const std::vector<OnnxMessage>& attributes = {}, const char* domain = "");

  // The GraphProto.
  OnnxMessage message(const std::string& name) const;

 private:
  // "Add_1", "Add_2": a name that is not taken yet.
  std::string numbered(const std::string& kind);
  void add_node(const char* operation, const std::vector<OnnxValue>& inputs, const std::string& output,
                const std::vector<OnnxMessage>& attributes, const char* domain);
  OnnxValue add_constant(const std::string& name, const Shape& shape, OnnxType type, const OnnxMessage& data);

  bool checks_;
  std::unordered_set<std::string> taken_;
  std::map<std::string, std::size_t> counts_;  // of `numbered`
  std::map<std::pair<double, OnnxType>, std::string> scalars_;
  OnnxMessage nodes_, constants_, inputs_, outputs_;
};

// Formulas. A double becomes a scalar of the other operand's type.
OnnxValue operator+(const OnnxValue& a, const OnnxValue& b);
OnnxValue operator-(const OnnxValue& a, const OnnxValue& b);
OnnxValue operator*(const OnnxValue& a, const OnnxValue& b);
OnnxValue operator/(const OnnxValue& a, const OnnxValue& b);
OnnxValue operator+(const OnnxValue& a, double b);
OnnxValue operator-(const OnnxValue& a, double b);
OnnxValue operator*(const OnnxValue& a, double b);
OnnxValue operator/(const OnnxValue& a, double b);
OnnxValue operator-(double a, const OnnxValue& b);

OnnxValue equal(const OnnxValue& a, const OnnxValue& b);
OnnxValue equal(const OnnxValue& a, double b);
OnnxValue less(const OnnxValue& a, double b);
OnnxValue less_or_equal(const OnnxValue& a, const OnnxValue& b);
OnnxValue less_or_equal(const OnnxValue& a, double b);
OnnxValue greater_or_equal(const OnnxValue& a, double b);
OnnxValue is_nan(const OnnxValue& x);
OnnxValue where(const OnnxValue& condition, const OnnxValue& a, const OnnxValue& b);
OnnxValue where(const OnnxValue& condition, double a, const OnnxValue& b);
OnnxValue where(const OnnxValue& condition, const OnnxValue& a, double b);

// Abs, Exp, Log, Neg, Relu, Sqrt, Tanh: of x's type and shape.
OnnxValue unary(const char* operation, const OnnxValue& x);
OnnxValue clip(const OnnxValue& x, double low, double high);
OnnxValue cast(const OnnxValue& x, OnnxType type);
// Entries of `values` along an axis.
OnnxValue gather(const OnnxValue& values, const OnnxValue& index, std::int64_t axis = 0);
// Column `c` of (N, K): (N, 1).
OnnxValue column(const OnnxValue& x, std::size_t c);
// Along axis 1.
OnnxValue concat(const std::vector<OnnxValue>& values);
OnnxValue softmax(const OnnxValue& x, std::int64_t axis);
// Sums along axis 1: (N, 1).
OnnxValue row_sums(const OnnxValue& x);

// log(1 + x) and the logistic sigmoid to the precision of x's type: onnxruntime's own Sigmoid has an error of
// 4e-8 in float64, and is 0 below -37.
OnnxValue log1p(const OnnxValue& x);
OnnxValue sigmoid(const OnnxValue& x);

// x, if all of it is finite. Otherwise an index that Gather does not have: the specification calls that an
// error, and onnxruntime stops with it. Without the graph's checks: x.
OnnxValue finite(const OnnxValue& x);

}  // namespace tenbin::detail
