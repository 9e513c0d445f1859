// libFuzzer target: any bytes as an .npz and as an IDX file end in arrays or in an Error.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tenbin/datasets/idx.h"
#include "tenbin/serializers/npz.h"

namespace {

void read_npz(const std::string& path) {
  const tenbin::NpzReader reader(path);
  for (const std::string& key : reader.keys()) {
    try {
      reader.read(key);
    } catch (const tenbin::Error&) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const int descriptor = ::memfd_create("fuzz", MFD_CLOEXEC);
  if (descriptor < 0 || ::write(descriptor, bytes, size) != static_cast<ssize_t>(size)) std::abort();
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  try {
    read_npz(path);
  } catch (const tenbin::Error&) {
  }
  try {
    tenbin::load_idx(path);
  } catch (const tenbin::Error&) {
  }
  ::close(descriptor);
  return 0;
}
