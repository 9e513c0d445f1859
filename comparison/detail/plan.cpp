#include "tenbin/comparison/detail/plan.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "tenbin/comparison/detail/measure.h"
#include "tenbin/core/file.h"
#include "tenbin/core/hash.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/class_counts.h"
#include "tenbin/datasets/k_fold.h"
#include "tenbin/preprocessing/auto_pipeline.h"

namespace tenbin::detail {

namespace {

constexpr std::size_t fewest_rows = 3;

// ---- the table ------------------------------------------------------------------------------------------

void require_label(const char* function, const Table& table) {
  if (!table.has_label()) throw Error(function, ": expected a table with a label, got ", table.source());
}

// The table without classes that no row has: a file may declare more.
Table without_empty_classes(const Table& table, std::vector<std::size_t>& counts) {
  const std::vector<std::string>& declared = table.classes();
  const std::vector<std::size_t> all = class_counts(table.labels(), declared.size());
  std::vector<std::int32_t> renumbered(declared.size(), -1);
  std::vector<std::string> classes;
  for (std::size_t c = 0; c < declared.size(); ++c) {
    if (all[c] == 0) continue;
    renumbered[c] = static_cast<std::int32_t>(classes.size());
    classes.push_back(declared[c]);
    counts.push_back(all[c]);
  }
  if (classes.size() == declared.size()) return table;
  std::vector<Column> columns = table.columns();
  const auto label = static_cast<std::size_t>(&table.label() - table.columns().data());
  columns[label].values = recode(columns[label].values, renumbered);
  columns[label].categories = classes;
  return Table(std::move(columns), label, table.source());
}

void require_rows_of_classes(const char* function, const Table& table,
                             const std::vector<std::size_t>& counts) {
  constexpr std::size_t many_classes = 100;
  if (counts.size() < 2)
    throw Error(function, ": ", table.source(), ": expected two or more classes in \"",
                printable(table.label().name), "\", got ", counts.size());
  const auto rarest = std::min_element(counts.begin(), counts.end());
  if (*rarest >= fewest_rows) return;
  const std::string name = printable(table.classes()[static_cast<std::size_t>(rarest - counts.begin())]);
  if (counts.size() > many_classes)
    throw Error(function, ": ", table.source(), ": the label \"", printable(table.label().name), "\" has ",
                counts.size(), " different values, \"", name, "\" in ", *rarest,
                " row(s); expected classes with at least ", fewest_rows,
                " rows each. If it is a quantity, predicting it is a regression, which is not supported");
  throw Error(function, ": ", table.source(), ": class \"", name, "\" has ", *rarest,
              " row(s); a training, a validation and a test part need at least ", fewest_rows);
}

std::size_t positive_class(const char* function, const Table& table, const std::vector<std::size_t>& counts,
                           const std::string& name) {
  if (name.empty() && counts.size() == 2) return 1;
  if (name.empty())
    return static_cast<std::size_t>(std::min_element(counts.begin(), counts.end()) - counts.begin());
  const std::vector<std::string>& classes = table.classes();
  const auto at = std::find(classes.begin(), classes.end(), name);
  if (at == classes.end())
    throw Error(function, ": no class is named \"", printable(name), "\"; there are ", listing(classes));
  return static_cast<std::size_t>(at - classes.begin());
}

// ---- the options ----------------------------------------------------------------------------------------

// Throws an Error unless `valid`: "compare: expected folds of at least 2, got 1".
struct Requirement {
  const char* function;

  template <class Value>
  void operator()(bool valid, const char* name, const char* expected, const Value& value) const {
    if (!valid) throw Error(function, ": expected ", name, " ", expected, ", got ", value);
  }
};

void check(const NetworkSearch& search, const Requirement& require) {
  require(!search.hidden.empty(), "network.hidden", "to have candidates", "none");
  require(!search.weight_decay.empty(), "network.weight_decay", "to have candidates", "none");
  for (const double decay : search.weight_decay)
    require(decay >= 0 && std::isfinite(decay), "network.weight_decay", "to be finite and >= 0", decay);
  require(std::is_sorted(search.weight_decay.begin(), search.weight_decay.end()), "network.weight_decay",
          "to be ascending", "another order");
  require(search.max_epochs > 0, "network.max_epochs", "above 0", search.max_epochs);
  require(search.patience > 0, "network.patience", "above 0", search.patience);
  require(search.alpha > 0 && std::isfinite(search.alpha), "network.alpha", "to be finite and > 0",
          search.alpha);
}

// Of what trains, with or without a comparison.
void check_training(const ComparisonOptions& options, const Requirement& require) {
  require(options.inner_folds >= 2, "inner_folds", "of at least 2", options.inner_folds);
  check(options.network, require);
}

void check_comparison(const ComparisonOptions& options, const Requirement& require) {
  require(options.folds >= 2, "folds", "of at least 2", options.folds);
  require(options.repeats > 0, "repeats", "above 0", options.repeats);
  require(options.false_alarm_budget >= 0 && options.false_alarm_budget <= 1, "false_alarm_budget",
          "in [0, 1]", options.false_alarm_budget);
}

// ---- the folds ------------------------------------------------------------------------------------------

constexpr const char* compare_name = "compare";

void check_split(const Split& split, std::size_t i, const Table& table, const Array& t) {
  std::vector<std::uint8_t> side(table.size(), 0);
  const auto enter = [&](const std::vector<std::size_t>& rows, const char* name, std::uint8_t mark) {
    if (rows.empty()) throw Error(compare_name, ": splits[", i, "].", name, " has no rows");
    for (const std::size_t row : rows) {
      if (row >= side.size())
        throw Error(compare_name, ": splits[", i, "].", name, " has row ", row, ", but ", table.source(),
                    " has ", side.size(), " rows");
      if (side[row] != 0) throw Error(compare_name, ": splits[", i, "]: row ", row, " occurs twice");
      side[row] = mark;
    }
  };
  enter(split.train, "train", 1);
  enter(split.test, "test", 2);
  std::vector<std::size_t> counts(table.classes().size(), 0);
  for (const std::size_t row : split.train) ++counts[static_cast<std::size_t>(t.data<std::int32_t>()[row])];
  for (std::size_t c = 0; c < counts.size(); ++c)
    if (counts[c] < 2)
      throw Error(compare_name, ": splits[", i, "].train has ", counts[c], " row(s) of class \"",
                  printable(table.classes()[c]), "\", expected at least 2");
}

std::size_t pooled_folds(const std::vector<Split>& splits, std::size_t n_rows) {
  std::vector<bool> tested(n_rows);
  for (std::size_t i = 0; i < splits.size(); ++i) {
    for (const std::size_t row : splits[i].test)
      if (tested[row]) return i;
    for (const std::size_t row : splits[i].test) tested[row] = true;
  }
  return splits.size();
}

void make_splits(ComparisonPlan& plan, const ComparisonOptions& options) {
  const Table& table = plan.source.table;
  const Array t = table.labels();
  if (options.splits.empty()) {
    plan.n_folds = std::min(options.folds, *std::min_element(plan.counts.begin(), plan.counts.end()));
    plan.n_repeats = options.repeats;
    plan.splits = repeated_stratified_k_fold(t, plan.n_folds, plan.n_repeats, options.seed);
    plan.n_pooled_folds = plan.n_folds;
    return;
  }
  for (std::size_t i = 0; i < options.splits.size(); ++i) check_split(options.splits[i], i, table, t);
  plan.splits = options.splits;
  plan.n_pooled_folds = pooled_folds(plan.splits, table.size());
}

// ---- hashing --------------------------------------------------------------------------------------------

class KeyHash {
 public:
  void add(const std::string& text) { hash_.add(text.c_str(), text.size() + 1); }
  void add(std::uint64_t value) { hash_.add(&value, sizeof value); }
  void add(double value) { hash_.add(&value, sizeof value); }
  void add(const Array& array) {
    add(text_of(array));
    hash_.add(array.raw_data(), array.nbytes());
  }
  void add(const std::vector<std::size_t>& values) {
    add(std::uint64_t{values.size()});
    hash_.add(values.data(), values.size() * sizeof(std::size_t));
  }
  std::string text() const { return std::to_string(hash_.value()); }

 private:
  Fnv1a hash_;
};

// All combinations of the candidates of a method's settings; the values without tuning if there are none.
std::vector<MethodSettings> combinations(const ComparisonMethod& method, bool tune) {
  std::vector<MethodSettings> all(1);
  for (const MethodSetting& setting : method.settings) {
    const std::vector<double> values =
        tune && !setting.candidates.empty() ? setting.candidates : std::vector<double>{setting.value};
    std::vector<MethodSettings> longer;
    for (const MethodSettings& settings : all)
      for (const double value : values) {
        longer.push_back(settings);
        longer.back().set(setting.name, value);
      }
    all = std::move(longer);
  }
  return all;
}

NetworkSearch with_batch_size(NetworkSearch search, std::size_t n_rows) {
  constexpr std::size_t least = 16, most = 256, steps = 16;
  if (search.batch_size == 0) search.batch_size = std::clamp(n_rows / steps, least, most);
  return search;
}

}  // namespace

ComparisonPlan make_training_plan(const char* function, const Table& table,
                                  const ComparisonOptions& options) {
  check_training(options, {function});
  require_label(function, table);
  std::vector<std::size_t> counts;
  Table usable = without_empty_classes(table, counts);
  require_rows_of_classes(function, usable, counts);
  const std::size_t positive = positive_class(function, usable, counts, options.positive);
  if (table.columns().size() == 1)
    throw Error(function, ": ", table.source(), ": no column is left to learn from");
  TablePipeline pipeline;
  std::vector<std::string> left_out;
  if (options.pipeline) {
    pipeline = *options.pipeline;
  } else {
    const AutoPipeline automatic = auto_pipeline(table);
    pipeline = automatic.pipeline;
    left_out = automatic.left_out();
  }
  const NetworkSearch search = with_batch_size(options.network, usable.size());
  return {{std::move(usable), std::move(pipeline), positive, options.inner_folds, search, options.device},
          std::move(left_out),
          {},
          0,
          0,
          0,
          std::move(counts)};
}

ComparisonPlan make_plan(const Table& table, const ComparisonOptions& options) {
  check_comparison(options, {compare_name});
  ComparisonPlan plan = make_training_plan(compare_name, table, options);
  make_splits(plan, options);
  return plan;
}

std::string ComparisonPlan::key(const ComparisonOptions& options) const {
  return key(options, TENBIN_VERSION);
}

std::string ComparisonPlan::key(const ComparisonOptions& options, const std::string& version) const {
  KeyHash hash;
  hash.add(version);
  hash.add(Provenance::of(source.table).data_hash);
  hash.add(source.table.label().name);
  for (const Split& split : splits) {
    hash.add(split.train);
    hash.add(split.test);
  }
  const std::vector<std::size_t> all(splits.empty() ? std::vector<std::size_t>{} : splits[0].train);
  TablePipeline pipeline = source.pipeline;
  pipeline.fit(source.table, all);
  for (const auto& [name, array] : pipeline.save_state()) {
    hash.add(name);
    hash.add(array);
  }
  hash.add(options.seed);
  hash.add(std::uint64_t{options.inner_folds});
  hash.add(std::uint64_t{options.tune ? 1U : 0U});
  hash.add(std::uint64_t{source.positive});
  hash.add(options.false_alarm_budget);
  hash.add(text_of(options.device));
  const NetworkSearch& search = source.search;
  hash.add(search.hidden);
  for (const double decay : search.weight_decay) hash.add(decay);
  for (const std::size_t number : {search.max_epochs, search.patience, search.batch_size})
    hash.add(std::uint64_t{number});
  hash.add(std::uint64_t{search.early_stopping ? 1U : 0U});
  hash.add(search.alpha);
  return hash.text();
}

MethodSettings choose_settings(const TrainingContext& context, const ComparisonMethod& method, bool tune,
                               const std::function<void()>& tried) {
  const std::vector<MethodSettings> all = combinations(method, tune);
  if (all.size() == 1) return all[0];
  MethodSettings best;
  double highest = -1;
  for (const MethodSettings& settings : all) {
    const OutOfFold predicted = context.out_of_fold(
        "settings", [&](const TrainingContext& inner) { return method.train(inner, settings); });
    if (tried) tried();
    const double value = balanced_accuracy(predicted.t, predicted.decisions, context.n_class());
    if (value <= highest) continue;
    highest = value;
    best = settings;
  }
  return best;
}

std::size_t training_units(const ComparisonMethod& method, const ComparisonOptions& options) {
  const std::size_t tried = combinations(method, options.tune).size();
  return 1 + (tried > 1 ? tried * (options.inner_folds - 1) : 0);
}

Table stacked(const Table& train, const Table& test) {
  std::vector<Column> columns = train.columns();
  for (std::size_t c = 0; c < columns.size(); ++c) {
    Array first = columns[c].values, second = test.columns()[c].values;
    if (first.dtype() != second.dtype()) {
      first = first.astype(Dtype::float64);
      second = second.astype(Dtype::float64);
    }
    Array all = Array::empty({first.size() + second.size()}, first.dtype());
    std::memcpy(all.raw_data(), first.raw_data(), first.nbytes());
    std::memcpy(static_cast<char*>(all.raw_data()) + first.nbytes(), second.raw_data(), second.nbytes());
    columns[c].values = all;
  }
  const auto label = static_cast<std::size_t>(&train.label() - train.columns().data());
  return Table(std::move(columns), label, train.source());
}

}  // namespace tenbin::detail
