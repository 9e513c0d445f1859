// Fnv1a against published values.
#include "tenbin/core/hash.h"

#include <string>

#include "tenbin/tests/catch.h"

using tenbin::detail::Fnv1a;

TEST_CASE("Fnv1a gives the published values, however the bytes are divided") {
  const auto hash = [](const std::string& text) {
    Fnv1a hash;
    hash.add(text.data(), text.size());
    return hash.value();
  };
  CHECK(hash("") == 0xcbf29ce484222325u);
  CHECK(hash("a") == 0xaf63dc4c8601ec8cu);
  CHECK(hash("foobar") == 0x85944171f73967e8u);
  Fnv1a parts;
  parts.add("foo", 3);
  parts.add("bar", 3);
  CHECK(parts.value() == hash("foobar"));
}
