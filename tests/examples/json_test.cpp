#include "tenbin/examples/common/json.h"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <limits>
#include <sstream>

#include "tenbin/tests/catch.h"

using tenbin::examples::Json;

TEST_CASE("Json of plain values") {
  CHECK(Json().to_string() == "null");
  CHECK(Json(true).to_string() == "true");
  CHECK(Json(false).to_string() == "false");
  CHECK(Json("text").to_string() == "\"text\"");
  CHECK(Json(-7).to_string() == "-7");
  CHECK(Json(std::numeric_limits<std::uint64_t>::max()).to_string() == "18446744073709551615");
}

TEST_CASE("Json numbers read back as the same number") {
  for (const double value : {0.1, 1.0 / 3, 1e300, 5e-324, -0.0, 123456789012345678.0})
    CHECK(std::strtod(Json(value).to_string().c_str(), nullptr) == value);
  CHECK(Json(0.1).to_string() == "0.1");
  CHECK(Json(0.1f).to_string() == "0.1");
  CHECK(Json(std::numeric_limits<double>::quiet_NaN()).to_string() == "null");
  CHECK(Json(-std::numeric_limits<float>::infinity()).to_string() == "null");
}

TEST_CASE("Json escapes strings") {
  CHECK(Json("a\"b\\c\nd\te").to_string() == R"("a\"b\\c\nd\te")");
  CHECK(Json(std::string("\x01\x1f\0", 3)).to_string() == R"("\u0001\u001f\u0000")");
  CHECK(Json("M\xC3\xBCller\x7f").to_string() == "\"M\xC3\xBCller\x7f\"");
}

TEST_CASE("Json nests objects and arrays in order") {
  Json json = Json::object();
  json.set("z", 1).set("a", std::vector<double>{0.5, 2}).set("z", 3);
  json.set("runs", Json::array().push_back(Json::object().set("k\"", "v")).push_back(Json::object()));
  json.set("matrix", std::vector<std::vector<int>>{{1, 2}, {3, 4}});
  json.set("none", Json::array());
  CHECK(json.to_string() ==
        "{\n"
        "  \"z\": 3,\n"
        "  \"a\": [0.5, 2],\n"
        "  \"runs\": [\n"
        "    {\n"
        "      \"k\\\"\": \"v\"\n"
        "    },\n"
        "    {}\n"
        "  ],\n"
        "  \"matrix\": [\n"
        "    [1, 2],\n"
        "    [3, 4]\n"
        "  ],\n"
        "  \"none\": []\n"
        "}");
}

TEST_CASE("Json refuses to mix kinds, and paths that cannot be written") {
  CHECK_THROWS_WITH(Json(1).set("a", 2), "Json::set: 'a' needs an object to be set in");
  CHECK_THROWS_WITH(Json::array().set("a", 2), "Json::set: 'a' needs an object to be set in");
  CHECK_THROWS_WITH(Json::object().push_back(2), "Json::push_back: not an array");
  CHECK_THROWS_WITH(Json(1).save("no/such/folder/x.json"),
                    "no/such/folder/x.json: cannot write: No such file or directory");
}

TEST_CASE("Json saves a file") {
  const std::string path = "tenbin_json_test.json";
  Json(1.5).save(path);
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  std::remove(path.c_str());
  CHECK(text.str() == "1.5\n");
}
