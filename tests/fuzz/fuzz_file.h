// Shared by the libFuzzer targets: the fuzzer's bytes as a file, whose loader must return or throw an Error.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tenbin/core/error.h"

namespace tenbin::testing {

template <class Load>
void fuzz_file(const unsigned char* bytes, std::size_t size, Load&& load) {
  const int descriptor = ::memfd_create("fuzz", MFD_CLOEXEC);
  if (descriptor < 0 || ::write(descriptor, bytes, size) != static_cast<ssize_t>(size)) std::abort();
  try {
    load("/proc/self/fd/" + std::to_string(descriptor));
  } catch (const Error&) {
  }
  ::close(descriptor);
}

}  // namespace tenbin::testing
