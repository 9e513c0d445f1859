#include "tenbin/optimizers/optimizer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "tenbin/core/detail/accelerator.h"
#include "tenbin/core/text.h"
#include "tenbin/optimizers/detail/optimizer_entry.h"
#include "tenbin/serializers/npz.h"

namespace tenbin {

// Parameters that are moved into the same arrays.
struct Optimizer::Buffer {
  Dtype dtype;
  Device device;
  Optimizer* rule;
  bool is_frozen;
  std::size_t count = 0;
  FlatParameters flat = {};

  bool fits(const Buffer& other) const {
    return dtype == other.dtype && device == other.device && rule == other.rule &&
           is_frozen == other.is_frozen;
  }
};

struct Optimizer::NamedHook {
  std::string name;
  std::unique_ptr<OptimizerHook> hook;
};

namespace {

// Whether a parameter has a place in the arrays, and a state.
bool is_kept(const Parameter& parameter) { return parameter.is_trainable() && parameter.is_initialized(); }

Array part(const Array& flat, std::size_t begin, const Shape& shape) {
  return flat.slice(begin, begin + element_count(shape)).reshape(shape);
}

}  // namespace

// After a mismatch, the last `*` takes one more character.
bool path_matches(const std::string& pattern, const std::string& path) {
  std::size_t p = 0, i = 0;
  std::size_t after_star = std::string::npos, retry = 0;
  while (i < path.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      retry = i;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == path[i])) {
      ++p;
      ++i;
    } else if (after_star != std::string::npos) {
      p = after_star;
      i = ++retry;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string::npos;
}

std::int64_t OptimizerHook::updates_done() const {
  if (optimizer_ == nullptr) throw Error(name(), ": no optimizer has this hook");
  return optimizer_->t();
}

Optimizer::Optimizer() = default;
Optimizer::~Optimizer() = default;

// The first words of errors that may be of a group.
std::string Optimizer::title() const {
  return owner_ == nullptr ? name() : owner_->name() + ": group '" + pattern_ + "'";
}

void Optimizer::require_not_group(const char* call) const {
  if (owner_ != nullptr) throw Error(title(), ": ", call, ": call it of the optimizer, not of a group");
}

// First of this rule, then of its groups.
template <class F>
void Optimizer::each_rule(F&& f) {
  f(*this);
  for (const auto& group : groups_) f(*group);
}

Optimizer& Optimizer::set_up(const Link& model, std::size_t bytes) {
  require_not_group("setup");
  if (!model) throw Error(name(), ": setup: the model has been moved from");
  bool is_trained = false;
  model.visit([&](const Parameter& parameter) { is_trained = is_trained || parameter.is_trainable(); });
  if (!is_trained)
    throw Error(name(), ": setup: the model (", model.kind(),
                ") has no parameters to train; register them with param(), its layers with link()");
  if (const std::string path = model.replaced_member(bytes); !path.empty())
    throw Error(name(), ": setup: the member that was registered as '", path, "' of the model (",
                model.kind(),
                ") is another link now, which would not be trained: when it was assigned, the old link had "
                "other handles, so that it is still registered; replace it by relink(\"",
                path.substr(path.rfind('/') + 1), "\", ...)");
  require_matches(model);
  const Array t = Array::scalar(0, Dtype::int64), epoch = Array::scalar(0, Dtype::int64);
  each_rule([](Optimizer& rule) { rule.listed(); });
  auto holder = std::make_unique<Link>(Link::holder_of(model));
  std::swap(holder_, holder);
  std::vector<Entry> entries;
  std::swap(entries_, entries);
  try {
    flatten();
  } catch (...) {
    std::swap(holder_, holder);
    std::swap(entries_, entries);
    throw;
  }
  each_rule([&](Optimizer& rule) {
    rule.t_ = t;
    rule.epoch_ = epoch;
  });
  return *this;
}

Link Optimizer::target() const {
  if (!holder_) throw Error(name(), ": target before setup: call setup(model) first");
  return model();
}

void Optimizer::update() {
  require_not_group("update");
  if (!holder_) throw Error(name(), ": update before setup");
  if (!is_flat() && accelerator::is_capturing())
    throw Error(name(),
                ": a captured step cannot move the parameters into one buffer: update once before it");
  if (!is_flat()) flatten();
  check_hyperparameters();
  if (accelerator::is_capturing()) prepare_replay();
  zero_missing_gradients();
  for (const NamedHook& named : hooks_) (*named.hook)(all_flats(), t());
  for (const auto& group : groups_)
    for (const NamedHook& named : group->hooks_) (*named.hook)(group->flats_, t());
  each_rule([next = t() + 1](Optimizer& rule) { rule.update_flats(next); });
  const auto count = [this] {
    ++*t_.data<std::int64_t>();
    for (FlatParameters& flat : all_flats()) flat.data.mark_changed();
  };
  count();
  accelerator::on_replay(count);
  model().visit([](const Parameter& parameter) { parameter.registration_->mark_replaced(); });
}

void Optimizer::update_flats(std::int64_t t) {
  for (FlatParameters& flat : flats_) flat.data.device().is_cpu() ? update_cpu(flat, t) : update_gpu(flat, t);
}

// What a replay of a captured step does instead of `update`, before it launches kernels.
void Optimizer::prepare_replay() {
  for (const FlatParameters& flat : all_flats()) {
    accelerator::keep_for_replay(flat.data);
    accelerator::keep_for_replay(flat.grad);
    for (const Array& state : flat.states) accelerator::keep_for_replay(state);
  }
  accelerator::on_replay(
      [this, flattenings = flattenings_, hook_changes = hook_changes(), group_count = groups_.size()] {
        const auto require_same = [this](bool same, const char* change) {
          if (!same)
            throw Error(name(), ": ", change, " since the step was captured; make a new CapturedStep");
        };
        require_same(group_count == groups_.size(), "groups have been added");
        require_same(is_frozen_as_before(), "parameters have been frozen or unfrozen");
        require_same(flattenings == flattenings_ && is_flat(), "the parameters have been replaced or moved");
        require_same(hook_changes == this->hook_changes(), "hooks have been added or removed");
        check_hyperparameters();
      });
}

std::size_t Optimizer::hook_changes() const {
  std::size_t changes = hook_changes_;
  for (const auto& group : groups_) changes += group->hook_changes_;
  return changes;
}

bool Optimizer::is_frozen_as_before() const {
  return std::all_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return entry.parameter.requires_grad() == !entry.is_frozen; });
}

bool Optimizer::is_flat() const {
  const auto has_states = [](const Optimizer& rule) {
    return rule.state_count_ == rule.state_names().size();
  };
  if (has_new_group_ || !has_states(*this)) return false;
  for (const auto& group : groups_)
    if (!has_states(*group)) return false;
  std::size_t count = 0;
  bool in_place = true;
  model().visit([&](const Parameter& parameter) {
    if (!is_kept(parameter)) return;
    in_place = in_place && count < entries_.size() && entries_[count].is_in_place(parameter);
    ++count;
  });
  return in_place && count == entries_.size();
}

// The number of the last group that matches a path, counted from 1; 0 if there is none.
std::size_t Optimizer::group_of(const std::string& path) const {
  std::size_t number = groups_.size();
  while (number > 0 && !path_matches(groups_[number - 1]->pattern_, path)) --number;
  return number;
}

// Numbers as in `group_of`, by node; empty if there are no groups.
std::unordered_map<const detail::Node*, std::size_t> Optimizer::groups_of_parameters(
    const Link& model) const {
  std::unordered_map<const detail::Node*, std::size_t> numbers;
  if (groups_.empty()) return numbers;
  model.visit_named([&](const std::string& path, const Parameter& parameter) {
    if (!parameter.is_trainable()) return;
    std::size_t& number = numbers[parameter.node_.get()];
    number = std::max(number, group_of(path));
  });
  return numbers;
}

// Errors: a group that has no parameters in `model`.
void Optimizer::require_matches(const Link& model) const {
  const auto numbers = groups_of_parameters(model);
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const auto is_here = [&](const auto& parameter) { return parameter.second == i + 1; };
    if (std::any_of(numbers.begin(), numbers.end(), is_here)) continue;
    std::vector<std::string> paths, matching;
    model.visit_named([&](const std::string& path, const Parameter& parameter) {
      if (!parameter.is_trainable()) return;
      paths.push_back(path);
      if (path_matches(groups_[i]->pattern_, path)) matching.push_back(path);
    });
    if (matching.empty())
      throw Error(groups_[i]->title(), " matches no parameter; there are ", detail::listed(paths));
    throw Error(groups_[i]->title(), " has no parameters: groups that were added later match ",
                detail::listed(matching));
  }
}

// The parameters with their places in `buffers`, which get their sizes here and their arrays later.
std::vector<Optimizer::Entry> Optimizer::list_entries(std::vector<Buffer>& buffers) {
  const auto numbers = groups_of_parameters(model());
  std::vector<Entry> entries;
  std::unordered_map<const detail::Node*, std::size_t> first;  // of the entries that share a parameter
  model().visit_named([&](const std::string& path, const Parameter& parameter) {
    if (!is_kept(parameter)) return;
    parameter.registration_->replaced.push_back(parameter.data());
    const auto [known, is_new] = first.emplace(parameter.node_.get(), entries.size());
    if (!is_new) {
      const Entry& same = entries[known->second];
      entries.push_back({path, parameter, same.rule, same.buffer, same.begin, same.is_frozen, {}, {}, {}});
      return;
    }
    const std::size_t number = numbers.empty() ? 0 : numbers.at(parameter.node_.get());
    Optimizer* const rule = number == 0 ? this : groups_[number - 1].get();
    const Buffer wanted{parameter.dtype(), parameter.device(), rule, !parameter.update_enabled()};
    auto buffer =
        std::find_if(buffers.begin(), buffers.end(), [&](const Buffer& each) { return each.fits(wanted); });
    if (buffer == buffers.end()) buffer = buffers.insert(buffers.end(), wanted);
    const auto index = static_cast<std::size_t>(buffer - buffers.begin());
    const std::size_t begin = buffer->count;
    entries.push_back({path, parameter, rule, index, begin, wanted.is_frozen, {}, {}, {}});
    buffer->count += parameter.size();
    buffer->flat.parameters.push_back({path, parameter.shape(), begin, buffer->count});
  });
  return entries;
}

// Everything that can fail is done before the first parameter changes. The values stay the same, so older
// graphs remain valid until the next change (see detail::Registration).
void Optimizer::flatten() {
  std::vector<Buffer> buffers;
  std::vector<Entry> entries = list_entries(buffers);

  FlatGroups all;
  std::unordered_map<const Optimizer*, FlatGroups> of_rule;
  each_rule([&](Optimizer& rule) { of_rule[&rule]; });
  for (Buffer& buffer : buffers) {
    FlatParameters& flat = buffer.flat;
    flat.data = Array::empty({buffer.count}, buffer.dtype, buffer.device);
    flat.grad = Array::empty({buffer.count}, buffer.dtype, buffer.device);
    for (std::size_t i = 0; i < buffer.rule->state_names().size(); ++i)
      flat.states.push_back(Array::zeros({buffer.count}, buffer.dtype, buffer.device));
    if (buffer.is_frozen) continue;
    of_rule[buffer.rule].push_back(flat);
    if (!groups_.empty()) all.push_back(flat);
  }

  std::unordered_map<const detail::Node*, const Entry*> places_before;
  for (const Entry& old : entries_) places_before.emplace(old.parameter.node_.get(), &old);
  std::vector<std::unique_ptr<Array>> slots;
  for (Entry& entry : entries) {
    const FlatParameters& flat = buffers[entry.buffer].flat;
    const detail::Node& node = *entry.parameter.node_;
    const Shape& shape = entry.parameter.shape();
    entry.data = part(flat.data, entry.begin, shape);
    entry.grad = part(flat.grad, entry.begin, shape);
    for (const Array& state : flat.states) entry.states.push_back(part(state, entry.begin, shape));
    slots.push_back(std::make_unique<Array>(entry.grad));

    entry.data.assign(node.data);
    if (node.grad) entry.grad.assign(node.grad);
    const auto before = places_before.find(&node);
    if (before == places_before.end() || before->second->data.shape() != shape) continue;
    const auto& states = before->second->states;
    for (std::size_t i = 0; i < std::min(entry.states.size(), states.size()); ++i)
      entry.states[i].assign(states[i].astype(entry.data.dtype()).to(entry.data.device()));
  }

  for (std::size_t i = 0; i < entries.size(); ++i) {
    detail::Node& node = *entries[i].parameter.node_;
    node.data = entries[i].data;
    node.grad_slot = std::move(slots[i]);
    node.slot_taken = false;
    if (node.grad) node.grad = entries[i].grad;
  }
  entries_ = std::move(entries);
  all_flats_ = std::move(all);
  each_rule([&](Optimizer& rule) {
    rule.flats_ = std::move(of_rule[&rule]);
    rule.state_count_ = rule.state_names().size();
  });
  has_new_group_ = false;
  ++flattenings_;
}

void Optimizer::zero_missing_gradients() {
  for (Entry& entry : entries_)
    if (!entry.is_frozen && !entry.parameter.grad()) entry.grad.fill(0);
}

void Optimizer::insert_group(const std::string& pattern, std::unique_ptr<Optimizer> rule) {
  require_not_group("group");
  if (pattern.empty()) throw Error(name(), ": group: the pattern is empty");
  for (const auto& other : groups_)
    if (other->pattern_ == pattern) throw Error(name(), ": there is a group '", pattern, "' already");
  rule->owner_ = this;
  rule->pattern_ = pattern;
  rule->t_ = t_;
  rule->epoch_ = epoch_;
  rule->listed();
  groups_.push_back(std::move(rule));
  try {
    if (holder_) require_matches(model());
  } catch (...) {
    groups_.pop_back();
    throw;
  }
  has_new_group_ = true;
}

std::vector<Optimizer*> Optimizer::groups() const {
  std::vector<Optimizer*> all;
  for (const auto& group : groups_) all.push_back(group.get());
  return all;
}

void Optimizer::insert_hook(std::unique_ptr<OptimizerHook> hook, std::string name) {
  if (name.empty()) name = hook->name();
  for (const NamedHook& other : hooks_)
    if (other.name == name) throw Error(title(), ": there is a hook '", name, "' already");
  hook->optimizer_ = this;
  ++hook_changes_;
  hooks_.push_back({std::move(name), std::move(hook)});
}

void Optimizer::remove_hook(const std::string& name) {
  const auto found =
      std::find_if(hooks_.begin(), hooks_.end(), [&](const NamedHook& hook) { return hook.name == name; });
  if (found == hooks_.end()) throw Error(title(), ": there is no hook '", name, "'");
  hooks_.erase(found);
  ++hook_changes_;
}

double Optimizer::learning_rate() {
  for (const Hyperparameter& each : listed())
    if (each.name == std::string_view("lr")) return *std::get<double*>(each.value);
  throw Error(title(), " has no learning rate; its hyperparameters are ", hyperparameter_names());
}

void Optimizer::set_learning_rate(double rate) {
  learning_rate();  // for its error
  hyperparameter("lr") = rate;
}

double& Optimizer::hyperparameter(std::string_view name) {
  for (const Hyperparameter& each : listed()) {
    if (each.name != name) continue;
    if (auto* const number = std::get_if<double*>(&each.value)) return **number;
    throw Error(title(), ": the hyperparameter '", name, "' is a switch, not a number");
  }
  throw Error(title(), ": there is no hyperparameter '", name, "'; there are ", hyperparameter_names());
}

const std::vector<Hyperparameter>& Optimizer::listed() {
  if (hyperparameters_.empty()) hyperparameters_ = hyperparameters();
  return hyperparameters_;
}

std::string Optimizer::hyperparameter_names() {
  std::vector<std::string> names;
  for (const Hyperparameter& each : listed()) names.push_back(each.name);
  return detail::joined(names);
}

void Optimizer::require(bool valid, const char* hyperparameter, const char* expected, double value) const {
  if (!valid) throw Error(title(), ": ", hyperparameter, " must be ", expected, ", got ", value);
}

void Optimizer::check_hyperparameters() {
  each_rule([](Optimizer& rule) {
    for (const Hyperparameter& each : rule.listed()) rule.check_range(each);
    rule.check();
  });
}

void Optimizer::check_range(const Hyperparameter& hyperparameter) const {
  if (hyperparameter.range == Hyperparameter::any) return;
  const double value = *std::get<double*>(hyperparameter.value);
  const auto check_that = [&](bool valid, const char* expected) {
    require(valid, hyperparameter.name, expected, value);
  };
  switch (hyperparameter.range) {
    case Hyperparameter::any:
      return;
    case Hyperparameter::finite:
      return check_that(std::isfinite(value), "finite");
    case Hyperparameter::fraction:
      return check_that(value >= 0 && value < 1, "in [0, 1)");
    case Hyperparameter::epsilon:
      check_that(std::isfinite(value) && value >= 0, "finite and >= 0");
      for (const FlatParameters& flat : flats_)
        check_that(
            flat.data.dtype() != Dtype::float32 || value == 0 || value >= std::numeric_limits<float>::min(),
            "0 or a normal float32");
  }
}

}  // namespace tenbin
