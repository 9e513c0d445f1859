#include "tenbin/calibration/prior_correction.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tenbin/evaluation/detail/probabilities.h"
#include "tenbin/serializers/state.h"

namespace tenbin {

namespace {

using Vector = std::vector<double>;

// `to_prior`, where an entry of 0 is an error.
Vector to_seen_prior(const char* function, const Array& prior, std::size_t n_class) {
  Vector seen = detail::to_prior(function, "seen", prior, n_class);
  for (std::size_t c = 0; c < n_class; ++c)
    if (seen[c] == 0)
      throw Error(function, ": seen[", c, "] = 0: the probability of a class that training has not seen",
                  " cannot be corrected");
  return seen;
}

// Rows of probabilities of n_class classes as float64 on the CPU; (N) becomes (N, 2).
struct Rows {
  Vector values;
  std::size_t n_class;

  std::size_t count() const { return values.size() / n_class; }
};

Rows to_rows(const char* function, const Array& probabilities) {
  const bool one_column =
      probabilities && is_floating(probabilities.dtype()) &&
      (probabilities.ndim() == 1 || (probabilities.ndim() == 2 && probabilities.shape()[1] == 1));
  if (!one_column) detail::require_probability_matrix(function, probabilities);
  Rows rows{probabilities.to_vector<double>(), one_column ? 2 : probabilities.shape()[1]};
  if (one_column) {
    Vector both;
    both.reserve(2 * rows.values.size());
    for (std::size_t i = 0; i < rows.values.size(); ++i) {
      detail::require_probability(function, "probabilities", rows.values[i], i, probabilities.dtype());
      const double p = std::clamp(rows.values[i], 0.0, 1.0);
      both.insert(both.end(), {1 - p, p});
    }
    rows.values = std::move(both);
  }
  for (std::size_t i = 0; i < rows.count(); ++i)
    detail::require_probability_row(function, &rows.values[i * rows.n_class], rows.n_class, i,
                                    probabilities.dtype());
  for (double& p : rows.values) p = std::max(p, 0.0);
  return rows;
}

// actual[c] / seen[c], scaled so that the largest is 1 and nothing overflows.
Vector prior_ratio(const Vector& actual, const Vector& seen) {
  Vector ratio(actual.size());
  for (std::size_t c = 0; c < ratio.size(); ++c)
    ratio[c] =
        actual[c] == 0 ? -std::numeric_limits<double>::infinity() : std::log(actual[c]) - std::log(seen[c]);
  const double largest = *std::max_element(ratio.begin(), ratio.end());
  for (double& r : ratio) r = std::exp(r - largest);
  return ratio;
}

// out[c] = p[c] ratio[c], normalised to sum 1, for row `position`.
void reweigh(const char* function, const double* p, const Vector& ratio, std::size_t position, double* out) {
  double sum = 0;
  for (std::size_t c = 0; c < ratio.size(); ++c) sum += out[c] = p[c] * ratio[c];
  if (sum == 0)
    throw Error(function, ": row ", position, " of probabilities is 0 for every class that `actual` allows");
  for (std::size_t c = 0; c < ratio.size(); ++c) out[c] /= sum;
}

// The mean over the rows of their probabilities corrected to `prior`.
Vector mean_corrected(const char* function, const Rows& rows, const Vector& seen, const Vector& prior) {
  const Vector ratio = prior_ratio(prior, seen);
  Vector means(rows.n_class, 0), row(rows.n_class);
  for (std::size_t i = 0; i < rows.count(); ++i) {
    reweigh(function, &rows.values[i * rows.n_class], ratio, i, row.data());
    for (std::size_t c = 0; c < rows.n_class; ++c) means[c] += row[c];
  }
  for (double& mean : means) mean /= static_cast<double>(rows.count());
  return means;
}

double largest_difference(const Vector& a, const Vector& b) {
  double largest = 0;
  for (std::size_t c = 0; c < a.size(); ++c) largest = std::max(largest, std::abs(a[c] - b[c]));
  return largest;
}

}  // namespace

Array correct_prior(const Array& probabilities, const Array& seen, const Array& actual) {
  constexpr const char* function = "correct_prior";
  Rows rows = to_rows(function, probabilities);
  const Vector from = to_seen_prior(function, seen, rows.n_class);
  const Vector to = detail::to_prior(function, "actual", actual, rows.n_class);
  const Vector ratio = prior_ratio(to, from);
  Vector& values = rows.values;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    double* row = &values[i * rows.n_class];
    reweigh(function, row, ratio, i, row);
  }
  if (probabilities.size() < values.size()) {
    for (std::size_t i = 0; i < probabilities.size(); ++i) values[i] = values[2 * i + 1];
    values.resize(probabilities.size());
  }
  return Array(values, probabilities.shape()).astype(probabilities.dtype()).to(probabilities.device());
}

PriorCorrection::PriorCorrection(const Array& seen, const Array& actual) {
  constexpr const char* function = "PriorCorrection";
  if (!seen || seen.ndim() != 1 || seen.size() < 2)
    throw Error(function, ": seen must have one axis and a number for each of 2 or more classes, got ", seen);
  to_seen_prior(function, seen, seen.size());
  detail::to_prior(function, "actual", actual, seen.size());
  seen_ = seen.to_vector<double>();
  actual_ = actual.to_vector<double>();
}

Array PriorCorrection::transform(const Array& probabilities) const {
  return correct_prior(probabilities, Array(seen_), Array(actual_));
}

NamedArrays PriorCorrection::save_state() const {
  return {{"seen", Array(seen_)}, {"actual", Array(actual_)}};
}

std::function<void()> PriorCorrection::prepare_load(StateReader& reader) {
  const Array seen(read_numbers(reader, "seen")), actual(read_numbers(reader, "actual"));
  try {
    return [this, loaded = PriorCorrection(seen, actual)] { *this = loaded; };
  } catch (const Error& error) {
    throw Error(reader.source(), ": ", error.what());
  }
}

PriorCorrection PriorCorrection::load(const std::string& path) {
  PriorCorrection correction;
  load_npz(path, correction);
  return correction;
}

Array estimate_prior(const Array& probabilities, const Array& seen, const EstimatePriorOptions& options) {
  constexpr const char* function = "estimate_prior";
  const Rows rows = to_rows(function, probabilities);
  if (rows.count() == 0) throw Error(function, ": expected at least one row, got ", probabilities);
  const Vector from = to_seen_prior(function, seen, rows.n_class);
  Vector prior = from;
  for (std::size_t iteration = 0; iteration < options.max_iterations; ++iteration) {
    Vector next = mean_corrected(function, rows, from, prior);
    const double change = largest_difference(prior, next);
    prior = std::move(next);
    if (change <= options.tolerance) break;
  }
  return Array(prior);
}

}  // namespace tenbin
