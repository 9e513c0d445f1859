// Whether a stream of the process is a terminal, and how wide it is. Internal.
#pragma once

#include <cstddef>

namespace tenbin::detail {

// The columns of the terminal that a file descriptor is connected to, 80 where it does not know them; 0 if it
// is none (a file, a pipe), or if the environment asks for plain text: NO_COLOR is set, or TERM is `dumb` or
// missing.
std::size_t terminal_columns(int descriptor);

}  // namespace tenbin::detail
