// The ranks of a Communicator as the peers of a trainer or of a comparison.
#pragma once

#include <memory>

#include "tenbin/distributed/communicator.h"
#include "tenbin/training/peers.h"

namespace tenbin {

/// For a trainer on every rank (TrainerOptions::peers): rank 0 writes files and prints, and what the time and
/// signals decide is decided alike. A snapshot is written once, by rank 0; all ranks load that file, in a
/// directory that all of them see, and there may be more or fewer of them than when it was written.
///
///     Trainer trainer(std::move(updater), {.stop = Epochs(20), .out = "result", .peers = peers(comm)});
///
/// For `compare` (ComparisonOptions::peers): the folds are spread over the ranks.
std::shared_ptr<Peers> peers(const Communicator& comm);

}  // namespace tenbin
