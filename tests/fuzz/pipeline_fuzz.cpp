// libFuzzer target: a pipeline is fitted on the first of two CSV files, which a NUL separates, and applied to
// the second; both give finite features or an Error, and a pipeline that was saved and loaded gives the same.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "tenbin/datasets/csv.h"
#include "tenbin/preprocessing/table_pipeline.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/fuzz/fuzz_file.h"

namespace {

using namespace tenbin;

TablePipeline steps(unsigned choice, const Table& table) {
  TablePipeline steps;
  const double min_frequency = (choice & 1) != 0 ? 2 : 0;
  const auto unknown = static_cast<UnknownCategory>((choice >> 1) % 3);
  if ((choice & 8) != 0)
    steps.one_hot({.min_frequency = min_frequency, .unknown = unknown});
  else
    steps.ordinal({.min_frequency = min_frequency, .unknown = unknown});
  if ((choice & 16) != 0) steps.impute({.indicator = (choice & 1) != 0});
  if ((choice & 32) != 0) steps.log1p();
  if ((choice & 64) != 0) steps.scale({.scaling = static_cast<Scaling>((choice >> 1) % 3)});
  if ((choice & 128) != 0)
    steps.dates(table.columns()[0].name, {DatePart::timestamp, DatePart::weekday, DatePart::day_of_year});
  return steps;
}

void transform(const TablePipeline& pipeline, const TablePipeline& loaded, const Table& table,
               const TransformOptions& options) {
  const Array x = pipeline.transform(table, options).x, again = loaded.transform(table, options).x;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!std::isfinite(x.data<float>()[i])) std::abort();
  if (x.shape() != again.shape() || std::memcmp(x.raw_data(), again.raw_data(), x.nbytes()) != 0)
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  if (size < 2) return 0;
  const unsigned choice = bytes[0];
  const CsvOptions csv{.label = (bytes[1] & 1) != 0 ? "-1" : ""};
  const Unknown unknown = (bytes[1] & 2) != 0 ? Unknown::missing : Unknown::error;
  const unsigned char* const begin = bytes + 2;
  const unsigned char* const end = bytes + size;
  const unsigned char* const middle = std::find(begin, end, '\0');
  testing::fuzz_file(begin, static_cast<std::size_t>(middle - begin), [&](const std::string& path) {
    const Table table = load_csv(path, csv);
    TablePipeline pipeline = steps(choice, table);
    pipeline.fit(table);
    const std::string file = "/tmp/pipeline_fuzz." + std::to_string(::getpid()) + ".npz";
    save_npz(file, pipeline, false);
    const TablePipeline loaded = TablePipeline::load(file);
    ::unlink(file.c_str());
    transform(pipeline, loaded, table, {});
    if (middle == end) return;
    testing::fuzz_file(middle + 1, static_cast<std::size_t>(end - middle - 1), [&](const std::string& other) {
      transform(pipeline, loaded, load_csv(other), {unknown, unknown, unknown});
    });
  });
  return 0;
}
