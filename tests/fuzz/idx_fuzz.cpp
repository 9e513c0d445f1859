// libFuzzer target: any bytes read as an IDX file give an array or an Error.
#include "tenbin/datasets/idx.h"
#include "tenbin/tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  tenbin::testing::fuzz_file(bytes, size, [](const std::string& path) { tenbin::load_idx(path); });
  return 0;
}
