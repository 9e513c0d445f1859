// Where the processes of a comparison keep their states: the first in `state`, the others in `state.1`,
// `state.2`.
#pragma once

#include <string>
#include <vector>

namespace tenbin::detail {

std::string state_file_of(const std::string& state, std::size_t rank);

// Those of processes other than the first, in this run or an earlier one, of which there may have been more.
std::vector<std::string> state_files_of_peers(const std::string& state);

}  // namespace tenbin::detail
