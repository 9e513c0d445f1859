// libFuzzer target: any bytes read as a .safetensors file give arrays or an Error, tensor by tensor.
#include "tenbin/serializers/safetensors.h"
#include "tenbin/tests/fuzz/fuzz_file.h"

namespace {

void read_all(const std::string& path) {
  const tenbin::SafetensorsReader reader(path);
  for (const std::string& key : reader.keys()) {
    try {
      reader.read(key);
    } catch (const tenbin::Error&) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  tenbin::testing::fuzz_file(bytes, size, read_all);
  return 0;
}
