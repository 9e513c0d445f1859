// Text for people, whose columns are counted in characters.
#pragma once

#include <algorithm>
#include <string>

namespace tenbin::detail {

// Characters, not bytes, of UTF-8.
inline std::size_t character_count(const std::string& text) {
  const auto starts_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

}  // namespace tenbin::detail
