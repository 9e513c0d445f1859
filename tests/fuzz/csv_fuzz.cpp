// libFuzzer target: any bytes read as a CSV file, with options chosen by the first byte, give a table or an
// Error.
#include "tenbin/datasets/csv.h"
#include "tenbin/tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  if (size == 0) return 0;
  const unsigned choice = bytes[0];
  tenbin::CsvOptions options;
  options.header = (choice & 1) == 0;
  options.skip_initial_space = (choice & 2) != 0;
  if ((choice & 4) != 0) options.delimiter = ';';
  if ((choice & 8) != 0) options.label = "-1";
  if ((choice & 16) != 0) options.dtype = tenbin::Dtype::float32;
  if ((choice & 32) != 0) options.missing.push_back("-999");
  tenbin::testing::fuzz_file(bytes + 1, size - 1, [&](const std::string& path) {
    tenbin::load_csv(path, options).features({tenbin::Missing::nan, tenbin::Categories::codes});
  });
  return 0;
}
