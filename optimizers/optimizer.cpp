#include "tenbin/optimizers/optimizer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "tenbin/core/detail/accelerator.h"
#include "tenbin/serializers/npz.h"

namespace tenbin {

// A parameter and where it is stored. A shared parameter has an entry for each of its paths, all with the
// same place.
struct Optimizer::Entry {
  std::string path;
  Variable parameter;
  std::size_t group;
  std::size_t begin;
  bool is_first;  // of those that share the parameter
  Array data;     // the places, in the parameter's shape
  Array grad;
  SmallVector<Array, 3> states;

  bool is_in_place(const Variable& now) const {
    const detail::Node& node = *now.node_;
    return &node == parameter.node_.get() && node.data.raw_data() == data.raw_data() && node.grad_slot &&
           node.grad_slot->raw_data() == grad.raw_data();
  }
};

struct Optimizer::NamedHook {
  std::string name;
  std::unique_ptr<OptimizerHook> hook;
};

namespace {

bool is_updated(const Parameter& parameter) {
  return parameter.requires_grad() && parameter.is_initialized();
}

struct GroupSize {
  Dtype dtype;
  Device device;
  std::size_t count;
};

std::size_t group_of(const Array& data, std::vector<GroupSize>& groups) {
  const auto fits = [&](const GroupSize& group) {
    return group.dtype == data.dtype() && group.device == data.device();
  };
  const auto found = std::find_if(groups.begin(), groups.end(), fits);
  if (found == groups.end()) groups.push_back({data.dtype(), data.device(), 0});
  return static_cast<std::size_t>(std::find_if(groups.begin(), groups.end(), fits) - groups.begin());
}

Array part(const Array& flat, std::size_t begin, const Shape& shape) {
  return flat.slice(begin, begin + element_count(shape)).reshape(shape);
}

}  // namespace

std::int64_t OptimizerHook::updates_done() const {
  if (optimizer_ == nullptr) throw Error(name(), ": no optimizer has this hook");
  return optimizer_->t();
}

Optimizer::Optimizer() = default;
Optimizer::~Optimizer() = default;

Optimizer& Optimizer::setup(const Link& model) {
  if (!model) throw Error(name(), ": setup: the model has been moved from");
  bool is_trained = false;
  model.visit([&](const Parameter& parameter) { is_trained = is_trained || parameter.requires_grad(); });
  if (!is_trained)
    throw Error(name(), ": setup: the model (", model.kind(),
                ") has no parameters to train; register them with param(), its layers with link()");
  const Array t = Array::scalar(0, Dtype::int64), epoch = Array::scalar(0, Dtype::int64);
  std::vector<Hyperparameter> listed = hyperparameters();
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
  hyperparameters_ = std::move(listed);
  t_ = t;
  epoch_ = epoch;
  return *this;
}

void Optimizer::update() {
  if (!holder_) throw Error(name(), ": update before setup");
  if (!is_flat() && accelerator::is_capturing())
    throw Error(name(),
                ": a captured step cannot move the parameters into one buffer: update once before it");
  if (!is_flat()) flatten();
  check_hyperparameters();
  if (accelerator::is_capturing()) prepare_replay();
  zero_missing_gradients();
  for (const NamedHook& named : hooks_) (*named.hook)(groups_, t());
  for (FlatParameters& group : groups_)
    group.data.device().is_cpu() ? update_cpu(group, t() + 1) : update_gpu(group, t() + 1);
  const auto count = [this] {
    ++*t_.data<std::int64_t>();
    for (FlatParameters& group : groups_) group.data.mark_changed();
  };
  count();
  accelerator::on_replay(count);
  model().visit([](const Parameter& parameter) { parameter.registration_->mark_replaced(); });
}

// What a replay of a captured step does instead of `update`, before it launches kernels.
void Optimizer::prepare_replay() {
  for (const FlatParameters& group : groups_) {
    accelerator::keep_for_replay(group.data);
    accelerator::keep_for_replay(group.grad);
    for (const Array& state : group.states) accelerator::keep_for_replay(state);
  }
  accelerator::on_replay([this, flattenings = flattenings_, hook_changes = hook_changes_] {
    const auto require_same = [this](bool same, const char* change) {
      if (!same) throw Error(name(), ": ", change, " since the step was captured; make a new CapturedStep");
    };
    require_same(flattenings == flattenings_ && is_flat(), "the parameters have been replaced or moved");
    require_same(hook_changes == hook_changes_, "hooks have been added or removed");
    check_hyperparameters();
  });
}

bool Optimizer::is_flat() const {
  std::size_t count = 0;
  bool in_place = true;
  model().visit([&](const Parameter& parameter) {
    if (!is_updated(parameter)) return;
    in_place = in_place && count < entries_.size() && entries_[count].is_in_place(parameter);
    ++count;
  });
  return in_place && count == entries_.size() &&
         (groups_.empty() || groups_[0].states.size() == state_names().size());
}

// Everything that can fail is done before the first parameter changes. The values stay the same, so older
// graphs remain valid until the next change (see detail::Registration).
void Optimizer::flatten() {
  std::vector<Entry> entries;
  std::vector<GroupSize> sizes;
  std::unordered_map<const detail::Node*, std::size_t> first;  // of the entries that share a parameter
  model().visit_named([&](const std::string& path, const Parameter& parameter) {
    if (!is_updated(parameter)) return;
    parameter.registration_->replaced.push_back(parameter.data());
    const auto [known, is_new] = first.emplace(parameter.node_.get(), entries.size());
    if (!is_new) {
      const Entry& same = entries[known->second];
      entries.push_back({path, parameter, same.group, same.begin, false, {}, {}, {}});
      return;
    }
    const std::size_t group = group_of(parameter.data(), sizes);
    entries.push_back({path, parameter, group, sizes[group].count, true, {}, {}, {}});
    sizes[group].count += parameter.size();
  });

  const std::size_t state_count = state_names().size();
  FlatGroups groups;
  for (const GroupSize& size : sizes) {
    FlatParameters flat;
    flat.data = Array::empty({size.count}, size.dtype, size.device);
    flat.grad = Array::empty({size.count}, size.dtype, size.device);
    for (std::size_t i = 0; i < state_count; ++i)
      flat.states.push_back(Array::zeros({size.count}, size.dtype, size.device));
    groups.push_back(std::move(flat));
  }

  std::unordered_map<const detail::Node*, const Entry*> places_before;
  for (const Entry& old : entries_) places_before.emplace(old.parameter.node_.get(), &old);
  std::vector<std::unique_ptr<Array>> slots;
  for (Entry& entry : entries) {
    const FlatParameters& flat = groups[entry.group];
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
    for (std::size_t i = 0; i < std::min(state_count, states.size()); ++i)
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
  groups_ = std::move(groups);
  ++flattenings_;
}

void Optimizer::zero_missing_gradients() {
  for (Entry& entry : entries_)
    if (!entry.parameter.grad()) entry.grad.fill(0);
}

void Optimizer::insert_hook(std::unique_ptr<OptimizerHook> hook, std::string name) {
  if (name.empty()) name = hook->name();
  for (const NamedHook& other : hooks_)
    if (other.name == name) throw Error(this->name(), ": there is a hook '", name, "' already");
  hook->optimizer_ = this;
  ++hook_changes_;
  hooks_.push_back({std::move(name), std::move(hook)});
}

void Optimizer::remove_hook(const std::string& name) {
  const auto found =
      std::find_if(hooks_.begin(), hooks_.end(), [&](const NamedHook& hook) { return hook.name == name; });
  if (found == hooks_.end()) throw Error(this->name(), ": there is no hook '", name, "'");
  hooks_.erase(found);
  ++hook_changes_;
}

NamedArrays Optimizer::state_arrays() {
  if (holder_ && !is_flat()) flatten();
  NamedArrays all{{"t", t_}, {"epoch", epoch_}};
  const auto names = state_names();
  for (const Entry& entry : entries_) {
    all.emplace_back(entry.path + "/t", t_);
    for (std::size_t i = 0; i < names.size(); ++i)
      all.emplace_back(entry.path + '/' + names[i], entry.states[i]);
  }
  return all;
}

namespace {

std::string key_of(const Hyperparameter& hyperparameter) {
  return std::string("hyperparam/") + hyperparameter.name;
}

bool is_number(const Hyperparameter& hyperparameter) { return hyperparameter.value.index() == 0; }

void write(const std::vector<Hyperparameter>& places, const std::vector<double>& values) noexcept {
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (auto* const number = std::get_if<double*>(&places[i].value)) {
      **number = values[i];
    } else {
      **std::get_if<bool*>(&places[i].value) = values[i] != 0;
    }
  }
}

// Restores the hyperparameters, also if something throws, unless it is dismissed.
class RestoreHyperparameters {
 public:
  RestoreHyperparameters(const std::vector<Hyperparameter>& places, const std::vector<double>& values)
      : places_(places), values_(values) {}
  RestoreHyperparameters(const RestoreHyperparameters&) = delete;
  RestoreHyperparameters& operator=(const RestoreHyperparameters&) = delete;
  ~RestoreHyperparameters() {
    if (!is_dismissed_) write(places_, values_);
  }
  void dismiss() { is_dismissed_ = true; }

 private:
  const std::vector<Hyperparameter>& places_;
  const std::vector<double>& values_;
  bool is_dismissed_ = false;
};

}  // namespace

std::vector<double> Optimizer::hyperparameter_values() const {
  std::vector<double> values;
  for (const Hyperparameter& each : hyperparameters_)
    values.push_back(std::visit([](auto* place) { return static_cast<double>(*place); }, each.value));
  return values;
}

NamedArrays Optimizer::save_state() {
  if (!holder_) throw Error(name(), ": saved before setup, without a model there is no state");
  NamedArrays all = state_arrays();
  const std::string rule = name();
  all.emplace_back("rule", Array(std::vector<std::uint8_t>(rule.begin(), rule.end())));
  const std::vector<double> values = hyperparameter_values();
  std::size_t i = 0;
  for (const Hyperparameter& each : hyperparameters_)
    all.emplace_back(key_of(each),
                     Array::scalar(values[i++], is_number(each) ? Dtype::float64 : Dtype::uint8));
  return all;
}

// Errors: the file is of another rule. The text names the states of the first parameter, too.
void Optimizer::require_rule(StateReader& reader) const {
  const Array rule = reader.read_if_there("rule");
  if (!rule) return;
  if (rule.dtype() != Dtype::uint8) reader.fail("rule", "expected text in uint8, got ", rule);
  const auto bytes = rule.to_vector<std::uint8_t>();
  const std::string got(bytes.begin(), bytes.end());
  if (got == name()) return;
  std::string keys;
  if (!entries_.empty())
    for (const char* state : state_names())
      keys += (keys.empty() ? " with " : ", ") + entries_[0].path + '/' + state;
  reader.fail("rule", "expected ", name(), keys, ", got ", printable(got));
}

// Errors: the file has state of parameters that are not initialised.
void Optimizer::require_initialized(const StateReader& reader) const {
  std::string lost;
  model().visit_named([&](const std::string& path, const Parameter& parameter) {
    if (parameter.requires_grad() && !parameter.is_initialized() && reader.contains(path + "/t"))
      lost += (lost.empty() ? "" : ", ") + path;
  });
  if (!lost.empty())
    throw Error(reader.source(), ": ", name(),
                ": the file has state of parameters that are not initialised yet (", lost,
                "): load the model first, or run it forward once");
}

// Values that are not in the file stay as they are.
std::vector<double> Optimizer::read_hyperparameters(StateReader& reader) const {
  std::vector<double> values = hyperparameter_values();
  std::size_t i = 0;
  for (const Hyperparameter& each : hyperparameters_) {
    double& value = values[i++];
    const std::string key = key_of(each);
    const Array array = reader.read_if_there(key);
    if (!array) continue;
    reader.require_like(key, Array::scalar(0, is_number(each) ? Dtype::float64 : Dtype::uint8), array);
    value = array.item();
  }
  return values;
}

std::function<void()> Optimizer::prepare_load(StateReader& reader) {
  if (!holder_)
    throw Error(reader.source(), ": ", name(), ": load_npz before setup: call setup(model) first");
  if (!is_flat()) flatten();
  require_rule(reader);
  require_initialized(reader);

  // Which states there are depends on the hyperparameters.
  const std::vector<double> before = hyperparameter_values();
  const std::vector<double> hyperparameters_read = read_hyperparameters(reader);
  SmallVector<const char*, 3> names;
  try {
    const RestoreHyperparameters restore(hyperparameters_, before);
    write(hyperparameters_, hyperparameters_read);
    check_hyperparameters();
    names = state_names();
  } catch (const Error& error) {
    throw Error(reader.source(), ": ", error.what());
  }

  const auto read_count = [&](const std::string& key) {
    Array count = reader.strict() ? reader.read(key) : reader.read_if_there(key);
    if (count) reader.require_like(key, t_, count);
    return count;
  };
  const Array t = read_count("t"), epoch = read_count("epoch");
  struct State {
    std::size_t entry;
    std::size_t index;
    Array values;
  };
  std::vector<State> states;
  for (std::size_t e = 0; e < entries_.size(); ++e) {
    const Entry& entry = entries_[e];
    const Array own_t = reader.read(entry.path + "/t");
    if (own_t) reader.require_like(entry.path + "/t", t_, own_t);
    if (own_t && t && own_t.item<std::int64_t>() != t.item<std::int64_t>())
      reader.fail(entry.path + "/t", "expected ", t.item<std::int64_t>(), " updates like t, got ",
                  own_t.item<std::int64_t>());
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string key = entry.path + '/' + names[i];
      Array values = reader.read(key);
      if (!values) continue;
      reader.require_like(key, entry.data, values);
      states.push_back({e, i, std::move(values)});
    }
  }
  return [this, before, hyperparameters_read, t, epoch, states = std::move(states)] {
    RestoreHyperparameters restore(hyperparameters_, before);
    write(hyperparameters_, hyperparameters_read);
    if (!is_flat()) flatten();
    restore.dismiss();
    if (t) t_.assign(t);
    if (epoch) epoch_.assign(epoch);
    for (const State& state : states) entries_[state.entry].states[state.index].assign(state.values);
  };
}

void Optimizer::require(bool valid, const char* hyperparameter, const char* expected, double value) const {
  if (!valid) throw Error(name(), ": ", hyperparameter, " must be ", expected, ", got ", value);
}

void Optimizer::check_hyperparameters() const {
  for (const Hyperparameter& each : hyperparameters_) check_range(each);
  check();
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
      for (const FlatParameters& group : groups_)
        check_that(
            group.data.dtype() != Dtype::float32 || value == 0 || value >= std::numeric_limits<float>::min(),
            "0 or a normal float32");
  }
}

}  // namespace tenbin
