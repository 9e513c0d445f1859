#include "tenbin/links/layer_function.h"

#include <algorithm>
#include <variant>
#include <vector>

#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/functions/activation/clipped_relu.h"
#include "tenbin/functions/activation/elu.h"
#include "tenbin/functions/activation/gelu.h"
#include "tenbin/functions/activation/hard_sigmoid.h"
#include "tenbin/functions/activation/leaky_relu.h"
#include "tenbin/functions/activation/log_softmax.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/activation/sigmoid.h"
#include "tenbin/functions/activation/softmax.h"
#include "tenbin/functions/activation/softplus.h"
#include "tenbin/functions/activation/tanh.h"
#include "tenbin/functions/math/basic_math.h"
#include "tenbin/functions/math/exponential.h"
#include "tenbin/functions/math/sqrt.h"
#include "tenbin/functions/math/square.h"
#include "tenbin/functions/noise/dropout.h"

namespace tenbin::detail {

namespace {

using Unary = Variable (*)(const Variable&);
using WithNumber = Variable (*)(const Variable&, double);
using WithAxis = Variable (*)(const Variable&, int);

struct KnownFunction {
  const char* name;
  std::variant<Unary, WithNumber, WithAxis> function;
};

// The functions that a saved model can have as layers, by the names of their documentation.
const std::vector<KnownFunction>& known_functions() {
  static const std::vector<KnownFunction> all = {
      {"abs", static_cast<Unary>(tenbin::abs)},
      {"absolute", absolute},
      {"clipped_relu", clipped_relu},
      {"dropout", static_cast<WithNumber>(dropout)},
      {"elu", elu},
      {"exp", static_cast<Unary>(tenbin::exp)},
      {"gelu", gelu},
      {"hard_sigmoid", hard_sigmoid},
      {"leaky_relu", leaky_relu},
      {"log", static_cast<Unary>(tenbin::log)},
      {"log_softmax", log_softmax},
      {"relu", relu},
      {"relu6", relu6},
      {"sigmoid", sigmoid},
      {"softmax", softmax},
      {"softplus", softplus},
      {"sqrt", static_cast<Unary>(tenbin::sqrt)},
      {"square", square},
      {"tanh", static_cast<Unary>(tenbin::tanh)},
  };
  return all;
}

const KnownFunction* find(const std::string& name) {
  const auto& all = known_functions();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const KnownFunction& known) { return known.name == name; });
  return found == all.end() ? nullptr : &*found;
}

template <class F>
const char* name_of(F function) {
  for (const KnownFunction& known : known_functions())
    if (const F* const each = std::get_if<F>(&known.function); each != nullptr && *each == function)
      return known.name;
  return nullptr;
}

std::string known_names() {
  std::vector<std::string> names;
  for (const KnownFunction& known : known_functions()) names.emplace_back(known.name);
  return joined(names);
}

}  // namespace

LinkConfig config_of(const LayerFunction& function, const std::string& owner) {
  if (const auto* const unary = function.target<Unary>()) {
    if (const char* const name = name_of(*unary)) return LinkConfig(name);
  } else if (const auto* const with_number = function.target<BoundFunction<double>>()) {
    if (const char* const name = name_of(with_number->function))
      return LinkConfig(name).set("argument", with_number->argument);
  } else if (const auto* const with_axis = function.target<BoundFunction<int>>()) {
    if (const char* const name = name_of(with_axis->function))
      return LinkConfig(name).set("argument", with_axis->argument);
  }
  throw Error(owner, " is a function without a name, which cannot be saved; expected one of ", known_names(),
              ", if it has an argument with it bound by with_arguments, or a link that is registered "
              "(register_link)");
}

bool is_function(const LinkConfig& config) { return find(config.kind()) != nullptr; }

LayerFunction function_of(const LinkConfig& config) {
  const KnownFunction* const known = find(config.kind());
  if (known == nullptr)
    throw Error("LinkConfig: there is no function \"", printable(config.kind()), "\"; there are ",
                known_names());
  if (const auto* const with_number = std::get_if<WithNumber>(&known->function))
    return BoundFunction<double>{*with_number, config.number("argument")};
  if (const auto* const with_axis = std::get_if<WithAxis>(&known->function)) {
    const std::int64_t axis = config.integer("argument");
    if (axis != static_cast<int>(axis))
      throw Error("LinkConfig: ", known->name, ": \"argument\": expected an axis, got ", axis);
    return BoundFunction<int>{*with_axis, static_cast<int>(axis)};
  }
  return std::get<Unary>(known->function);
}

}  // namespace tenbin::detail
