// Cases that compute on a GPU have the tag [gpu], so that they can be selected: scripts/gpu.sh runs them
// under compute-sanitizer. `devices()` and what is built on it fail in a case without the tag.
#pragma once

namespace tenbin::testing {

/// Whether the case that is running has the tag [gpu].
bool has_gpu_tag();

}  // namespace tenbin::testing
