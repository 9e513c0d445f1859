// Which random numbers one pass over the data draws: what Minibatches and the samplers share.
#pragma once

#include <cstdint>
#include <optional>

#include "tenbin/core/random.h"

namespace tenbin::detail {

// Without seed and epoch, numbers that nobody has drawn yet, which the calling thread's default generator
// seeds; otherwise those of (seed, epoch), 1 and 0 where one is not given. `stream` names the purpose.
inline random::Generator pass_generator(const std::optional<std::uint64_t>& seed,
                                        const std::optional<std::uint64_t>& epoch, std::uint64_t stream) {
  std::uint64_t chosen = seed.value_or(1);
  if (!seed && !epoch) {
    const random::Draw draw = random::default_generator().draw(2);
    chosen = std::uint64_t{draw.word(0)} << 32 | draw.word(1);
  }
  return random::substream(chosen, stream, epoch.value_or(0));
}

}  // namespace tenbin::detail
