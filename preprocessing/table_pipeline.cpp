#include "tenbin/preprocessing/table_pipeline.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/file.h"
#include "tenbin/preprocessing/detail/date.h"
#include "tenbin/preprocessing/detail/fit_pipeline.h"
#include "tenbin/preprocessing/detail/fitted_pipeline.h"
#include "tenbin/preprocessing/detail/transform_table.h"
#include "tenbin/serializers/npz.h"

namespace tenbin {

namespace {

void require_frequency(const char* function, const EncodeOptions& options) {
  if (!(options.min_frequency >= 0) || std::isinf(options.min_frequency))
    throw Error(function, ": expected min_frequency >= 0, a count or a share, got ", options.min_frequency);
}

}  // namespace

Transformed::operator Dataset() const {
  if (!t) throw Error("Transformed: the table had no labels, so it is no Dataset; take x");
  return {x, t};
}

SparseTransformed::operator SparseDataset() const {
  if (!t) throw Error("SparseTransformed: the table had no labels, so it is no SparseDataset; take x");
  return {x, t};
}

TablePipeline& TablePipeline::drop(const std::vector<std::string>& columns) {
  dropped_.insert(dropped_.end(), columns.begin(), columns.end());
  return *this;
}

TablePipeline& TablePipeline::dates(const std::string& column, const std::vector<DatePart>& parts,
                                    const DatesOptions& options) {
  if (parts.empty())
    throw Error("TablePipeline::dates: expected parts of \"", printable(column), "\", got none");
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (std::count(parts.begin(), parts.end(), parts[i]) > 1)
      throw Error("TablePipeline::dates: the part ", detail::name_of(parts[i]), " of \"", printable(column),
                  "\" is given twice");
  detail::require_date_format(options.format);
  dates_.push_back({column, parts, options.format});
  return *this;
}

TablePipeline& TablePipeline::impute(const ImputeOptions& options) {
  if (!std::isfinite(options.fill_value))
    throw Error("TablePipeline::impute: expected a finite fill_value, got ", options.fill_value);
  imputes_.push_back(options);
  return *this;
}

TablePipeline& TablePipeline::log1p(const std::vector<std::string>& columns) {
  log1ps_.push_back({columns});
  return *this;
}

TablePipeline& TablePipeline::one_hot(const EncodeOptions& options) {
  require_frequency("TablePipeline::one_hot", options);
  encodes_.push_back({options.columns, options, true});
  return *this;
}

TablePipeline& TablePipeline::ordinal(const EncodeOptions& options) {
  require_frequency("TablePipeline::ordinal", options);
  encodes_.push_back({options.columns, options, false});
  return *this;
}

TablePipeline& TablePipeline::scale(const ScaleOptions& options) {
  if (options.n_quantiles == 0) throw Error("TablePipeline::scale: expected n_quantiles > 0, got 0");
  scales_.push_back(options);
  return *this;
}

TablePipeline& TablePipeline::fit(const Table& table) { return fit_rows(table, nullptr); }

TablePipeline& TablePipeline::fit(const Table& table, const std::vector<std::size_t>& rows) {
  return fit_rows(table, &rows);
}

TablePipeline& TablePipeline::fit_rows(const Table& table, const std::vector<std::size_t>* rows) {
  if (!has_steps_)
    throw Error("TablePipeline::fit: this pipeline was loaded and has no steps; describe them in a new one");
  const detail::RowSet set("TablePipeline::fit", table, rows);
  fitted_ = std::make_shared<const detail::FittedPipeline>(FitPipeline(*this, table, set).run());
  return *this;
}

Transformed TablePipeline::transform(const Table& table, const TransformOptions& options) const {
  return transform_rows<Transformed>("transform", table, nullptr, options);
}

Transformed TablePipeline::transform(const Table& table, const std::vector<std::size_t>& rows,
                                     const TransformOptions& options) const {
  return transform_rows<Transformed>("transform", table, &rows, options);
}

SparseTransformed TablePipeline::transform_sparse(const Table& table, const TransformOptions& options) const {
  return transform_rows<SparseTransformed>("transform_sparse", table, nullptr, options);
}

SparseTransformed TablePipeline::transform_sparse(const Table& table, const std::vector<std::size_t>& rows,
                                                  const TransformOptions& options) const {
  return transform_rows<SparseTransformed>("transform_sparse", table, &rows, options);
}

template <class Result>
Result TablePipeline::transform_rows(const char* call, const Table& table,
                                     const std::vector<std::size_t>* rows,
                                     const TransformOptions& options) const {
  const detail::FittedPipeline& all = fitted(call);
  const detail::RowSet set(("TablePipeline::" + std::string(call)).c_str(), table, rows);
  Result result;
  detail::TransformTable(all, table, set, options).run(result);
  return result;
}

const detail::FittedPipeline& TablePipeline::fitted(const char* call) const {
  if (!fitted_) throw Error("TablePipeline::", call, ": the pipeline is not fitted; call `fit` first");
  return *fitted_;
}

const detail::FittedPipeline& detail::fitted_pipeline(const TablePipeline& pipeline) {
  return pipeline.fitted("transform");
}

std::size_t TablePipeline::n_features() const { return fitted("n_features").feature_names.size(); }

const std::vector<std::string>& TablePipeline::feature_names() const {
  return fitted("feature_names").feature_names;
}

std::vector<FeatureRange> TablePipeline::one_hot_features() const {
  std::vector<FeatureRange> ranges;
  std::size_t begin = 0;
  for (const detail::FittedColumn& column : fitted("one_hot_features").columns) {
    const std::size_t end = begin + column.width();
    const auto* category = std::get_if<detail::CategoryMap>(&column.map);
    if (category != nullptr && category->one_hot) ranges.push_back({begin, end});
    begin = end;
  }
  return ranges;
}

const std::vector<std::string>& TablePipeline::classes() const {
  static const std::vector<std::string> none;
  const auto& label = fitted("classes").label;
  return label ? label->categories : none;
}

const std::string& TablePipeline::label_name() const {
  static const std::string none;
  const auto& label = fitted("label_name").label;
  return label ? label->name : none;
}

std::vector<std::string> TablePipeline::input_columns() const {
  std::vector<std::string> names;
  for (const detail::FittedColumn& column : fitted("input_columns").columns) names.push_back(column.name);
  return names;
}

NamedArrays TablePipeline::save_state() const { return detail::save(fitted("save_state")); }

std::function<void()> TablePipeline::prepare_load(StateReader& reader) {
  auto read = std::make_shared<const detail::FittedPipeline>(detail::read_pipeline(reader));
  return [this, read = std::move(read)] {
    fitted_ = read;
    has_steps_ = !(dropped_.empty() && dates_.empty() && imputes_.empty() && log1ps_.empty() &&
                   encodes_.empty() && scales_.empty());
  };
}

TablePipeline TablePipeline::load(const std::string& path) {
  TablePipeline pipeline;
  load_npz(path, pipeline);
  return pipeline;
}

}  // namespace tenbin
