// libFuzzer target: any bytes read as a libsvm file give a dataset or an Error.
#include "tenbin/datasets/libsvm.h"
#include "tenbin/tests/fuzz/fuzz_file.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  tenbin::testing::fuzz_file(bytes, size,
                             [](const std::string& path) { tenbin::load_libsvm(path).dataset(); });
  return 0;
}
