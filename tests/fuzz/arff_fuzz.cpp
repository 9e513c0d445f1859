// libFuzzer target: any bytes read as an ARFF file give a table or an Error.
#include "tenbin/datasets/arff.h"
#include "tenbin/tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  tenbin::testing::fuzz_file(bytes, size, [](const std::string& path) {
    tenbin::load_arff(path, {"-1"}).features({tenbin::Missing::nan, tenbin::Categories::codes});
  });
  return 0;
}
