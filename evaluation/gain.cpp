#include "tenbin/evaluation/gain.h"

#include "tenbin/evaluation/detail/metric_rows.h"
#include "tenbin/evaluation/detail/ranking.h"

namespace tenbin {

namespace {

detail::Ranking rank(const char* function, const Array& t, const Array& y, const GainOptions& options) {
  return detail::Ranking(detail::binary_rows(function, t, y, {}, options.pos_label, options.ignore_label));
}

void require_positives(const char* function, const detail::Ranking& ranking) {
  if (ranking.positives() == 0) throw Error(function, ": there are no positive rows in t");
}

double hits(const char* function, const detail::Ranking& ranking, std::size_t count) {
  const auto k = static_cast<double>(count);
  const double n = ranking.positives() + ranking.negatives();
  if (count == 0 || k > n) throw Error(function, ": expected k of 1 to ", n, ", got ", count);
  double found = 0;
  double last_tp = 0;
  double last = 0;  // rows with higher scores
  ranking.for_each_threshold([&](double, double tp, double fp) {
    if (last < k) found = last_tp + (tp - last_tp) * std::min(1.0, (k - last) / (tp + fp - last));
    last_tp = tp;
    last = tp + fp;
  });
  return found;
}

}  // namespace

double hits_at_k(const Array& t, const Array& y, std::size_t k, const GainOptions& options) {
  return hits("hits_at_k", rank("hits_at_k", t, y, options), k);
}

double gain_at_k(const Array& t, const Array& y, std::size_t k, const GainOptions& options) {
  const detail::Ranking ranking = rank("gain_at_k", t, y, options);
  require_positives("gain_at_k", ranking);
  return hits("gain_at_k", ranking, k) / ranking.positives();
}

double lift_at_k(const Array& t, const Array& y, std::size_t k, const GainOptions& options) {
  const detail::Ranking ranking = rank("lift_at_k", t, y, options);
  require_positives("lift_at_k", ranking);
  const double prevalence = ranking.positives() / (ranking.positives() + ranking.negatives());
  return hits("lift_at_k", ranking, k) / static_cast<double>(k) / prevalence;
}

GainCurve gain_curve(const Array& t, const Array& y, const GainOptions& options) {
  const detail::Ranking ranking = rank("gain_curve", t, y, options);
  require_positives("gain_curve", ranking);
  const double n = ranking.positives() + ranking.negatives();
  GainCurve curve{{0}, {0}};
  ranking.for_each_threshold([&](double, double tp, double fp) {
    curve.depth.push_back((tp + fp) / n);
    curve.gain.push_back(tp / ranking.positives());
  });
  return curve;
}

}  // namespace tenbin
