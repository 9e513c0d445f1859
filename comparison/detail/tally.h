// Equal texts counted. Internal.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace tenbin::detail {

// Texts and how often each occurs, in the order of their first appearance.
class Tally {
 public:
  void add(const std::string& text) {
    const auto same =
        std::find_if(counts_.begin(), counts_.end(), [&](const auto& count) { return count.first == text; });
    if (same == counts_.end())
      counts_.emplace_back(text, 1);
    else
      ++same->second;
  }

  bool empty() const { return counts_.empty(); }

  // `16 (3), 64 (2)`; a single one without its number.
  std::string text(const char* separator) const {
    std::string text;
    for (const auto& [name, count] : counts_)
      text += (text.empty() ? "" : separator) + name +
              (counts_.size() > 1 ? " (" + std::to_string(count) + ')' : "");
    return text;
  }

 private:
  std::vector<std::pair<std::string, std::size_t>> counts_;
};

}  // namespace tenbin::detail
