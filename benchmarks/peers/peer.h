// Shared by the C++ peers, as peer.py is by the Python peers: timing a block, answering the driver.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>

namespace peer {

/// `steps` steps from the same initial state: `reset` restores it, untimed; `work` is timed and returns the
/// last loss.
struct Block {
  std::size_t steps;
  double expected_loss;
  std::function<void()> reset;
  std::function<double()> work;
  double tolerance = 1e-3;
  /// Additional JSON about the block that was timed last: `, "nodes": 14`.
  std::function<std::string()> details = [] { return std::string(); };
};

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Seconds per step.
inline double time_once(const Block& block) {
  block.reset();
  const Clock::time_point start = Clock::now();
  const double loss = block.work();
  const double seconds = seconds_since(start) / static_cast<double>(block.steps);
  if (!(std::abs(loss - block.expected_loss) <= block.tolerance * std::abs(block.expected_loss)))
    throw std::runtime_error("the loss is " + std::to_string(loss) + ", expected " +
                             std::to_string(block.expected_loss) + ": this is other work");
  return seconds;
}

/// The answer: the times of all blocks that fit into `seconds`.
inline std::string measure(const Block& block, double seconds) {
  time_once(block);  // warms up
  std::string times;
  for (const Clock::time_point start = Clock::now(); times.empty() || seconds_since(start) < seconds;)
    times += (times.empty() ? "" : ", ") + std::to_string(time_once(block) * 1e9) + "e-9";
  return "{\"seconds\": [" + times + "]" + block.details() + "}";
}

/// An error as one line of JSON.
inline std::string failure(std::string text) {
  text = text.substr(0, text.find('\n'));
  std::replace(text.begin(), text.end(), '"', '\'');
  return "{\"error\": \"" + text + "\"}";
}

/// Prints the name, then answers each line `WORKLOAD SECONDS` of the input; `make(workload)` returns a Block.
inline void serve(const std::string& name, const std::function<Block(const std::string&)>& make) {
  std::cout << "{\"name\": \"" << name << "\"}" << std::endl;
  std::map<std::string, Block> blocks;
  std::string workload;
  for (double seconds = 0; std::cin >> workload >> seconds;) try {
      if (blocks.count(workload) == 0) blocks.emplace(workload, make(workload));
      std::cout << measure(blocks.at(workload), seconds) << std::endl;
    } catch (const std::exception& error) {
      std::cout << failure(error.what()) << std::endl;
    }
}

}  // namespace peer
