// train_method: one method of a comparison, trained on all rows.
#include <memory>
#include <numeric>

#include "tenbin/comparison/comparison.h"
#include "tenbin/comparison/detail/plan.h"
#include "tenbin/comparison/detail/progress.h"
#include "tenbin/comparison/detail/run_folds.h"
#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/text_table.h"

namespace tenbin {

namespace {

using detail::FoldData;
using detail::RowRecord;

std::size_t calibration_units(const ComparisonOptions& options) { return options.inner_folds - 1; }

TrainedMethod train_on_all_rows(const detail::ComparisonPlan& plan, const ComparisonMethod& method,
                                const ComparisonOptions& options, detail::Progress& progress) {
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
  progress.add(detail::network_units(options), "settings");
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

TrainedMethod train_method(const Table& table, const ComparisonMethod& method,
                           const ComparisonOptions& options) {
  const detail::ComparisonPlan plan = detail::make_training_plan("train_method", table, options);
  const std::size_t units =
      detail::network_units(options) + detail::training_units(method, options) + calibration_units(options);
  const auto progress = std::make_shared<detail::Progress>(options.progress, units);
  return progress->run([&] { return train_on_all_rows(plan, method, options, *progress); });
}

}  // namespace tenbin
