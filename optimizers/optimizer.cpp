#include "tenbin/optimizers/optimizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tenbin/cuda/capture.h"

namespace tenbin {

// A parameter and its place. A shared parameter has an entry for each of its paths, all with one place.
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
  model_ = std::make_unique<Link>(model);
  entries_.clear();
  groups_.clear();
  t_ = Array::scalar(0, Dtype::int64);
  epoch_ = Array::scalar(0, Dtype::int64);
  lay_out();
  return *this;
}

void Optimizer::update() {
  if (!model_) throw Error(name(), ": update before setup");
  if (!is_laid_out() && gpu::is_capturing())
    throw Error(name(), ": a captured step cannot lay out parameters: update once before it");
  if (!is_laid_out()) lay_out();
  check();
  if (gpu::is_capturing()) prepare_replay();
  zero_missing_gradients();
  for (const NamedHook& named : hooks_) (*named.hook)(groups_, t());
  for (FlatParameters& group : groups_)
    group.data.device().is_cpu() ? update_cpu(group, t() + 1) : update_gpu(group, t() + 1);
  const auto count = [this] {
    ++*t_.data<std::int64_t>();
    for (FlatParameters& group : groups_) group.data.mark_changed();
  };
  count();
  gpu::on_replay(count);
}

// What a replay of a captured step does in place of `update`, before it launches anything.
void Optimizer::prepare_replay() {
  for (const FlatParameters& group : groups_) {
    gpu::keep_for_replay(group.data);
    gpu::keep_for_replay(group.grad);
    for (const Array& state : group.states) gpu::keep_for_replay(state);
  }
  gpu::on_replay([this, layout = layout_, hook_changes = hook_changes_] {
    const auto require_same = [this](bool same, const char* change) {
      if (!same) throw Error(name(), ": ", change, " since the step was captured; make a new CapturedStep");
    };
    require_same(layout == layout_ && is_laid_out(), "the parameters have been replaced or moved");
    require_same(hook_changes == hook_changes_, "hooks have been added or removed");
    check();
  });
}

bool Optimizer::is_laid_out() const {
  std::size_t count = 0;
  bool in_place = true;
  model_->visit([&](const Parameter& parameter) {
    if (!is_updated(parameter)) return;
    in_place = in_place && count < entries_.size() && entries_[count].is_in_place(parameter);
    ++count;
  });
  return in_place && count == entries_.size() &&
         (groups_.empty() || groups_[0].states.size() == state_names().size());
}

// Everything that can fail comes before the first parameter is touched.
void Optimizer::lay_out() {
  std::vector<Entry> entries;
  std::vector<GroupSize> sizes;
  model_->visit_named([&](const std::string& path, const Parameter& parameter) {
    if (!is_updated(parameter)) return;
    const auto same = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
      return entry.parameter.node_.get() == parameter.node_.get();
    });
    if (same != entries.end()) {
      entries.push_back({path, parameter, same->group, same->begin, false, {}, {}, {}});
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
    const auto before = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& old) {
      return old.parameter.node_.get() == &node && old.data.shape() == shape;
    });
    if (before == entries_.end()) continue;
    for (std::size_t i = 0; i < std::min(state_count, before->states.size()); ++i)
      entry.states[i].assign(before->states[i].astype(entry.data.dtype()).to(entry.data.device()));
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
  ++layout_;
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
  if (model_ && !is_laid_out()) lay_out();
  NamedArrays all{{"t", t_}, {"epoch", epoch_}};
  const auto names = state_names();
  for (const Entry& entry : entries_) {
    all.emplace_back(entry.path + "/t", t_);
    for (std::size_t i = 0; i < names.size(); ++i)
      all.emplace_back(entry.path + '/' + names[i], entry.states[i]);
  }
  return all;
}

void Optimizer::require(bool valid, const char* hyperparameter, const char* expected, double value) const {
  if (!valid) throw Error(name(), ": ", hyperparameter, " must be ", expected, ", got ", value);
}

void Optimizer::require_finite(const char* hyperparameter, double value) const {
  require(std::isfinite(value), hyperparameter, "finite", value);
}

void Optimizer::require_fraction(const char* hyperparameter, double value) const {
  require(value >= 0 && value < 1, hyperparameter, "in [0, 1)", value);
}

void Optimizer::require_epsilon(double eps) const {
  require(std::isfinite(eps) && eps >= 0, "eps", "finite and >= 0", eps);
  for (const FlatParameters& group : groups_)
    require(group.data.dtype() != Dtype::float32 || eps == 0 || eps >= std::numeric_limits<float>::min(),
            "eps", "0 or a normal float32", eps);
}

}  // namespace tenbin
