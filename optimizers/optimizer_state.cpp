// The state of an optimizer: its arrays by name, saving and loading.
#include "tenbin/core/text.h"
#include "tenbin/optimizers/detail/optimizer_entry.h"
#include "tenbin/serializers/state.h"

namespace tenbin {

NamedArrays Optimizer::state_arrays() {
  require_not_group("state_arrays");
  if (holder_ && !is_flat()) flatten();
  NamedArrays all{{"t", t_}, {"epoch", epoch_}};
  for (const Entry& entry : entries_) {
    all.emplace_back(entry.path + "/t", t_);
    const auto names = entry.rule->state_names();
    for (std::size_t i = 0; i < names.size(); ++i)
      all.emplace_back(entry.path + '/' + names[i], entry.states[i]);
  }
  return all;
}

namespace {

using NamedHyperparameter = std::pair<std::string, Hyperparameter>;

bool is_number(const Hyperparameter& hyperparameter) { return hyperparameter.value.index() == 0; }

double value_of(const Hyperparameter& hyperparameter) {
  return std::visit([](auto* place) { return static_cast<double>(*place); }, hyperparameter.value);
}

Array as_array(const Hyperparameter& hyperparameter) {
  return Array::scalar(value_of(hyperparameter), is_number(hyperparameter) ? Dtype::float64 : Dtype::uint8);
}

std::vector<double> values_of(const std::vector<NamedHyperparameter>& places) {
  std::vector<double> values;
  for (const auto& [key, each] : places) values.push_back(value_of(each));
  return values;
}

void write(const std::vector<NamedHyperparameter>& places, const std::vector<double>& values) noexcept {
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto& place = places[i].second.value;
    if (auto* const number = std::get_if<double*>(&place)) {
      **number = values[i];
    } else {
      **std::get_if<bool*>(&place) = values[i] != 0;
    }
  }
}

// The values in a file. Those that are not in it stay as they are.
std::vector<double> read_values(const std::vector<NamedHyperparameter>& places, StateReader& reader) {
  std::vector<double> values;
  for (const auto& [key, each] : places) {
    values.push_back(value_of(each));
    const Array array = reader.read_if_there(key);
    if (!array) continue;
    reader.require_like(key, as_array(each), array);
    values.back() = array.item();
  }
  return values;
}

// Restores the hyperparameters, also if something throws, unless it is dismissed.
class RestoreHyperparameters {
 public:
  RestoreHyperparameters(const std::vector<NamedHyperparameter>& places, const std::vector<double>& values)
      : places_(places), values_(values) {}
  RestoreHyperparameters(const RestoreHyperparameters&) = delete;
  RestoreHyperparameters& operator=(const RestoreHyperparameters&) = delete;
  ~RestoreHyperparameters() {
    if (!is_dismissed_) write(places_, values_);
  }
  void dismiss() { is_dismissed_ = true; }

 private:
  const std::vector<NamedHyperparameter>& places_;
  const std::vector<double>& values_;
  bool is_dismissed_ = false;
};

// Empty if the key is missing: files of Chainer and older ones do not have it.
std::string read_text_if_there(StateReader& reader, const std::string& key) {
  const Array text = reader.read_if_there(key);
  if (!text) return "";
  if (text.dtype() != Dtype::uint8) reader.fail(key, "expected text in uint8, got ", text);
  const auto bytes = text.to_vector<std::uint8_t>();
  return {bytes.begin(), bytes.end()};
}

std::string group_key(std::size_t index) { return "group/" + std::to_string(index) + '/'; }

std::string quoted(const std::vector<std::string>& patterns) {
  std::vector<std::string> texts;
  for (const std::string& pattern : patterns) texts.push_back("'" + printable(pattern) + "'");
  return texts.empty() ? "none" : detail::joined(texts);
}

}  // namespace

// All hyperparameters by their keys in a file.
Optimizer::NamedHyperparameters Optimizer::saved_hyperparameters() {
  NamedHyperparameters all;
  const auto add = [&](Optimizer& rule, const std::string& prefix) {
    for (const Hyperparameter& each : rule.listed())
      all.emplace_back(prefix + "hyperparam/" + each.name, each);
  };
  add(*this, "");
  for (std::size_t i = 0; i < groups_.size(); ++i) add(*groups_[i], group_key(i));
  return all;
}

NamedArrays Optimizer::save_state() {
  require_not_group("save_state");
  if (!holder_) throw Error(name(), ": saved before setup, without a model there is no state");
  NamedArrays all = state_arrays();
  all.emplace_back("rule", text_state(name()));
  for (const auto& [key, each] : saved_hyperparameters()) all.emplace_back(key, as_array(each));
  for (std::size_t i = 0; i < groups_.size(); ++i)
    all.emplace_back(group_key(i) + "pattern", text_state(groups_[i]->pattern_));
  std::string frozen;
  model().visit_named([&](const std::string& path, const Parameter& parameter) {
    if (parameter.is_trainable() && !parameter.update_enabled()) frozen += path + '\n';
  });
  if (!frozen.empty()) all.emplace_back("frozen", text_state(frozen));
  return all;
}

// Errors: the file is of another rule. The text names the states of the first parameter, too.
void Optimizer::require_rule(StateReader& reader) const {
  const std::string got = read_text_if_there(reader, "rule");
  if (!reader.contains("rule") || got == name()) return;
  std::string keys;
  if (!entries_.empty())
    for (const char* state : entries_[0].rule->state_names())
      keys += (keys.empty() ? " with " : ", ") + entries_[0].path + '/' + state;
  reader.fail("rule", "expected ", name(), keys, ", got ", printable(got));
}

// Errors: the file has other groups. Chainer's files, which have no rule, have no groups.
void Optimizer::require_groups(StateReader& reader) const {
  std::vector<std::string> expected, got;
  for (const auto& group : groups_) expected.push_back(group->pattern_);
  for (std::size_t i = 0; reader.contains(group_key(i) + "pattern"); ++i)
    got.push_back(read_text_if_there(reader, group_key(i) + "pattern"));
  if (expected == got || !reader.contains("rule")) return;
  reader.fail("group", "expected the groups ", quoted(expected), ", got ", quoted(got),
              ": add the groups of the file before loading, others afterwards");
}

// Errors: the file has state of parameters that are not initialised.
void Optimizer::require_initialized(const StateReader& reader) const {
  std::vector<std::string> lost;
  model().visit_named([&](const std::string& path, const Parameter& parameter) {
    if (parameter.is_trainable() && !parameter.is_initialized() && reader.contains(path + "/t"))
      lost.push_back(path);
  });
  if (!lost.empty())
    throw Error(reader.source(), ": ", name(),
                ": the file has state of parameters that are not initialised yet (", detail::joined(lost),
                "): load the model first, or run it forward once");
}

// The parameters to freeze, and those to unfreeze. A file without the key, written before there was one, has
// no frozen parameters; Chainer's files, which have no rule, do not say. Errors: the model does not have one.
Optimizer::FrozenParameters Optimizer::read_frozen(StateReader& reader) const {
  FrozenParameters all;
  if (!reader.contains("rule")) return all;
  const std::string text = reader.contains("frozen") ? '\n' + read_text_if_there(reader, "frozen") : "";
  std::size_t length = text.empty() ? 0 : 1;
  model().visit_named([&](const std::string& path, const Parameter& parameter) {
    if (!parameter.is_trainable()) return;
    const bool is_frozen = text.find('\n' + path + '\n') != std::string::npos;
    (is_frozen ? all.frozen : all.updated).push_back(parameter);
    if (is_frozen) length += path.size() + 1;
  });
  if (length != text.size()) reader.fail("frozen", "expected parameters of the model, got ", printable(text));
  return all;
}

std::function<void()> Optimizer::prepare_load(StateReader& reader) {
  require_not_group("load_npz");
  if (!holder_)
    throw Error(reader.source(), ": ", name(), ": load_npz before setup: call setup(model) first");
  if (!is_flat()) flatten();
  require_rule(reader);
  require_groups(reader);
  require_initialized(reader);

  // Which states there are depends on the hyperparameters.
  const NamedHyperparameters places = saved_hyperparameters();
  const std::vector<double> before = values_of(places);
  const std::vector<double> hyperparameters_read = read_values(places, reader);
  std::vector<SmallVector<const char*, 3>> names;  // of the states of each entry
  try {
    const RestoreHyperparameters restore(places, before);
    write(places, hyperparameters_read);
    check_hyperparameters();
    for (const Entry& entry : entries_) names.push_back(entry.rule->state_names());
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
    for (std::size_t i = 0; i < names[e].size(); ++i) {
      const std::string key = entry.path + '/' + names[e][i];
      Array values = reader.read(key);
      if (!values) continue;
      reader.require_like(key, entry.data, values);
      states.push_back({e, i, std::move(values)});
    }
  }
  return [this, places, before, hyperparameters_read, t, epoch, states = std::move(states),
          frozen = read_frozen(reader)] {
    RestoreHyperparameters restore(places, before);
    write(places, hyperparameters_read);
    if (!is_flat()) flatten();
    restore.dismiss();
    if (t) t_.assign(t);
    if (epoch) epoch_.assign(epoch);
    for (const State& state : states) entries_[state.entry].states[state.index].assign(state.values);
    for (const Parameter& parameter : frozen.updated) parameter.enable_update();
    for (const Parameter& parameter : frozen.frozen) parameter.disable_update();
  };
}

}  // namespace tenbin
