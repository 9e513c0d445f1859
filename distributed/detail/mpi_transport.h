// Bytes between the ranks of MPI. Internal.
#pragma once

#include <memory>

#include "tenbin/distributed/detail/transport.h"

namespace tenbin::detail {

// Starts MPI, unless it is started; of all its ranks. Ends MPI when the program ends, if this has started it.
std::shared_ptr<Transport> make_mpi_transport();

}  // namespace tenbin::detail
