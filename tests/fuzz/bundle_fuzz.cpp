// libFuzzer target: the bytes are a bundle, or replace one entry of a sound one; both give a model whose
// predictions are probabilities and classes, or an Error.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>

#include "tenbin/bundle/predictor.h"
#include "tenbin/core/random.h"
#include "tenbin/links/mlp.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/fuzz/fuzz_file.h"

namespace {

using namespace tenbin;

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

const Table& training_table() {
  static const Table table(
      {{"age", Array{30., 50., missing, 20., 40., 60.}},
       {"country", Array{0, 1, 0, 1, -1, 0}, {"DE", "FR"}},
       {"when", Array{0, 1, 2, 0, 1, 2}, {"2026-11-29", "2026-11-30 12:00", "2025-01-01"}},
       {"class", Array{0, 1, 0, 0, 1, 0}, {"legit", "fraud"}}},
      3, "train.csv");
  return table;
}

std::string temporary(const char* name) {
  const std::string file = "bundle_fuzz." + std::to_string(::getpid()) + '.' + name + ".npz";
  return (std::filesystem::temp_directory_path() / file).string();
}

// The entries of a sound bundle with everything that one can have.
const NamedArrays& sound_entries() {
  static const NamedArrays entries = [] {
    const Table& table = training_table();
    TablePipeline prep = TablePipeline().dates("when", {DatePart::weekday}).impute({.indicator = true});
    prep.log1p({"age"}).one_hot().scale({.scaling = Scaling::quantile}).fit(table);
    Bundle bundle{.pipeline = prep, .network = MLP({prep.n_features(), 3, 2})};
    const Dataset data = prep.transform(table);
    const Array logits = bundle.network(Variable(Array(data.x))).data();
    bundle.calibration = Calibration(IsotonicCalibration())
                             .fit(logits, data.t)
                             .then(PriorCorrection(Array{0.5, 0.5}, Array{0.9, 0.1}));
    bundle.decision = Decision(0.3);
    bundle.made = Provenance::of(table);
    const std::string path = temporary("sound");
    save_bundle(path, bundle);
    const NpzReader reader(path);
    NamedArrays arrays;
    for (const std::string& key : reader.keys()) arrays.emplace_back(key, reader.read(key));
    ::unlink(path.c_str());
    return arrays;
  }();
  return entries;
}

void require_predictions(const std::string& path) {
  const Predictor predictor = Predictor::load(path);
  const std::size_t n_class = predictor.classes().size();
  const Predictions p = predictor.bundle().pipeline
                            ? predictor(training_table(), {.missing_columns = Unknown::missing})
                            : predictor(Array::zeros({2, 3}));
  for (std::size_t i = 0; i < p.size(); ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < n_class; ++c) sum += p.probabilities.data<float>()[i * n_class + c];
    const std::int64_t decision = p.decisions.data<std::int64_t>()[i];
    if (!(std::abs(sum - 1) < 1e-3) || decision < 0 || decision >= static_cast<std::int64_t>(n_class))
      std::abort();
  }
}

// One entry with another dtype, shape and bytes: the first bytes choose them.
void replace_entry(const unsigned char* bytes, std::size_t size) {
  if (size < 4) return;
  constexpr Dtype dtypes[] = {Dtype::uint8, Dtype::int32, Dtype::int64, Dtype::float32, Dtype::float64};
  NamedArrays arrays = sound_entries();
  auto& [key, array] = arrays[bytes[0] % arrays.size()];
  const Dtype dtype = bytes[1] < 128 ? array.dtype() : dtypes[bytes[1] % 5];
  const std::size_t count = (size - 4) / item_size(dtype), rows = bytes[2];
  Shape shape{count};
  if (bytes[2] < 128 && count >= array.size())
    shape = array.shape();
  else if (bytes[3] < 128 && rows > 0)
    shape = {rows, count / rows};
  Array replaced = Array::zeros(shape, dtype);
  std::memcpy(replaced.raw_data(), bytes + 4, replaced.nbytes());
  array = replaced;
  const std::string path = temporary("replaced");
  save_npz(path, arrays, false);
  try {
    require_predictions(path);
  } catch (const Error&) {
  }
  ::unlink(path.c_str());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  if (size == 0) return 0;
  if (bytes[0] % 4 == 0)
    testing::fuzz_file(bytes + 1, size - 1, require_predictions);
  else
    replace_entry(bytes + 1, size - 1);
  return 0;
}
