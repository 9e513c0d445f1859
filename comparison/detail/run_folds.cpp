#include "tenbin/comparison/detail/run_folds.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>

#include "tenbin/comparison/detail/measure.h"
#include "tenbin/core/file.h"
#include "tenbin/cpu/parallel.h"

namespace tenbin::detail {

namespace {

// Whether this process does a fold: all of them, unless there are others.
bool is_own(std::size_t fold, const ComparisonOptions& options) {
  return !options.peers || fold % options.peers->size() == options.peers->rank();
}

Array to_int32(const Array& decisions) { return decisions.astype(Dtype::int32); }

// Runs everything that is not in the state yet, on several threads.
class FoldRun {
 public:
  FoldRun(const ComparisonPlan& plan, const ComparisonMethods& methods, const ComparisonOptions& options,
          RunState& state, Progress& progress)
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
      tenbin::parallel_for(tasks.size(), [&](std::size_t i) { run(tasks[i]); });
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
    report(training_units(method, options_), task.fold, printable(method.name));
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
    std::shared_ptr<FoldData> data = make_fold(plan_.source, split, options_.seed + i, record);
    data->after_pass = progress_.after_pass("fold " + std::to_string(i + 1) + ": training");
    if (const FoldStart* known = state_.start(i)) {
      *data->chosen = known->chosen;
      return data;
    }
    choose_network(*data, record);
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
    const TrainingContext context = FoldAccess::context(data, record);
    MethodInFold found;
    try {
      found.settings = choose_settings(context, method, options_.tune);
      const TrainedClassifier classifier = method.train(context, found.settings);
      const Array p = classifier.predict_proba(data->test.x, context.n_class());
      const Array decisions = to_int32(classifier.decision(p));
      found.values = measure(data->test.t, p, decisions, plan_.source.positive, options_.false_alarm_budget);
      found.found = count_found(data->test.t, decisions, plan_.source.positive);
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
  RunState& state_;
  Progress& progress_;
  std::vector<Fold> folds_;
};

}  // namespace

std::size_t network_units(const ComparisonOptions& options) { return 2 * options.inner_folds; }

std::size_t fold_units(const ComparisonPlan& plan, const ComparisonMethods& methods,
                       const ComparisonOptions& options) {
  std::size_t of_fold = network_units(options), folds = 0;
  for (const ComparisonMethod& method : methods) of_fold += training_units(method, options);
  for (std::size_t fold = 0; fold < plan.splits.size(); ++fold) folds += is_own(fold, options) ? 1 : 0;
  return folds * of_fold;
}

void run_folds(const ComparisonPlan& plan, const ComparisonMethods& methods, const ComparisonOptions& options,
               RunState& state, Progress& progress) {
  FoldRun(plan, methods, options, state, progress).run();
}

}  // namespace tenbin::detail
