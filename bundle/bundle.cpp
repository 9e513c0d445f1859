#include "tenbin/bundle/bundle.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tenbin/bundle/detail/check.h"
#include "tenbin/bundle/detail/provenance.h"
#include "tenbin/core/file.h"
#include "tenbin/core/hash.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/serializers/state.h"

namespace tenbin {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* format_name = "tenbin bundle";
constexpr std::int64_t newest_version = 1;
constexpr const char* manifest_key = "manifest";

void add(detail::Fnv1a& hash, const std::string& text) {
  hash.add(text.c_str(), text.size() + 1);  // its NUL separates texts
}

// 16 hexadecimal digits.
std::string hexadecimal(std::uint64_t value) {
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4) digits += "0123456789abcdef"[value >> shift & 15];
  return digits;
}

NamedArrays with_prefix(const std::string& prefix, NamedArrays arrays) {
  for (auto& [key, array] : arrays) key = prefix + key;
  return arrays;
}

Json json_of(const Provenance& made) {
  Json json = {{"version", TENBIN_VERSION}};
  if (!made.data_hash.empty())
    json["data"] = {{"rows", made.data_rows}, {"columns", made.data_columns}, {"hash", made.data_hash}};
  if (made.seed) json["seed"] = *made.seed;
  if (!made.options.empty()) json["options"] = made.options;
  if (!made.scores.empty()) json["scores"] = made.scores;
  return json;
}

Provenance provenance_of(const Json& json) {
  Provenance made;
  made.version = json.at("version").get<std::string>();
  if (json.contains("data")) {
    made.data_rows = json["data"].at("rows").get<std::size_t>();
    made.data_columns = json["data"].at("columns").get<std::size_t>();
    made.data_hash = json["data"].at("hash").get<std::string>();
  }
  if (json.contains("seed")) made.seed = json["seed"].get<std::uint64_t>();
  if (json.contains("options")) made.options = json["options"].get<std::map<std::string, std::string>>();
  if (json.contains("scores"))
    for (const auto& [name, score] : json["scores"].get<std::map<std::string, Json>>())
      made.scores[name] = score.is_null() ? std::numeric_limits<double>::quiet_NaN() : score.get<double>();
  return made;
}

std::string manifest_of(const Bundle& bundle) {
  Json json = {{"format", format_name},
               {"version", newest_version},
               {"classes", bundle.classes},
               {"has_pipeline", bundle.pipeline.has_value()},
               {"network", Json::parse(bundle.network.get_config().to_json())},
               {"made", json_of(bundle.made)}};
  return json.dump(2) + '\n';
}

// What the manifest says, with parts that are not loaded yet. Errors of JSON: a value of another type.
Bundle described(const Json& json, const std::string& path) {
  if (!json.is_object() || json.value("format", "") != format_name)
    throw Error(path, ": not a bundle: its manifest is of another kind");
  const std::int64_t version = json.at("version").get<std::int64_t>();
  if (version < 1 || version > newest_version)
    throw Error(path, ": the bundle is of version ", version, ", this program reads versions up to ",
                newest_version);
  Bundle bundle;
  bundle.classes = json.at("classes").get<std::vector<std::string>>();
  if (json.at("has_pipeline").get<bool>()) bundle.pipeline.emplace();
  try {
    bundle.network = Network::from_config(LinkConfig::from_json(json.at("network").dump()));
  } catch (const Error& error) {
    throw Error(path, ": ", error.what());
  }
  bundle.made = provenance_of(json.at("made"));
  return bundle;
}

Bundle read_manifest(StateReader& reader) {
  const Json json = Json::parse(read_text(reader, manifest_key), nullptr, false);
  try {
    return described(json, reader.source());
  } catch (const Json::exception& error) {
    reader.fail(manifest_key, "a value is missing or of another type: ", printable(error.what()));
  }
}

}  // namespace

std::string detail::provenance_json(const Provenance& made) { return json_of(made).dump(); }

Provenance Provenance::of(const Table& table) {
  detail::Fnv1a hash;
  for (const Column& column : table.columns()) {
    add(hash, column.name);
    add(hash, to_string(column.values.dtype()));
    hash.add(column.values.raw_data(), column.values.nbytes());
    for (const std::string& category : column.categories) add(hash, category);
  }
  Provenance made;
  made.data_rows = table.size();
  made.data_columns = table.columns().size();
  made.data_hash = hexadecimal(hash.value());
  return made;
}

void save_bundle(const std::string& path, const Bundle& bundle) {
  const Bundle checked = detail::checked_bundle("save_bundle", bundle);
  for (const auto& [name, score] : checked.made.scores)
    if (std::isinf(score)) throw Error("save_bundle: the score ", printable(name), " is ", score);
  NamedArrays arrays;
  const auto add = [&](const std::string& prefix, NamedArrays part) {
    for (auto& each : with_prefix(prefix, std::move(part))) arrays.push_back(std::move(each));
  };
  try {
    arrays.emplace_back(manifest_key, text_state(manifest_of(checked)));
  } catch (const Json::exception& error) {
    throw Error("save_bundle: the manifest cannot be written as JSON: ", error.what());
  }
  if (checked.pipeline) add("pipeline/", checked.pipeline->save_state());
  add("network/", checked.network.link().state_arrays());
  add("calibration/", checked.calibration.save_state());
  add("decision/", checked.decision.save_state());
  save_npz(path, arrays);
}

Bundle load_bundle(const std::string& path) {
  const NpzReader file(path);
  if (!file.contains(manifest_key)) throw Error(path, ": not a bundle: there is no manifest");
  StateReader reader(file, {});
  Bundle bundle = read_manifest(reader);
  const auto load = [&](const char* name, auto& part) {
    const StateReader::Inside inside(reader, name);
    part.prepare_load(reader)();
  };
  if (bundle.pipeline) load("pipeline", *bundle.pipeline);
  load("network", bundle.network.link());
  load("calibration", bundle.calibration);
  load("decision", bundle.decision);
  const std::vector<std::string> unexpected = reader.report().unexpected_keys;
  if (!unexpected.empty())
    throw Error(path, ": entries that are not part of this bundle: ", detail::listed(unexpected));
  return detail::checked_bundle(path.c_str(), bundle);
}

}  // namespace tenbin
