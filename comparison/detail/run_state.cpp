#include "tenbin/comparison/detail/run_state.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "tenbin/comparison/detail/measure.h"
#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/serializers/state.h"

namespace tenbin::detail {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* manifest_key = "comparison";

// A method is the same if its name and its settings are.
std::string text_of_method(const ComparisonMethod& method) {
  TextStream text;
  text.precision(std::numeric_limits<double>::max_digits10);
  text << method.name;
  for (const MethodSetting& setting : method.settings) {
    text << '\n' << setting.name << ' ' << setting.value << ':';
    for (const double candidate : setting.candidates) text << ' ' << candidate;
  }
  return text.str();
}

// JSON has no NaN: null.
double number(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

Json json_of(const std::vector<LeakStep>& steps) {
  Json json = Json::array();
  for (const LeakStep& step : steps)
    json.push_back({step.step, step.train_rows, step.test_rows, step.own_rows});
  return json;
}

std::vector<LeakStep> leak_of(const Json& json) {
  std::vector<LeakStep> steps;
  for (const Json& step : json)
    steps.push_back({step.at(0).get<std::string>(), step.at(1).get<std::size_t>(),
                     step.at(2).get<std::size_t>(), step.at(3).get<std::size_t>()});
  return steps;
}

Json json_of(const NetworkSettings& network) {
  return {network.hidden, network.weight_decay, network.epochs};
}

NetworkSettings network_of(const Json& json, const NetworkSearch& search) {
  NetworkSettings network;
  network.hidden = json.at(0).get<std::size_t>();
  network.weight_decay = json.at(1).get<double>();
  network.epochs = json.at(2).get<std::size_t>();
  network.max_epochs = search.max_epochs;
  network.batch_size = search.batch_size;
  network.alpha = search.alpha;
  const auto is_among = [](const auto& values, auto value) {
    return std::find(values.begin(), values.end(), value) != values.end();
  };
  if (!(network.hidden == 0 || is_among(search.hidden, network.hidden)) ||
      !is_among(search.weight_decay, network.weight_decay) || network.epochs == 0 ||
      network.epochs > search.max_epochs)
    throw Error("a network that is no candidate");
  return network;
}

Json json_of(const FoldStart& start) {
  Json candidates = Json::array();
  for (const NetworkCandidate& candidate : start.chosen.candidates)
    candidates.push_back({json_of(candidate.settings), candidate.log_loss});
  return {{"network", json_of(start.chosen.network)},
          {"logistic", json_of(start.chosen.logistic)},
          {"candidates", candidates},
          {"leak", json_of(start.leak)},
          {"duplicates", start.duplicates}};
}

FoldStart start_of(const Json& json, const NetworkSearch& search) {
  FoldStart start;
  start.chosen.network = network_of(json.at("network"), search);
  start.chosen.logistic = network_of(json.at("logistic"), search);
  for (const Json& candidate : json.at("candidates"))
    start.chosen.candidates.push_back({network_of(candidate.at(0), search), number(candidate.at(1))});
  start.leak = leak_of(json.at("leak"));
  start.duplicates = json.at("duplicates").get<std::size_t>();
  return start;
}

Json json_of(const MethodInFold& result) {
  if (!result.left_out.empty()) return {{"left_out", result.left_out}};
  return {{"settings", result.settings.values()},
          {"values", result.values},
          {"found", {result.found.found, result.found.present}},
          {"leak", json_of(result.leak)}};
}

MethodInFold result_of(const Json& json) {
  MethodInFold result;
  if (json.contains("left_out")) {
    result.left_out = json.at("left_out").get<std::string>();
    if (result.left_out.empty()) throw Error("a method without results");
    return result;
  }
  for (const auto& [name, value] : json.at("settings").items()) result.settings.set(name, number(value));
  for (const Json& value : json.at("values")) result.values.push_back(number(value));
  if (result.values.size() != comparison_metrics().size()) throw Error("another number of metrics");
  result.found = {json.at("found").at(0).get<std::size_t>(), json.at("found").at(1).get<std::size_t>()};
  result.leak = leak_of(json.at("leak"));
  return result;
}

std::string array_key(std::size_t i, const char* name) { return std::to_string(i) + '/' + name; }

// The predictions of result i. Errors: they are not those of `rows` rows.
void read_predictions(StateReader& reader, const std::string& path, std::size_t i, std::size_t rows,
                      std::size_t n_class, MethodInFold& result) {
  const std::string p_key = array_key(i, "probabilities"), decisions_key = array_key(i, "decisions");
  result.probabilities = read_array(reader, p_key);
  result.decisions = read_array(reader, decisions_key);
  reader.require_like(p_key, Array::empty({rows, n_class}), result.probabilities);
  reader.require_like(decisions_key, Array::empty({rows}, Dtype::int32), result.decisions);
  require_probabilities(path + ": " + p_key, result.probabilities);
  for (const std::int32_t c : result.decisions.to_vector<std::int32_t>())
    if (c < 0 || static_cast<std::size_t>(c) >= n_class)
      reader.fail(decisions_key, "expected classes below ", n_class, ", got ", c);
}

}  // namespace

RunState::RunState(StateShape shape, std::string path, double interval)
    : shape_(std::move(shape)), path_(std::move(path)), interval_(interval) {
  if (path_.empty()) return;
  std::error_code error;
  const bool exists = std::filesystem::exists(path_, error);
  if (error) throw Error(path_, ": cannot open: ", error.message());
  if (exists) load(path_);
}

void RunState::load(const std::string& path) {
  const NpzReader file(path);
  StateReader reader(file, {});
  if (!reader.contains(manifest_key)) throw Error(path, ": expected the state of a comparison");
  const Json json = Json::parse(read_text(reader, manifest_key), nullptr, false);
  try {
    if (json.at("key").get<std::string>() != shape_.key)
      throw Error("of other data, of other options or of another version; remove it, or name another file");
    for (const Json& start : json.at("folds")) {
      const auto fold = start.at("fold").get<std::size_t>();
      if (fold >= shape_.test_rows.size()) throw Error("a fold that does not exist");
      starts_[fold] = start_of(start, shape_.search);
    }
    std::size_t i = 0;
    for (const Json& entry : json.at("results")) {
      const auto fold = entry.at("fold").get<std::size_t>();
      if (fold >= shape_.test_rows.size()) throw Error("a fold that does not exist");
      MethodInFold result = result_of(entry);
      if (result.left_out.empty() && fold < shape_.n_pooled_folds)
        read_predictions(reader, path, i, shape_.test_rows[fold], shape_.n_class, result);
      results_[{fold, entry.at("method").get<std::string>()}] = std::move(result);
      ++i;
    }
  } catch (const Json::exception& error) {
    throw Error(path, ": the state of the comparison is damaged: ", printable(error.what()));
  } catch (const Error& error) {
    const std::string text = error.what();
    throw text.rfind(path, 0) == 0 ? error : Error(path, ": the state of a comparison, ", text);
  }
}

const FoldStart* RunState::start(std::size_t fold) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto at = starts_.find(fold);
  return at == starts_.end() ? nullptr : &at->second;
}

const MethodInFold* RunState::result(std::size_t fold, const ComparisonMethod& method) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto at = results_.find({fold, text_of_method(method)});
  return at == results_.end() ? nullptr : &at->second;
}

void RunState::add(std::size_t fold, FoldStart start) {
  const std::lock_guard<std::mutex> lock(mutex_);
  starts_[fold] = std::move(start);
  save_if_due();
}

void RunState::add(std::size_t fold, const ComparisonMethod& method, MethodInFold result) {
  const std::lock_guard<std::mutex> lock(mutex_);
  results_[{fold, text_of_method(method)}] = std::move(result);
  save_if_due();
}

void RunState::save_if_due() {
  changed_ = true;
  const Clock::duration since = Clock::now() - saved_;
  if (since >= interval_ && since >= 20 * took_) save_locked();
}

void RunState::save() {
  const std::lock_guard<std::mutex> lock(mutex_);
  save_locked();
}

void RunState::save_locked() {
  if (path_.empty() || !changed_) return;
  const Clock::time_point begin = Clock::now();
  write(path_);
  saved_ = Clock::now();
  took_ = saved_ - begin;
  changed_ = false;
}

void RunState::write(const std::string& path) const {
  Json folds = Json::array(), results = Json::array();
  NamedArrays arrays;
  for (const auto& [fold, start] : starts_) {
    folds.push_back(json_of(start));
    folds.back()["fold"] = fold;
  }
  for (const auto& [key, result] : results_) {
    if (result.probabilities) {
      arrays.emplace_back(array_key(results.size(), "probabilities"), result.probabilities);
      arrays.emplace_back(array_key(results.size(), "decisions"), result.decisions);
    }
    results.push_back(json_of(result));
    results.back()["fold"] = key.first;
    results.back()["method"] = key.second;
  }
  const Json json = {{"key", shape_.key}, {"folds", folds}, {"results", results}};
  arrays.emplace_back(manifest_key, text_state(json.dump(-1, ' ', false, Json::error_handler_t::replace)));
  save_npz(path, arrays, false);
}

namespace {

// A file in the folder of temporary files, by way of which a state becomes bytes and back.
class TemporaryFile {
 public:
  TemporaryFile() : path_((std::filesystem::temp_directory_path() / "tenbin-state-XXXXXX").string()) {
    const int file = ::mkstemp(path_.data());
    if (file < 0) throw Error(path_, ": cannot make a temporary file");
    ::close(file);
  }
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

std::string RunState::to_bytes() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const TemporaryFile file;
  write(file.path());
  const InputFile in(file.path());
  std::string bytes(static_cast<std::size_t>(in.size()), '\0');
  in.read(0, bytes.data(), bytes.size());
  return bytes;
}

void RunState::merge(const std::string& bytes) {
  const TemporaryFile file;
  write_file(file.path(), bytes);
  merge_file(file.path());
}

void RunState::merge_file(const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  load(path);
  changed_ = true;
}

}  // namespace tenbin::detail
