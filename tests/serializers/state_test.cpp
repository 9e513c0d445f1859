#include "tenbin/serializers/state.h"

#include <limits>

#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

// Reads from a file with these arrays.
template <class Read>
auto from_file(const NamedArrays& arrays, const LoadOptions& options, Read read) {
  const ScratchDirectory scratch;
  save_npz(scratch / "s.npz", arrays);
  const NpzReader file(scratch / "s.npz");
  StateReader reader(file, options);
  try {
    return read(reader);
  } catch (const Error& error) {
    throw Error(std::string(error.what()).substr(scratch.path().size() + 1));
  }
}

}  // namespace

TEST_CASE("numbers, seeds and texts are stored without loss") {
  const std::string text("a\0\xff\n", 4);
  const NamedArrays state{{"i", integer_state(least + 1)},
                          {"s", seed_state(most - 1)},
                          {"n", number_state(0.1)},
                          {"t", text_state(text)},
                          {"empty", text_state("")}};
  for (const bool strict : {true, false}) {
    from_file(state, {"", strict}, [&](StateReader& reader) {
      CHECK(read_integer(reader, "i") == least + 1);
      CHECK(read_seed(reader, "s") == most - 1);
      CHECK(read_number(reader, "n") == 0.1);
      CHECK(read_text(reader, "t") == text);
      CHECK(read_text(reader, "empty").empty());
    });
  }
}

TEST_CASE("a number or a text of another kind is an error") {
  const NamedArrays state{{"i", integer_state(1)}, {"list", Array({1.0, 2.0})}};
  const auto check = [&](auto read, const std::string& key, const std::string& text) {
    for (const bool strict : {true, false})
      CHECK_THROWS_WITH(
          from_file(state, {"", strict}, [&](StateReader& reader) { return read(reader, key); }),
          Catch::Matchers::StartsWith("s.npz: " + key + ": " + text));
  };
  check(read_integer, "list", "expected int64(), got float64(2)");
  check(read_seed, "list", "expected int64(), got float64(2)");
  check(read_number, "i", "expected float64(), got int64()");
  check(read_number, "list", "expected float64(), got float64(2)");
  check(read_text, "i", "expected text in uint8, got int64()");
  check(read_integer, "none", "there is no such key");
  check(read_text, "none", "there is no such key");
}

TEST_CASE("the keys of an object inside are read with its name") {
  const NamedArrays state{
      {"p/i", integer_state(1)}, {"p/a/i", integer_state(2)}, {"p/a/b/i", integer_state(3)}};
  from_file(state, {.path = "p/"}, [](StateReader& reader) {
    {
      const StateReader::Inside a(reader, "a");
      CHECK(read_integer(reader, "i") == 2);
      {
        const StateReader::Inside b(reader, "b");
        CHECK(read_integer(reader, "i") == 3);
        CHECK(reader.contains("i"));
      }
      CHECK_THROWS_WITH(read_integer(reader, "none"),
                        ContainsSubstring("s.npz: p/a/none: there is no such key"));
    }
    CHECK(read_integer(reader, "i") == 1);
    CHECK(reader.report().loaded_keys == std::vector<std::string>{"p/a/i", "p/a/b/i", "p/i"});
    CHECK(reader.report().unexpected_keys.empty());
  });
}

TEST_CASE("names and numbers of a state") {
  const std::vector<std::string> names{"main/loss", "", "a b\n"};
  const NamedArrays state{{"names", names_state(names)},
                          {"no names", names_state({})},
                          {"open", text_state("no end")},
                          {"numbers", Array{1.5, -2.0}},
                          {"floats", Array{1.f}}};
  from_file(state, {}, [&](StateReader& reader) {
    CHECK(read_names(reader, "names") == names);
    CHECK(read_names(reader, "no names").empty());
    CHECK(read_numbers(reader, "numbers") == std::vector{1.5, -2.0});
    CHECK(read_array(reader, "floats").dtype() == Dtype::float32);
    CHECK_THROWS_WITH(read_names(reader, "open"), ContainsSubstring("open: the last name does not end"));
    CHECK_THROWS_WITH(read_numbers(reader, "floats"),
                      ContainsSubstring("floats: expected float64 of one axis, got float32(1)"));
    CHECK_THROWS_WITH(read_array(reader, "none"), ContainsSubstring("none: there is no such key"));
  });
}
