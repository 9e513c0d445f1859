// The ranks that mpirun has started, and a main program whose errors end all of them.
#pragma once

#include <functional>

#include "tenbin/distributed/communicator.h"

namespace tenbin {

/// All ranks of a program that mpirun, or Slurm's srun, has started; one rank for a program that was started
/// by itself. The same at every call.
///
/// MPI is built in with -DTENBIN_MPI=ON. Errors: the program was started with several ranks and has no MPI,
/// so that each of them would do the whole work.
///
///     mpirun -n 4 ./train
Communicator world();

/// Runs a main program on every rank, and returns the exit status for `main`. An exception on one rank ends
/// all ranks, and prints `rank 2: message` to stderr, where one rank prints `message`. A rank that returns
/// before the others, which then wait for it, is an error of the others.
///
///     int main() {
///       return run([](const Communicator& comm) {
///         ...
///       });
///     }
///
/// Without it, an exception that ends the program ends the other ranks too, by mpirun, but a rank that ends
/// normally does not.
int run(const std::function<void(const Communicator& comm)>& program);

}  // namespace tenbin
