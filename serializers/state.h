// Numbers and texts in the state of an object: how they are stored as arrays, and read again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/serializers/npz.h"

namespace tenbin {

/// One number or text as an array, without loss. An integer is int64 without axes; a seed, a uint64, is the
/// int64 of the same bits, since arrays have no uint64 (NumPy: `f["seed"].view("u8")`); a double is float64
/// without axes; a text is its bytes, uint8 (length), and names are a text in which a NUL ends each.
Array integer_state(std::int64_t value);
Array seed_state(std::uint64_t value);
Array number_state(double value);
Array text_state(const std::string& text);
Array names_state(const std::vector<std::string>& names);

/// The same from a file. Errors: the key is missing, also if the load is not strict; another dtype or shape.
///
///     NamedArrays save_state() const { return {{"count", integer_state(count)}}; }
///     std::function<void()> prepare_load(StateReader& reader) {
///       return [this, read = read_integer(reader, "count")] { count = read; };
///     }
std::int64_t read_integer(StateReader& reader, const std::string& key);
std::uint64_t read_seed(StateReader& reader, const std::string& key);
double read_number(StateReader& reader, const std::string& key);
std::string read_text(StateReader& reader, const std::string& key);
std::vector<std::string> read_names(StateReader& reader, const std::string& key);
/// Any array.
Array read_array(StateReader& reader, const std::string& key);
/// float64 (length).
std::vector<double> read_numbers(StateReader& reader, const std::string& key);

}  // namespace tenbin
