#include "tenbin/training/observation.h"

#include <algorithm>

#include "tenbin/serializers/state.h"

namespace tenbin {

namespace {

thread_local ReportScope* current_scope = nullptr;

}  // namespace

Observation::Entry& Observation::entry(const std::string& key) {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.key == key; });
  if (found != entries_.end()) return *found;
  entries_.push_back({key, 0, {}, 1, false});
  return entries_.back();
}

void Observation::set(const std::string& key, double value, double weight) {
  Entry& slot = entry(key);
  slot.value = value;
  slot.on_device = {};
  slot.weight = weight;
  slot.is_set = true;
}

void Observation::set(const std::string& key, const Array& value, double weight) {
  if (value.size() != 1) throw Error("report: '", key, "': expected one element, got ", value);
  if (value.device().is_cpu()) return set(key, value.item(), weight);
  Entry& slot = entry(key);
  slot.on_device = value.dtype() == Dtype::float64 ? value.copy() : value.astype(Dtype::float64);
  slot.weight = weight;
  slot.is_set = true;
}

std::optional<double> Observation::get(const std::string& key) const {
  for (const Entry& entry : entries_)
    if (entry.is_set && entry.key == key) return entry.read();
  return std::nullopt;
}

void Observation::clear() {
  for (Entry& entry : entries_) {
    entry.is_set = false;
    entry.on_device = {};
  }
}

ReportScope::ReportScope(Observation& observation, std::string prefix, double weight)
    : observation_(&observation), prefix_(std::move(prefix)), weight_(weight), outer_(current_scope) {
  current_scope = this;
}

ReportScope::~ReportScope() { current_scope = outer_; }

ReportScope* ReportScope::current() { return current_scope; }

void report(const std::string& key, double value) {
  if (current_scope == nullptr) return;
  ReportScope& scope = *current_scope;
  scope.key_.assign(scope.prefix_).append(key);
  scope.observation_->set(scope.key_, value, scope.weight_);
}

void report(const std::string& key, const Array& value) {
  if (current_scope == nullptr) return;
  ReportScope& scope = *current_scope;
  scope.key_.assign(scope.prefix_).append(key);
  scope.observation_->set(scope.key_, value, scope.weight_);
}

namespace detail {

double Means::Mean::value() const {
  double total = sum;
  for (const auto& [each, values] : on_device) total += each * values.item();
  return total / weight;
}

void Means::add(const Observation& observation) {
  observation.for_each([this](const Observation::Entry& entry) { add(entry); });
}

void Means::add(const Observation::Entry& entry) {
  const auto found =
      std::find_if(means_.begin(), means_.end(), [&](const Mean& mean) { return mean.key == entry.key; });
  Mean& mean = found != means_.end() ? *found : means_.emplace_back(Mean{entry.key});
  if (entry.weight == 0) return;
  mean.weight += entry.weight;
  if (!entry.on_device) {
    mean.sum += entry.weight * entry.value;
    return;
  }
  for (auto& [weight, sum] : mean.on_device)
    if (weight == entry.weight) {
      if (sum.device() != entry.on_device.device()) sum = sum.to(entry.on_device.device());
      return sum.add(entry.on_device);
    }
  mean.on_device.emplace_back(entry.weight, entry.on_device.copy());
}

void Means::clear() {
  for (Mean& mean : means_) {
    mean.sum = mean.weight = 0;
    mean.on_device.clear();
  }
}

std::vector<std::pair<std::string, double>> Means::values() const {
  std::vector<std::pair<std::string, double>> values;
  for (const Mean& mean : means_)
    if (mean.weight != 0) values.emplace_back(mean.key, mean.value());
  return values;
}

std::optional<double> Means::value(const std::string& key) const {
  for (const Mean& mean : means_)
    if (mean.key == key && mean.weight != 0) return mean.value();
  return std::nullopt;
}

std::vector<std::string> Means::keys() const {
  std::vector<std::string> keys;
  for (const Mean& mean : means_) keys.push_back(mean.key);
  return keys;
}

bool Means::has_key(const std::string& key) const {
  return std::any_of(means_.begin(), means_.end(), [&](const Mean& mean) { return mean.key == key; });
}

// `sums`: for every key its sum, its weight and the number of sums on a GPU, then their weights and values.
NamedArrays Means::save_state() const {
  std::vector<double> sums;
  for (const Mean& mean : means_) {
    sums.insert(sums.end(), {mean.sum, mean.weight, static_cast<double>(mean.on_device.size())});
    for (const auto& [weight, sum] : mean.on_device) sums.insert(sums.end(), {weight, sum.item()});
  }
  return {{"keys", names_state(keys())}, {"sums", Array(sums)}};
}

std::function<void()> Means::prepare_load(StateReader& reader) {
  const std::vector<std::string> keys = read_names(reader, "keys");
  const std::vector<double> sums = read_numbers(reader, "sums");
  std::vector<Mean> means;
  std::size_t i = 0;
  const auto next = [&] {
    if (i == sums.size()) reader.fail("sums", "expected sums of ", keys.size(), " keys, got ", i, " numbers");
    return sums[i++];
  };
  for (const std::string& key : keys) {
    Mean mean{key};
    mean.sum = next();
    mean.weight = next();
    for (double left = next(); left > 0; --left) {
      const double weight = next();
      mean.on_device.emplace_back(weight, Array::scalar(next(), Dtype::float64));
    }
    means.push_back(std::move(mean));
  }
  if (i != sums.size()) reader.fail("sums", "expected ", i, " numbers, got ", sums.size());
  return [this, means = std::move(means)]() mutable { means_ = std::move(means); };
}

}  // namespace detail

}  // namespace tenbin
