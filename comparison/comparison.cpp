#include "tenbin/comparison/comparison.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>

#include "tenbin/comparison/detail/measure.h"
#include "tenbin/comparison/detail/plan.h"
#include "tenbin/comparison/detail/run_state.h"
#include "tenbin/comparison/paired_test.h"
#include "tenbin/core/file.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/datasets/class_counts.h"
#include "tenbin/datasets/statistics.h"
#include "tenbin/datasets/text_table.h"
#include "tenbin/preprocessing/auto_pipeline.h"

namespace tenbin {

namespace {

using detail::ComparisonPlan;
using detail::FoldData;
using detail::FoldStart;
using detail::MethodInFold;
using detail::RowRecord;

void check_methods(const ComparisonMethods& methods, const ComparisonOptions& options) {
  if (methods.size() == 0) throw Error("compare: expected methods, got none");
  if (!methods.contains(options.baseline))
    throw Error("compare: the baseline \"", printable(options.baseline),
                "\" is not among the methods; there are ", detail::escaped(detail::joined(methods.names())));
}

// Tells the caller how far the work is, by one thread at a time.
class Progress : public std::enable_shared_from_this<Progress> {
 public:
  Progress(const ComparisonOptions& options, std::size_t total)
      : callback_(options.progress), total_(total) {}

  // For FoldData::after_pass. It may be called after the comparison, by a method that has kept its context.
  std::function<void()> after_pass(const std::string& what) {
    return [progress = shared_from_this(), what] { progress->tick(what); };
  }

  // `units` more are done; 0: there is still work.
  void add(std::size_t units, const std::string& what) {
    if (!callback_) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    done_ += units;
    report(what);
  }

  // Work goes on: a report, if the last one is a while ago.
  void tick(const std::string& what) {
    constexpr std::chrono::milliseconds a_while(200);
    if (!callback_) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!ended_ && Clock::now() - reported_ >= a_while) report(what);
  }

  // Throws again if a report has thrown on this thread: what has caught it may be incomplete.
  void throw_if_stopped() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopped_.count(std::this_thread::get_id()) > 0) throw Stop();
  }

  // Runs `work`; what the callback throws ends it, and is thrown here. Inside `work` it is a Stop, since an
  // Error there would mean that a method is not possible.
  template <class Work>
  auto run(const Work& work) {
    try {
      auto result = work();
      end();
      return result;
    } catch (const Stop&) {
      end();
      if (thrown_) std::rethrow_exception(thrown_);
      throw;  // of a comparison inside which this one runs
    } catch (...) {
      end();
      throw;
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Stop {};

  void end() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
  }

  void report(const std::string& what) {
    if (thrown_) stop();
    try {
      callback_({done_, total_, what});
    } catch (...) {
      thrown_ = std::current_exception();
      stop();
    }
    reported_ = Clock::now();
  }

  [[noreturn]] void stop() {
    stopped_.insert(std::this_thread::get_id());
    throw Stop();
  }

  std::function<void(const ComparisonProgress&)> callback_;
  std::size_t total_;
  std::mutex mutex_;
  std::size_t done_ = 0;
  bool ended_ = false;
  Clock::time_point reported_ = Clock::now();
  std::exception_ptr thrown_;
  std::set<std::thread::id> stopped_;
};

std::size_t network_units(const ComparisonOptions& options) { return 2 * options.inner_folds; }

// Whether this process does a fold: all of them, unless there are others.
bool is_own(std::size_t fold, const ComparisonOptions& options) {
  return !options.peers || fold % options.peers->size() == options.peers->rank();
}

std::size_t total_units(const ComparisonPlan& plan, const ComparisonMethods& methods,
                        const ComparisonOptions& options) {
  constexpr std::size_t bootstrap = 1;
  std::size_t of_fold = network_units(options), folds = 0;
  for (const ComparisonMethod& method : methods) of_fold += detail::training_units(method, options);
  for (std::size_t fold = 0; fold < plan.splits.size(); ++fold) folds += is_own(fold, options) ? 1 : 0;
  return folds * of_fold + bootstrap;
}

Array to_int32(const Array& decisions) { return decisions.astype(Dtype::int32); }

// Runs everything that is not in the state yet, on several threads.
class Run {
 public:
  Run(const ComparisonPlan& plan, const ComparisonMethods& methods, const ComparisonOptions& options,
      detail::RunState& state, Progress& progress)
      : plan_(plan),
        methods_(methods.begin(), methods.end()),
        options_(options),
        state_(state),
        progress_(progress),
        folds_(plan.splits.size()) {
    for (Fold& fold : folds_) fold.waiting = methods_.size();
  }

  void run() {
    const std::vector<Task> tasks = ordered_tasks();
    try {
      parallel_for(tasks.size(), [&](std::size_t i) { run(tasks[i]); });
    } catch (...) {
      save_what_there_is();
      throw;
    }
    state_.save();
  }

 private:
  struct Fold {
    std::mutex mutex;
    std::shared_ptr<FoldData> data;  // from the first task that needs it to the last
    std::atomic<std::size_t> waiting{0};
  };
  // Method `method` in a fold, or what comes before the methods.
  struct Task {
    static constexpr std::size_t start = static_cast<std::size_t>(-1);
    std::size_t fold;
    std::size_t method;
  };

  // The error that stopped the run is the one to report.
  void save_what_there_is() {
    try {
      state_.save();
    } catch (const std::exception&) {
    }
  }

  // A thread that has nothing left to do in a fold starts another one, before the methods of that one are
  // due: so no thread waits for a start, and few folds are in memory at once.
  std::vector<Task> ordered_tasks() const {
    std::vector<std::size_t> own;
    for (std::size_t fold = 0; fold < folds_.size(); ++fold)
      if (is_own(fold, options_)) own.push_back(fold);
    std::vector<Task> tasks;
    const std::size_t ahead = std::min(num_threads(), own.size());
    for (std::size_t i = 0; i < ahead; ++i) tasks.push_back({own[i], Task::start});
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (i + ahead < own.size()) tasks.push_back({own[i + ahead], Task::start});
      for (std::size_t m = 0; m < methods_.size(); ++m) tasks.push_back({own[i], m});
    }
    return tasks;
  }

  void run(const Task& task) {
    if (task.method == Task::start) {
      if (!is_finished(task.fold)) fold_data(task.fold);
      report(network_units(options_), task.fold, "network");
      return;
    }
    const ComparisonMethod& method = methods_[task.method];
    if (state_.result(task.fold, method) == nullptr) {
      MethodInFold found = train_and_measure(task.fold, method);
      progress_.throw_if_stopped();
      state_.add(task.fold, method, std::move(found));
    }
    finish(folds_[task.fold]);
    report(detail::training_units(method, options_), task.fold, printable(method.name));
  }

  static void finish(Fold& fold) {
    if (--fold.waiting > 0) return;
    const std::lock_guard<std::mutex> lock(fold.mutex);
    fold.data.reset();
  }

  bool is_finished(std::size_t fold) const {
    return state_.start(fold) != nullptr &&
           std::all_of(methods_.begin(), methods_.end(), [&](const ComparisonMethod& method) {
             return state_.result(fold, method) != nullptr;
           });
  }

  std::shared_ptr<FoldData> fold_data(std::size_t i) {
    Fold& fold = folds_[i];
    const std::lock_guard<std::mutex> lock(fold.mutex);
    if (!fold.data) fold.data = start(i);
    return fold.data;
  }

  std::shared_ptr<FoldData> start(std::size_t i) {
    RowRecord record(plan_.source.table.size());
    const Split& split = plan_.splits[i];
    std::shared_ptr<FoldData> data = detail::make_fold(plan_.source, split, options_.seed + i, record);
    data->after_pass = progress_.after_pass("fold " + std::to_string(i + 1) + ": training");
    if (const FoldStart* known = state_.start(i)) {
      *data->chosen = known->chosen;
      return data;
    }
    detail::choose_network(*data, record);
    FoldStart found;
    found.chosen = *data->chosen;
    found.leak = record.steps(split);
    found.duplicates = data->test.size() - data->test_contents.size();
    state_.add(i, std::move(found));
    return data;
  }

  MethodInFold train_and_measure(std::size_t i, const ComparisonMethod& method) {
    const std::shared_ptr<FoldData> data = fold_data(i);
    const auto record = std::make_shared<RowRecord>(plan_.source.table.size());
    const TrainingContext context = detail::FoldAccess::context(data, record);
    MethodInFold found;
    try {
      found.settings = detail::choose_settings(context, method, options_.tune);
      const TrainedClassifier classifier = method.train(context, found.settings);
      const Array p = classifier.predict_proba(data->test.x, context.n_class());
      const Array decisions = to_int32(classifier.decision(p));
      found.values =
          detail::measure(data->test.t, p, decisions, plan_.source.positive, options_.false_alarm_budget);
      found.found = detail::count_found(data->test.t, decisions, plan_.source.positive);
      if (i < plan_.n_pooled_folds) {
        found.probabilities = p;
        found.decisions = decisions;
      }
    } catch (const Error& error) {
      MethodInFold impossible;
      impossible.left_out = error.what();
      return impossible;
    }
    found.leak = record->steps(data->split);
    return found;
  }

  void report(std::size_t units, std::size_t fold, const std::string& what) {
    progress_.add(units, "fold " + std::to_string(fold + 1) + ": " + what);
  }

  const ComparisonPlan& plan_;
  std::vector<ComparisonMethod> methods_;
  const ComparisonOptions& options_;
  detail::RunState& state_;
  Progress& progress_;
  std::vector<Fold> folds_;
};

// ---- the result -----------------------------------------------------------------------------------------

// The pooled rows, and where each row of each pooled fold is among them.
struct PooledRows {
  explicit PooledRows(const ComparisonPlan& plan) {
    for (std::size_t i = 0; i < plan.n_pooled_folds; ++i)
      rows.insert(rows.end(), plan.splits[i].test.begin(), plan.splits[i].test.end());
    std::sort(rows.begin(), rows.end());
    for (std::size_t i = 0; i < plan.n_pooled_folds; ++i) {
      at.emplace_back();
      for (const std::size_t row : plan.splits[i].test)
        at.back().push_back(
            static_cast<std::size_t>(std::lower_bound(rows.begin(), rows.end(), row) - rows.begin()));
    }
  }

  std::vector<std::size_t> fold_of() const {
    std::vector<std::size_t> folds(rows.size());
    for (std::size_t i = 0; i < at.size(); ++i)
      for (const std::size_t row : at[i]) folds[row] = i;
    return folds;
  }

  std::vector<std::size_t> rows;
  std::vector<std::vector<std::size_t>> at;
};

MethodResult collected(const ComparisonMethod& method, const ComparisonPlan& plan, const PooledRows& pooled,
                       const detail::RunState& state) {
  const std::size_t n_class = plan.counts.size(), n = pooled.rows.size();
  MethodResult result;
  result.name = method.name;
  result.about = method.about;
  for (std::size_t i = 0; i < plan.splits.size() && result.left_out.empty(); ++i)
    result.left_out = state.result(i, method)->left_out;
  if (result.is_left_out()) return result;
  result.values.assign(comparison_metrics().size(), {});
  result.probabilities = Array::empty({n, n_class});
  result.decisions = Array::empty({n}, Dtype::int32);
  for (std::size_t i = 0; i < plan.splits.size(); ++i) {
    const MethodInFold& found = *state.result(i, method);
    for (std::size_t m = 0; m < found.values.size(); ++m) result.values[m].push_back(found.values[m]);
    result.found.push_back(found.found);
    result.settings.push_back(found.settings);
    if (i >= plan.n_pooled_folds) continue;
    const float* const p = found.probabilities.data<float>();
    for (std::size_t row = 0; row < pooled.at[i].size(); ++row) {
      const std::size_t at = pooled.at[i][row];
      std::copy_n(p + row * n_class, n_class, result.probabilities.data<float>() + at * n_class);
      result.decisions.data<std::int32_t>()[at] = found.decisions.data<std::int32_t>()[row];
    }
  }
  return result;
}

MetricDifference difference_of(const std::vector<double>& values, const std::vector<double>& baseline,
                               bool higher_is_better, double ratio) {
  MetricDifference difference;
  for (std::size_t i = 0; i < values.size(); ++i) difference.values.push_back(values[i] - baseline[i]);
  difference.mean = detail::mean(difference.values);
  difference.better = higher_is_better ? difference.mean > 0 : difference.mean < 0;
  const double p = corrected_resampled_t_test(difference.values, ratio);
  difference.p_value = std::isnan(p) ? 1 : p;
  return difference;
}

void add_differences(std::vector<MethodResult*>& methods, const MethodResult& baseline, double ratio) {
  for (std::size_t m = 0; m < comparison_metrics().size(); ++m) {
    std::vector<MetricDifference*> compared;
    std::vector<double> p_values;
    for (MethodResult* method : methods) {
      if (method == &baseline) continue;
      method->differences.push_back(difference_of(method->values[m], baseline.values[m],
                                                  comparison_metrics()[m].higher_is_better, ratio));
      p_values.push_back(method->differences.back().p_value);
    }
    const std::vector<double> adjusted = holm(p_values);
    std::size_t i = 0;
    for (MethodResult* method : methods)
      if (method != &baseline) method->differences[m].p_holm = adjusted[i++];
  }
}

void describe_data(ComparisonResult& result, const ComparisonPlan& plan) {
  const Table& table = plan.source.table;
  result.source = table.source();
  result.n_rows = table.size();
  result.left_out_columns = plan.left_out_columns;
  TablePipeline pipeline = plan.source.pipeline;
  pipeline.fit(table, plan.splits[0].train);
  result.n_columns = pipeline.input_columns().size();
  result.n_categorical = pipeline.one_hot_features().size();
  result.label = table.label().name;
  result.classes = table.classes();
  result.class_counts = plan.counts;
  result.positive = plan.source.positive;
}

void describe_protocol(ComparisonResult& result, const ComparisonPlan& plan,
                       const ComparisonOptions& options) {
  result.n_folds = plan.n_folds;
  result.n_repeats = plan.n_repeats;
  result.inner_folds = options.inner_folds;
  result.seed = options.seed;
  result.false_alarm_budget = options.false_alarm_budget;
  result.baseline = options.baseline;
  result.tuned = options.tune;
  result.search = plan.source.search;
}

void add_folds(ComparisonResult& result, const ComparisonPlan& plan, const ComparisonMethods& methods,
               const detail::RunState& state) {
  std::vector<std::vector<LeakStep>> leaks;
  for (std::size_t i = 0; i < plan.splits.size(); ++i) {
    const FoldStart& start = *state.start(i);
    const std::size_t train = plan.splits[i].train.size(), test = plan.splits[i].test.size();
    result.folds.push_back(
        {train, test, start.chosen.network, start.chosen.logistic, start.chosen.candidates});
    leaks.push_back(start.leak);
    for (const ComparisonMethod& method : methods) leaks.push_back(state.result(i, method)->leak);
    LeakCheck& check = result.leak_check;
    check.train_rows = std::max(check.train_rows, train);
    check.test_rows = std::max(check.test_rows, test);
    check.duplicates += start.duplicates;
    check.tested += test;
  }
  result.leak_check.steps = detail::combined(leaks);
}

ComparisonResult assembled(const ComparisonPlan& plan, const ComparisonMethods& methods,
                           const ComparisonOptions& options, const detail::RunState& state,
                           Progress& progress) {
  ComparisonResult result;
  describe_data(result, plan);
  describe_protocol(result, plan, options);
  add_folds(result, plan, methods, state);
  const PooledRows pooled(plan);
  result.rows = pooled.rows;
  result.n_pooled_folds = plan.n_pooled_folds;
  result.t = plan.source.table.rows(pooled.rows).labels();
  for (const ComparisonMethod& method : methods)
    result.methods.push_back(collected(method, plan, pooled, state));
  std::vector<MethodResult*> possible;
  const MethodResult* baseline = nullptr;
  for (MethodResult& method : result.methods) {
    if (method.name == options.baseline) baseline = &method;
    if (!method.is_left_out()) possible.push_back(&method);
  }
  if (baseline->is_left_out())
    throw Error("compare: the baseline \"", printable(baseline->name),
                "\" is not possible: ", detail::escaped(baseline->left_out));
  add_differences(possible, *baseline, result.test_train_ratio());
  detail::bootstrap(
      possible, *baseline, {result.t.to_vector<std::int32_t>(), pooled.fold_of(), result.positive},
      options.false_alarm_budget, options.n_resamples, options.seed, [&] { progress.add(0, "bootstrap"); });
  progress.add(1, "bootstrap");
  return result;
}

// The file of a process other than the first, which the first reads and removes.
std::string state_of_peer(const std::string& state, std::size_t rank) {
  return state + '.' + std::to_string(rank);
}

// With peers: every process gets what any of them has found.
void share(detail::RunState& state, const ComparisonOptions& options) {
  if (!options.peers) return;
  const std::vector<std::string> all = options.peers->allgather(state.to_bytes());
  for (std::size_t r = 0; r < all.size(); ++r)
    if (r != options.peers->rank()) state.merge(all[r]);
}

void remove_quietly(const std::string& file) {
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
}

// What the other processes have written, in this run or an earlier one, of which there may have been more.
std::vector<std::string> files_of_peers(const std::string& state) {
  const std::filesystem::path path(state);
  const std::string prefix = path.filename().string() + '.';
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(path.has_parent_path() ? path.parent_path() : ".", error),
       end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.size() > prefix.size() && name.compare(0, prefix.size(), prefix) == 0 &&
        name.find_first_not_of("0123456789", prefix.size()) == std::string::npos)
      files.push_back(entry->path().string());
  }
  return files;
}

ComparisonResult run_plan(const ComparisonPlan& plan, const ComparisonMethods& methods,
                          const ComparisonOptions& options) {
  detail::StateShape shape;
  const bool is_first = !options.peers || options.peers->rank() == 0;
  std::string path = options.state;
  if (!path.empty() && !is_first) path = state_of_peer(path, options.peers->rank());
  if (!path.empty() || options.peers) shape.key = plan.key(options);
  shape.n_class = plan.counts.size();
  for (const Split& split : plan.splits) shape.test_rows.push_back(split.test.size());
  shape.n_pooled_folds = plan.n_pooled_folds;
  shape.search = plan.source.search;
  std::vector<std::string> left;
  if (is_first && !path.empty()) left = files_of_peers(path);
  detail::RunState state(std::move(shape), path, options.state_interval);
  for (const std::string& file : left) state.merge_file(file);
  share(state, options);
  const auto progress = std::make_shared<Progress>(options, total_units(plan, methods, options));
  return progress->run([&] {
    Run(plan, methods, options, state, *progress).run();
    share(state, options);
    if (is_first) state.save();
    if (options.peers) options.peers->allgather("");  // the files of the others are saved
    if (is_first && !path.empty())
      for (const std::string& file : files_of_peers(path)) remove_quietly(file);
    return assembled(plan, methods, options, state, *progress);
  });
}

std::size_t calibration_units(const ComparisonOptions& options) { return options.inner_folds - 1; }

TrainedMethod train_on_all_rows(const ComparisonPlan& plan, const ComparisonMethod& method,
                                const ComparisonOptions& options, Progress& progress) {
  constexpr const char* function = "train_method";
  const Table& table = plan.source.table;
  progress.add(0, "network");
  Split all;
  all.train.resize(table.size());
  std::iota(all.train.begin(), all.train.end(), std::size_t{0});
  const auto record = std::make_shared<RowRecord>(table.size());
  const std::shared_ptr<FoldData> data = detail::make_fold(plan.source, all, options.seed, *record);
  data->after_pass = progress.after_pass("training");
  detail::choose_network(*data, *record);
  progress.add(network_units(options), "settings");
  const TrainingContext context = detail::FoldAccess::context(data, record);
  TrainedMethod trained;
  trained.network = data->chosen->network;
  const auto named = [&](const auto& step) {
    try {
      return step();
    } catch (const Error& error) {
      throw Error(function, ": the method \"", printable(method.name),
                  "\" is not possible: ", detail::escaped(error.what()));
    }
  };
  trained.settings = named([&] {
    return detail::choose_settings(context, method, options.tune,
                                   [&] { progress.add(options.inner_folds - 1, "settings"); });
  });
  progress.add(0, "training");
  const TrainedClassifier classifier = named([&] { return method.train(context, trained.settings); });
  progress.throw_if_stopped();
  if (classifier.probabilities || !classifier.network)
    throw Error(function, ": the model of \"", printable(method.name),
                "\" is not a network and cannot be saved");
  progress.add(1, "predictions on inner folds");
  trained.out_of_fold = named([&] {
    return context.out_of_fold(
        "calibration", [&](const TrainingContext& inner) { return method.train(inner, trained.settings); });
  });
  progress.throw_if_stopped();
  progress.add(calibration_units(options), "predictions on inner folds");
  trained.bundle.pipeline = data->pipeline;
  trained.bundle.network = classifier.network;
  trained.bundle.calibration = classifier.calibration;
  trained.bundle.decision = classifier.decision;
  trained.bundle.made = Provenance::of(table);
  trained.bundle.made.seed = options.seed;
  trained.bundle.made.options["method"] = method.name;
  for (const auto& [name, value] : trained.settings.values())
    trained.bundle.made.options[name] = detail::text_of(value);
  return trained;
}

}  // namespace

void remove_state(const std::string& state) {
  std::vector<std::string> files = files_of_peers(state);
  files.push_back(state);
  for (const std::string& file : files) {
    std::error_code error;
    std::filesystem::remove(file, error);
    if (error) throw Error(file, ": cannot remove this file: ", error.message());
  }
}

ComparisonResult compare(const Table& table, const ComparisonMethods& methods,
                         const ComparisonOptions& options) {
  check_methods(methods, options);
  return run_plan(detail::make_plan(table, options), methods, options);
}

ComparisonResult compare(const Table& train, const Table& test, const ComparisonMethods& methods,
                         const ComparisonOptions& options) {
  check_methods(methods, options);
  if (!train.has_label()) throw Error("compare: expected a table with a label, got ", train.source());
  LikeOptions tolerant;
  tolerant.unknown = tolerant.unreadable = Unknown::missing;
  const Table like = test.like(train, tolerant);
  if (!like.has_label())
    throw Error("compare: expected a test table with the label \"", printable(train.label().name), "\", got ",
                test.source());
  ComparisonOptions one = options;
  std::vector<std::string> left_out;
  if (!one.pipeline) {
    const AutoPipeline automatic = auto_pipeline(train);
    one.pipeline = automatic.pipeline;
    left_out = automatic.left_out();
  }
  Split split;
  split.train.resize(train.size());
  split.test.resize(test.size());
  std::iota(split.train.begin(), split.train.end(), std::size_t{0});
  std::iota(split.test.begin(), split.test.end(), train.size());
  one.splits = {split};
  ComparisonPlan plan = detail::make_plan(detail::stacked(train, like), one);
  plan.left_out_columns = std::move(left_out);
  ComparisonResult result = run_plan(plan, methods, one);
  result.test_source = test.source();
  result.test_class_counts = class_counts(result.t, result.classes.size());
  return result;
}

TrainedMethod train_method(const Table& table, const ComparisonMethod& method,
                           const ComparisonOptions& options) {
  const ComparisonPlan plan = detail::make_training_plan("train_method", table, options);
  const std::size_t units =
      network_units(options) + detail::training_units(method, options) + calibration_units(options);
  const auto progress = std::make_shared<Progress>(options, units);
  return progress->run([&] { return train_on_all_rows(plan, method, options, *progress); });
}

}  // namespace tenbin
