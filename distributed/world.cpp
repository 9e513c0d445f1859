#include "tenbin/distributed/world.h"

#include <cstdlib>
#include <exception>
#include <string>

#include "tenbin/distributed/detail/transport.h"

#ifdef TENBIN_WITH_MPI
#include "tenbin/distributed/detail/mpi_transport.h"
#endif

namespace tenbin {

namespace {

// The number of ranks that mpirun or srun has started; 1 if neither has.
std::size_t started_ranks() {
  // Open MPI, MPICH and Intel MPI, MVAPICH, Slurm.
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS"})
    if (const char* const value = std::getenv(name)) return std::strtoul(value, nullptr, 10);
  return 1;
}

Communicator make_world() {
  const std::size_t ranks = started_ranks();
  if (ranks <= 1) return Communicator();
#ifdef TENBIN_WITH_MPI
  const Communicator all(detail::make_mpi_transport());
  if (all.size() != ranks)
    throw Error("world: the program was started with ", ranks, " ranks, and its MPI knows of ", all.size(),
                ": it is built with another MPI than that of mpirun or srun");
  return all;
#else
  throw Error("world: the program was started with ", ranks,
              " ranks, and is built without MPI: build it with -DTENBIN_MPI=ON, or start it once");
#endif
}

}  // namespace

Communicator world() {
  static const Communicator all = make_world();
  return all;
}

int run(const std::function<void(const Communicator& comm)>& program) {
  Communicator comm;
  try {
    comm = world();
    program(comm);
    detail::Meeting end;
    const std::string call = "the end of the program";
    call.copy(end.call, sizeof end.call - 1);
    comm.meet(end);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    comm.abort(error.what());
  } catch (...) {
    comm.abort("an exception of unknown type");
  }
}

}  // namespace tenbin
