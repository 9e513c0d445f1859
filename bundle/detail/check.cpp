#include "tenbin/bundle/detail/check.h"

#include "tenbin/core/config.h"
#include "tenbin/serializers/array_file.h"

namespace tenbin::detail {

namespace {

// The number of classes that the network tells apart, from its output for one row. A bundle without pipeline
// does not know the width of a row: 0.
std::size_t classes_of_network(const char* owner, const Bundle& bundle) {
  if (!bundle.pipeline) return 0;
  const NoBackprop no_backprop;
  const TestMode test_mode;
  const Array row = Array::zeros({1, bundle.pipeline->n_features()});
  try {
    return bundle.calibration(bundle.network(Variable(row, false)).data()).shape()[1];
  } catch (const Error& error) {
    throw Error(
        owner, ": the network does not take the ", bundle.pipeline->n_features(),
        " features of the pipeline, or its outputs are no logits for the calibration: ", error.what());
  }
}

void require_same(const char* owner, const char* part, std::size_t got, std::size_t expected) {
  if (got != 0 && got != expected)
    throw Error(owner, ": ", part, " has ", got, " classes, there are names for ", expected);
}

}  // namespace

Bundle checked_bundle(const char* owner, const Bundle& bundle) {
  Bundle checked = bundle;
  if (!checked.network) throw Error(owner, ": the network is empty");
  checked.network.link().visit_named([&](const std::string& path, const Parameter& parameter) {
    if (!parameter.is_initialized())
      throw Error(owner, ": the network's parameter ", path, " is not initialised");
    if (parameter.device() != Device::cpu())
      throw Error(owner, ": the network's parameter ", path, " is on ", parameter.device(),
                  ", expected it on the CPU: pass a copy, copy(model).to(Device::cpu())");
  });
  const std::vector<std::string> fitted =
      checked.pipeline ? checked.pipeline->classes() : std::vector<std::string>();
  if (checked.classes.empty()) checked.classes = fitted;
  if (!fitted.empty() && fitted != checked.classes)
    throw Error(owner, ": the classes are ", listed(checked.classes), ", those of the pipeline ",
                listed(fitted));
  if (checked.classes.size() < 2)
    throw Error(owner, ": expected the names of two classes or more, got ", listed(checked.classes));
  const std::size_t n_class = checked.classes.size();
  require_same(owner, "the calibration", checked.calibration.n_class(), n_class);
  require_same(owner, "the decision", checked.decision.n_class(), n_class);
  require_same(owner, "the network", classes_of_network(owner, checked), n_class);
  return checked;
}

}  // namespace tenbin::detail
