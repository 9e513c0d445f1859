// The random numbers of one pass over the data: shared by Minibatches and the samplers.
#pragma once

#include <cstdint>
#include <optional>

#include "tenbin/core/random.h"

namespace tenbin::detail {

// The seed of a pass: drawn from the calling thread's default generator without seed and epoch, otherwise the
// given one, or 1.
inline std::uint64_t pass_seed(const std::optional<std::uint64_t>& seed,
                               const std::optional<std::uint64_t>& epoch) {
  if (seed || epoch) return seed.value_or(1);
  const random::Draw draw = random::default_generator().draw(2);
  return std::uint64_t{draw.word(0)} << 32 | draw.word(1);
}

// The generator of (pass_seed, epoch), where a missing epoch is 0. `stream` names the purpose.
inline random::Generator pass_generator(const std::optional<std::uint64_t>& seed,
                                        const std::optional<std::uint64_t>& epoch, std::uint64_t stream) {
  return random::substream(pass_seed(seed, epoch), stream, epoch.value_or(0));
}

}  // namespace tenbin::detail
