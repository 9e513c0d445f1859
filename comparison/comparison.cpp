#include "tenbin/comparison/comparison.h"

#include <filesystem>
#include <memory>
#include <numeric>

#include "tenbin/comparison/detail/assembled_result.h"
#include "tenbin/comparison/detail/plan.h"
#include "tenbin/comparison/detail/progress.h"
#include "tenbin/comparison/detail/run_folds.h"
#include "tenbin/comparison/detail/run_state.h"
#include "tenbin/comparison/detail/state_files.h"
#include "tenbin/core/file.h"
#include "tenbin/core/text.h"
#include "tenbin/datasets/class_counts.h"
#include "tenbin/datasets/text_table.h"
#include "tenbin/preprocessing/auto_pipeline.h"

namespace tenbin {

namespace {

using detail::ComparisonPlan;

void check_methods(const ComparisonMethods& methods, const ComparisonOptions& options) {
  if (methods.size() == 0) throw Error("compare: expected methods, got none");
  if (!methods.contains(options.baseline))
    throw Error("compare: the baseline \"", printable(options.baseline),
                "\" is not among the methods; there are ", detail::escaped(detail::joined(methods.names())));
}

// With peers: every process gets what any of them has found.
void share(detail::RunState& state, const ComparisonOptions& options) {
  if (!options.peers) return;
  const std::vector<std::string> all = options.peers->allgather(state.to_bytes());
  for (std::size_t r = 0; r < all.size(); ++r)
    if (r != options.peers->rank()) state.merge(all[r]);
}

ComparisonResult run_plan(const ComparisonPlan& plan, const ComparisonMethods& methods,
                          const ComparisonOptions& options) {
  const bool has_file = !options.state.empty();
  const std::size_t rank = options.peers ? options.peers->rank() : 0;
  detail::StateShape shape;
  if (has_file || options.peers) shape.key = plan.key(options);
  shape.n_class = plan.counts.size();
  for (const Split& split : plan.splits) shape.test_rows.push_back(split.test.size());
  shape.n_pooled_folds = plan.n_pooled_folds;
  shape.search = plan.source.search;
  std::vector<std::string> left;  // by other processes, in an earlier run
  if (has_file && rank == 0) left = detail::state_files_of_peers(options.state);
  detail::RunState state(std::move(shape), has_file ? detail::state_file_of(options.state, rank) : "",
                         options.state_interval);
  for (const std::string& file : left) state.merge_file(file);
  share(state, options);
  const auto progress = std::make_shared<detail::Progress>(
      options.progress, detail::fold_units(plan, methods, options) + detail::bootstrap_units);
  return progress->run([&] {
    detail::run_folds(plan, methods, options, state, *progress);
    share(state, options);
    if (rank == 0) state.save();
    if (options.peers) options.peers->allgather("");  // the files of the others are saved
    if (has_file && rank == 0)
      for (const std::string& file : detail::state_files_of_peers(options.state)) {
        std::error_code ignored;
        std::filesystem::remove(file, ignored);
      }
    return detail::assembled(plan, methods, options, state, *progress);
  });
}

}  // namespace

void remove_state(const std::string& state) {
  std::vector<std::string> files = detail::state_files_of_peers(state);
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

}  // namespace tenbin
