// What Ctrl-C and SIGTERM do.
#pragma once

#include <string>

namespace tenbin::tools {

/// From now on, Ctrl-C (SIGINT) and SIGTERM end the process with `message` on standard error, and exit code
/// 128 plus the number of the signal, as in a shell: 130 or 143.
void exit_on_interrupt(const std::string& message);

/// From now on, the first signal only makes `interrupted` true, after a notice on standard error that running
/// work ends first; the second one does the above.
void finish_on_interrupt(const std::string& message);

bool interrupted();

/// Thrown by what noticed `interrupted`.
struct Interrupted {};

/// Prints the message and ends the process.
[[noreturn]] void exit_interrupted();

}  // namespace tenbin::tools
