#include "tenbin/comparison/method.h"

#include <algorithm>
#include <cmath>

#include "tenbin/comparison/detail/measure.h"
#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/text_table.h"
#include "tenbin/training/predict.h"

namespace tenbin {

Array TrainedClassifier::predict_proba(const Array& x, std::size_t n_class) const {
  if (!probabilities && !network) throw Error("TrainedClassifier: it has neither a network nor a function");
  Array p = probabilities ? probabilities(x) : calibration(predict(ModelFunction(network), x));
  if (!p || p.shape() != Shape{x.shape()[0], n_class} || !is_floating(p.dtype()))
    throw Error("TrainedClassifier: expected probabilities (", x.shape()[0], ", ", n_class, "), got ", p);
  p = p.to(Device::cpu()).astype(Dtype::float32);
  detail::require_probabilities("TrainedClassifier", p);
  return p;
}

double MethodSettings::operator[](const std::string& name) const {
  const auto at = values_.find(name);
  if (at == values_.end())
    throw Error("MethodSettings: no setting is named \"", printable(name), "\"; there are ",
                detail::escaped(to_string()));
  return at->second;
}

std::string MethodSettings::to_string() const {
  std::vector<std::string> texts;
  for (const auto& [name, value] : values_) texts.push_back(detail::text_of(name, ' ', value));
  return detail::joined(texts);
}

ComparisonMethods::ComparisonMethods(std::initializer_list<ComparisonMethod> methods) {
  for (const ComparisonMethod& method : methods) add(method);
}

ComparisonMethods& ComparisonMethods::add(ComparisonMethod method) {
  constexpr const char* function = "ComparisonMethods::add";
  if (method.name.empty()) throw Error(function, ": expected a name, got an empty one");
  if (contains(method.name))
    throw Error(function, ": there is a method \"", printable(method.name), "\" already");
  if (!method.train) throw Error(function, ": the function of \"", printable(method.name), "\" is empty");
  for (const MethodSetting& setting : method.settings) {
    const auto same = [&](const MethodSetting& other) { return other.name == setting.name; };
    if (setting.name.empty() || std::count_if(method.settings.begin(), method.settings.end(), same) > 1)
      throw Error(function, ": the settings of \"", printable(method.name), "\" need different names, got \"",
                  printable(setting.name), "\"");
  }
  methods_.push_back(std::move(method));
  return *this;
}

ComparisonMethods& ComparisonMethods::add(const std::string& name, TrainMethod train,
                                          std::vector<MethodSetting> settings) {
  ComparisonMethod method;
  method.name = name;
  method.train = std::move(train);
  method.settings = std::move(settings);
  return add(std::move(method));
}

ComparisonMethods ComparisonMethods::select(const std::vector<std::string>& names) const {
  ComparisonMethods chosen;
  for (const std::string& name : names) chosen.add((*this)[name]);
  return chosen;
}

const ComparisonMethod& ComparisonMethods::operator[](const std::string& name) const {
  for (const ComparisonMethod& method : methods_)
    if (method.name == name) return method;
  throw Error("ComparisonMethods: no method is named \"", printable(name), "\"; there are ",
              detail::escaped(detail::joined(names())));
}

bool ComparisonMethods::contains(const std::string& name) const {
  return std::any_of(methods_.begin(), methods_.end(),
                     [&](const ComparisonMethod& method) { return method.name == name; });
}

std::vector<std::string> ComparisonMethods::names() const {
  std::vector<std::string> all;
  for (const ComparisonMethod& method : methods_) all.push_back(method.name);
  return all;
}

}  // namespace tenbin
