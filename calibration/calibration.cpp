#include "tenbin/calibration/calibration.h"

#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "tenbin/calibration/detail/softmax_rows.h"
#include "tenbin/core/detail/labels.h"
#include "tenbin/datasets/dataset.h"
#include "tenbin/serializers/state.h"

namespace tenbin {

namespace {

// float64 (N, K) on the CPU; a column z becomes 0, z. Errors: other shapes and dtypes; a logit that is not
// finite.
Array to_logits(const char* function, const Array& logits) {
  const bool is_matrix = logits && logits.ndim() == 2 && logits.shape()[1] > 0;
  if (!logits || !is_floating(logits.dtype()) || !(logits.ndim() == 1 || is_matrix))
    throw Error(function, ": logits must be float32 or float64 (N, K), or (N) or (N, 1) of two classes, got ",
                logits);
  std::vector<double> z = logits.to_vector<double>();
  const std::size_t columns = is_matrix ? logits.shape()[1] : 1;
  for (std::size_t i = 0; i < z.size(); ++i)
    if (!std::isfinite(z[i]))
      throw Error(function, ": logits", subscript(i, logits.shape()), " is ", z[i], ", expected it finite");
  if (columns > 1) return Array(z, logits.shape());
  std::vector<double> both(2 * z.size());
  for (std::size_t i = 0; i < z.size(); ++i) both[2 * i + 1] = z[i];
  return Array(both, {z.size(), 2});
}

Array softmax_of(const Array& logits) {
  std::vector<double> p = logits.to_vector<double>();
  detail::softmax_rows(p, logits.shape()[1], 1);
  return Array(p, logits.shape());
}

// z1 - z0 of two classes: float64 (N).
Array margins(const Array& logits) {
  const std::vector<double> z = logits.to_vector<double>();
  std::vector<double> scores(logits.shape()[0]);
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = z[2 * i + 1] - z[2 * i];
  return Array(scores);
}

// What a method is fitted to and applied to.
Array scores_for(const TemperatureScaling&, const Array& logits) { return logits; }
Array scores_for(const PlattScaling&, const Array& logits) {
  return logits.shape()[1] == 2 ? margins(logits) : logits;
}
Array scores_for(const IsotonicCalibration&, const Array& logits) { return softmax_of(logits); }

template <class Scaling>
Array probabilities(const Scaling& method, const Array& logits) {
  Array p = method.transform(scores_for(method, logits));
  if (p.ndim() == 2) return p;
  const std::vector<double> positive = p.to_vector<double>();
  std::vector<double> both;
  both.reserve(2 * positive.size());
  for (const double each : positive) both.insert(both.end(), {1 - each, each});
  return Array(both, {positive.size(), 2});
}
Array probabilities(const std::monostate&, const Array& logits) { return softmax_of(logits); }

template <class Scaling>
void fit_method(Scaling& method, const Array& logits, const Array& t, const Array& sample_weight) {
  method.fit(scores_for(method, logits), t, {sample_weight});
}
void fit_method(std::monostate&, const Array&, const Array&, const Array&) {
  throw Error("Calibration::fit: softmax has nothing to fit; make a Calibration of TemperatureScaling(),",
              " PlattScaling() or IsotonicCalibration()");
}

std::size_t n_class_of(const std::monostate&) { return 0; }
std::size_t n_class_of(const TemperatureScaling&) { return 0; }
template <class Scaling>
std::size_t n_class_of(const Scaling& method) {
  return method.n_class();
}

template <class Scaling>
const Scaling& not_fitted(const char* name, const Scaling& method) {
  if (method.is_fitted())
    throw Error("Calibration: got a ", name,
                " that is fitted already, perhaps to other scores: use Calibration(", name,
                "()).fit(logits, t)");
  return method;
}

constexpr const char* kinds[] = {"softmax", "temperature", "platt", "isotonic"};

// A key that only a file of this kind has.
constexpr const char* kind_keys[] = {"", "method/temperature", "method/a", "method/n_curve"};

template <class Scaling>
Calibration::Method read_method(StateReader& reader) {
  Scaling method;
  const StateReader::Inside inside(reader, "method");
  method.prepare_load(reader)();
  return method;
}

Calibration::Method read_method_of_kind(StateReader& reader) {
  const std::string kind = read_text(reader, "kind");
  if (kind == kinds[0]) return {};
  if (kind == kinds[1]) return read_method<TemperatureScaling>(reader);
  if (kind == kinds[2]) return read_method<PlattScaling>(reader);
  if (kind == kinds[3]) return read_method<IsotonicCalibration>(reader);
  reader.fail("kind", "expected softmax, temperature, platt or isotonic, got ", printable(kind));
}

}  // namespace

Calibration::Calibration(const TemperatureScaling& scaling) : method_(scaling) {}
Calibration::Calibration(const PlattScaling& scaling) : method_(not_fitted("PlattScaling", scaling)) {}
Calibration::Calibration(const IsotonicCalibration& calibration)
    : method_(not_fitted("IsotonicCalibration", calibration)) {}

Calibration& Calibration::fit(const Array& logits, const Array& t, const CalibrationFitOptions& options) {
  constexpr const char* function = "Calibration::fit";
  Arrays rows{to_logits(function, logits), detail::to_label_vector(function, "t", t)};
  if (options.sample_weight) rows.push_back(options.sample_weight.to(Device::cpu()));
  detail::require_rows(function, rows);
  const std::size_t n_class = rows[0].shape()[1];
  const std::int64_t ignored = detail::ignored_label(function, rows[1], options.ignore_label, n_class);
  const std::int64_t* const label = std::as_const(rows[1]).data<std::int64_t>();
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < rows[1].size(); ++i) {
    if (label[i] == ignored) continue;
    detail::require_class(function, "t", i, label[i], n_class);
    kept.push_back(i);
  }
  if (kept.empty()) throw Error(function, ": expected a row that is not ignored, got t ", t);
  if (kept.size() < rows[1].size()) rows = detail::rows_at(function, rows, kept);
  Method method = method_;
  std::visit([&](auto& each) { fit_method(each, rows[0], rows[1], rows.size() > 2 ? rows[2] : Array()); },
             method);
  if (prior_ && prior_->n_class() != n_class)
    throw Error(function, ": logits are of ", n_class, " classes, the prior correction of ",
                prior_->n_class());
  method_ = std::move(method);
  return *this;
}

Calibration Calibration::then(const PriorCorrection& correction) const {
  if (prior_) throw Error("Calibration::then: there is a prior correction already");
  if (n_class() != 0 && n_class() != correction.n_class())
    throw Error("Calibration::then: expected a prior correction of ", n_class(), " classes, got one of ",
                correction.n_class());
  Calibration corrected = *this;
  corrected.prior_ = correction;
  return corrected;
}

Array Calibration::operator()(const Array& logits) const {
  const Array z = to_logits("Calibration", logits);
  if (n_class() != 0 && n_class() != z.shape()[1])
    throw Error("Calibration: expected logits of ", n_class(), " classes, got ", logits);
  Array p = std::visit([&](const auto& method) { return probabilities(method, z); }, method_);
  if (prior_) p = prior_->transform(p);
  return p.astype(logits.dtype()).to(logits.device());
}

const char* Calibration::kind() const { return kinds[method_.index()]; }

std::size_t Calibration::n_class() const {
  const std::size_t fitted = std::visit([](const auto& method) { return n_class_of(method); }, method_);
  return fitted == 0 && prior_ ? prior_->n_class() : fitted;
}

NamedArrays Calibration::save_state() const {
  NamedArrays all{{"kind", text_state(kind())}, {"has_prior", integer_state(prior_ ? 1 : 0)}};
  const auto add = [&](const std::string& prefix, const NamedArrays& inner) {
    for (const auto& [key, array] : inner) all.emplace_back(prefix + key, array);
  };
  std::visit(
      [&](const auto& method) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(method)>, std::monostate>)
          add("method/", method.save_state());
      },
      method_);
  if (prior_) add("prior/", prior_->save_state());
  return all;
}

std::function<void()> Calibration::prepare_load(StateReader& reader) {
  Calibration loaded;
  loaded.method_ = read_method_of_kind(reader);
  for (std::size_t i = 1; i < std::size(kinds); ++i)
    if (i != loaded.method_.index() && reader.contains(kind_keys[i]))
      reader.fail("kind", "is ", loaded.kind(), ", but there is ", kind_keys[i]);
  const std::int64_t has_prior = read_integer(reader, "has_prior");
  if (has_prior != 0 && has_prior != 1) reader.fail("has_prior", "expected 0 or 1, got ", has_prior);
  if (has_prior == 0 && reader.contains("prior/seen")) reader.fail("has_prior", "is 0, but there is a prior");
  if (has_prior == 1) {
    PriorCorrection prior;
    {
      const StateReader::Inside inside(reader, "prior");
      prior.prepare_load(reader)();
    }
    if (loaded.n_class() != 0 && loaded.n_class() != prior.n_class())
      reader.fail("prior", "expected ", loaded.n_class(), " classes, got ", prior.n_class());
    loaded.prior_ = prior;
  }
  return [this, loaded = std::move(loaded)] { *this = loaded; };
}

Calibration Calibration::load(const std::string& path) {
  Calibration calibration;
  load_npz(path, calibration);
  return calibration;
}

}  // namespace tenbin
