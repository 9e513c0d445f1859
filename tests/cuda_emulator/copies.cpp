// Copies, with CUDA's rules for pageable memory: a source is read at once, a copy to it is waited for.
#include <cstring>
#include <memory>
#include <vector>

#include "memory.h"
#include "streams.h"

using namespace cuda_emulator;

namespace {

/// The locations of a copy's source and target, which must match `kind`.
struct Ends {
  Place to, from;
};

Ends ends_of(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  const Ends ends{place_of(to, bytes), place_of(from, bytes)};
  if (kind == cudaMemcpyDefault) return ends;
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  require(kind >= cudaMemcpyHostToHost && kind < cudaMemcpyDefault, cudaErrorInvalidMemcpyDirection, "");
  require(to_device == (ends.to == Place::device), cudaErrorInvalidValue,
          to_device ? "the target of the copy is not in device memory"
                    : "the target of the copy is in device memory");
  require(from_device == (ends.from == Place::device), cudaErrorInvalidValue,
          from_device ? "the source of the copy is not in device memory"
                      : "the source of the copy is in device memory");
  return ends;
}

/// When it runs: the blocks must still exist.
void copy_now(void* to, Place to_place, const void* from, Place from_place, std::size_t bytes) {
  require(place_of(to, bytes) == to_place && place_of(from, bytes) == from_place, cudaErrorIllegalAddress,
          "a copy that waited in a stream, and whose memory was freed meanwhile");
  std::memmove(to, from, bytes);
}

void copy_async(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  const std::shared_ptr<Stream> owner = find(stream);
  if (bytes == 0) return;
  const Ends ends = ends_of(to, from, bytes, kind);
  const bool pageable = ends.to == Place::pageable || ends.from == Place::pageable;
  if (pageable) forbid_if_captured(*owner, "a copy from or to pageable memory");
  if (ends.from == Place::pageable) {
    const auto* begin = static_cast<const unsigned char*>(from);
    submit(stream, [=, snapshot = std::make_shared<std::vector<unsigned char>>(begin, begin + bytes)] {
      copy_now(to, ends.to, snapshot->data(), Place::pageable, bytes);
    });
  } else {
    submit(stream, [=] { copy_now(to, ends.to, from, ends.from, bytes); });
  }
  if (ends.to == Place::pageable) synchronize(*owner);
}

}  // namespace

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return call([&] { copy_async(to, from, bytes, kind, stream); });
}

cudaError_t cudaMemcpyPeerAsync(void* to, int to_device, const void* from, int from_device, std::size_t bytes,
                                cudaStream_t stream) {
  return call([&] {
    require(bytes == 0 || (device_of(to) == to_device && device_of(from) == from_device),
            cudaErrorInvalidValue, "cudaMemcpyPeerAsync: a block is not on the device that is said");
    copy_async(to, from, bytes, cudaMemcpyDeviceToDevice, stream);
  });
}

// Work of the legacy stream that the host waits for; non-blocking streams are not waited for.
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return call([&] {
    const Ends ends = ends_of(to, from, bytes, kind);
    if (bytes == 0) return;
    submit(nullptr, [=] { copy_now(to, ends.to, from, ends.from, bytes); });
    synchronize(*find(cudaStream_t{}));
  });
}

cudaError_t cudaMemsetAsync(void* block, int value, std::size_t bytes, cudaStream_t stream) {
  return call([&] {
    find(stream);
    if (bytes == 0) return;
    require_device(block, bytes, "cudaMemsetAsync", cudaErrorInvalidValue);
    submit(stream, [=] {
      require_device(block, bytes, "cudaMemsetAsync", cudaErrorIllegalAddress);
      std::memset(block, value, bytes);
    });
  });
}
