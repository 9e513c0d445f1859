// The random numbers of one pass over the data: shared by Minibatches and the samplers.
#pragma once

#include <cstdint>
#include <optional>

#include "tenbin/core/random.h"

namespace tenbin::detail {

// Without seed and epoch, the generator is new and seeded by the calling thread's default generator;
// otherwise it is that of (seed, epoch), where a missing seed is 1 and a missing epoch 0. `stream` names the
// purpose.
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
