// libFuzzer target: any bytes as an IDX file end in an array or in an Error.
#include "tenbin/datasets/idx.h"
#include "tenbin/tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  tenbin::testing::fuzz_file(bytes, size, [](const std::string& path) { tenbin::load_idx(path); });
  return 0;
}
