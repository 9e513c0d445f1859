// Safetensors in and out, and the names of PyTorch.
#include "tenbin/serializers/safetensors.h"

#include <cmath>
#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/links/batch_normalization.h"
#include "tenbin/links/mlp.h"
#include "tenbin/links/sequential.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::string python_file() { return TENBIN_TEST_DATA "/serializers/python.safetensors"; }

// A file of this header and these bytes.
std::string file_of(const std::string& header, const std::string& bytes) {
  std::string length(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(header.size() >> 8 * i & 255);
  return length + header + bytes;
}

std::string error_of(const ScratchDirectory& scratch, const std::string& content) {
  const std::string path = scratch / "x.safetensors";
  write_bytes(path, content);
  try {
    const SafetensorsReader reader(path);
    for (const std::string& key : reader.keys()) reader.read(key);
  } catch (const Error& error) {
    const std::string text = error.what();
    CHECK(text.compare(0, path.size() + 2, path + ": ") == 0);
    return text.substr(path.size() + 2);
  }
  return "no error";
}

}  // namespace

TEST_CASE("A file of Python's safetensors is read, each dtype by its values") {
  const SafetensorsReader reader(python_file());
  CHECK(reader.metadata() == std::map<std::string, std::string>{{"format", "np"}, {"made by", "test"}});
  CHECK(reader.keys().size() == 14);
  const auto check = [&](const char* key, Dtype dtype, const Shape& shape,
                         const std::vector<double>& expected) {
    INFO(key);
    const Array array = reader.read(key);
    CHECK(array.dtype() == dtype);
    CHECK(array.shape() == shape);
    CHECK(values(array) == expected);
  };
  const double inf = std::numeric_limits<double>::infinity();
  check("l1.weight", Dtype::float32, {2, 3}, {1, 2, 3, 4, 5, -6.5});
  check("l1.bias", Dtype::float32, {2}, {0.25, -0.5});
  check("f64", Dtype::float64, {3}, {1.0 / 3, inf, 0});
  CHECK(std::signbit(values(reader.read("f64"))[2]));
  check("f16", Dtype::float32, {4}, {1.5, -std::ldexp(1, -24), 65504, inf});
  check("i32", Dtype::int32, {}, {7});
  check("i16", Dtype::int32, {2}, {-3, 4});
  check("i8", Dtype::int32, {2}, {-128, 127});
  check("u8", Dtype::uint8, {2}, {0, 255});
  check("bool", Dtype::uint8, {2}, {1, 0});
  check("u16", Dtype::int32, {1}, {65535});
  check("u32", Dtype::int64, {1}, {4294967295.0});
  check("empty", Dtype::float32, {0, 3}, {});
  CHECK(reader.read("i64").to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min(),
                                  std::numeric_limits<std::int64_t>::max()});
  CHECK(reader.read("u64").item<std::int64_t>() == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("bfloat16 becomes float32 without rounding") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "x.safetensors";
  // 1, -2.5, the smallest subnormal, infinity
  write_bytes(path, file_of(R"({"x":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}})",
                            {'\x80', '\x3f', '\x20', '\xc0', '\x01', '\0', '\x80', '\x7f'}));
  const Array x = SafetensorsReader(path).read("x");
  CHECK(x.dtype() == Dtype::float32);
  CHECK(values(x) ==
        std::vector<double>{1, -2.5, std::ldexp(1, -133), std::numeric_limits<double>::infinity()});
}

TEST_CASE("What save_safetensors writes is read back, and is the same each time") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "x.safetensors";
  const NamedArrays arrays = {{"b", Array{1.5, -0.0}},
                              {"a/\"quoted\"", Array{{1.f, 2.f}, {3.f, 4.f}}},
                              {"i", Array{std::int64_t{1} << 40}},
                              {"j", Array{-5}},
                              {"u", Array(std::vector<std::uint8_t>{0, 255})},
                              {"none", Array::zeros({2, 0})},
                              {"scalar", Array::scalar(2)}};
  save_safetensors(path, arrays, {.metadata = {{"format", "pt"}}});
  const std::string bytes = read_bytes(path);
  CHECK(bytes.substr(8, 29) == R"({"__metadata__":{"format":"pt)");
  const SafetensorsReader reader(path);
  CHECK(reader.metadata().at("format") == "pt");
  for (const auto& [key, array] : arrays) {
    INFO(key);
    const Array read = reader.read(key);
    CHECK(read.dtype() == array.dtype());
    CHECK(read.shape() == array.shape());
    CHECK(values(read) == values(array));
  }
  save_safetensors(path, arrays, {.metadata = {{"format", "pt"}}});
  CHECK(read_bytes(path) == bytes);
  CHECK(scratch.count() == 1);
  save_safetensors(path, NamedArrays());
  CHECK(SafetensorsReader(path).keys().empty());
}

TEST_CASE("Models are exchanged by PyTorch's names") {
  random::seed(1);
  const ScratchDirectory scratch;
  const std::string path = scratch / "model.safetensors";
  const Sequential model(Linear(3, 4), BatchNormalization(4));
  save_safetensors(path, model, {.rename = pytorch_name});
  const SafetensorsReader reader(path);
  CHECK(reader.keys() == std::vector<std::string>{"0.weight", "0.bias", "1.weight", "1.bias",
                                                  "1.running_mean", "1.running_var",
                                                  "1.num_batches_tracked"});
  Sequential other(Linear(4), BatchNormalization(4));
  const LoadReport report = load_safetensors(path, other, {.rename = pytorch_name});
  CHECK(report.loaded_keys == reader.keys());
  CHECK(report.unexpected_keys.empty());
  CHECK(values(other.get<Linear>(0).W.data()) == values(model.get<Linear>(0).W.data()));

  // The same function serves an .npz file, and names can be anything.
  const std::string npz = scratch / "model.npz";
  save_npz(npz, {{"net.fc.weight", Array{{1.f, 2.f}}}, {"net.fc.bias", Array{3.f}}});
  Linear fc(2, 1);
  load_npz(npz, fc,
           {.path = "net.", .rename = [](const std::string& key) { return "fc." + pytorch_name(key); }});
  CHECK(values(fc.W.data()) == std::vector<double>{1, 2});
  CHECK(values(fc.b.data()) == std::vector<double>{3});
  CHECK_THROWS_WITH(load_npz(npz, fc, {.rename = pytorch_name}),
                    npz + ": weight: there is no such key; the file has net.fc.weight, net.fc.bias");
}

TEST_CASE("pytorch_name translates the last part of a path") {
  CHECK(pytorch_name("l1/W") == "l1.weight");
  CHECK(pytorch_name("body/0/b") == "body.0.bias");
  CHECK(pytorch_name("gamma") == "weight");
  CHECK(pytorch_name("bn/beta") == "bn.bias");
  CHECK(pytorch_name("W/table") == "W.table");
}

TEST_CASE("A safetensors file that is damaged is an error") {
  const ScratchDirectory scratch;
  const auto error = [&](const std::string& header, const std::string& bytes) {
    return error_of(scratch, file_of(header, bytes));
  };
  CHECK(error_of(scratch, "short") == "too short for a safetensors file");
  CHECK(error_of(scratch, std::string(8, '\xff') + "{}") ==
        "not a safetensors file: the header would have 18446744073709551615 bytes");
  CHECK(error_of(scratch, file_of("{}", "").substr(0, 9)) ==
        "not a safetensors file: the header would have 2 bytes");
  CHECK(error("{", "") == "the header is not a JSON object: {");
  CHECK(error("[]", "") == "the header is not a JSON object: []");
  CHECK(error("{}", "x") == "there are bytes after the last tensor");
  const std::string x = R"("x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]})";
  CHECK(error("{" + x + "}", "ab") == "no error");
  CHECK(error("{" + x + "  }   ", "ab") == "no error");
  CHECK(error("{" + x + "," + x + "}", "ab") == "a name occurs twice in the header");
  CHECK(error("{" + x + "}", "a") == "x: bytes 0 to 2 are not in the file");
  CHECK(error("{" + x + "}", "abc") == "there are bytes after the last tensor");
  CHECK(error("{" + x + R"(,"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", "abc") ==
        "y: its bytes do not follow those of the tensor before");
  CHECK(error("{" + x + R"(,"y":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}})", "abcd") ==
        "y: its bytes do not follow those of the tensor before");
  CHECK(error(R"({"x":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}})", "ab") != "no error");
  CHECK(error(R"({"x":{"dtype":"U8","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}})", "") ==
        "x: the shape (4294967296, 4294967296, 0) is too large");
  CHECK(error(R"({"x":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}})", "ab") ==
        "x: dtype F8_E4M3 is not supported");
  CHECK(error(R"({"x":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]}})", "ab") ==
        "x: expected an integer from 0 on, got -2");
  CHECK(error(R"({"x":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}})", "ab") ==
        "x: expected an integer from 0 on, got 2.0");
  CHECK(error(R"({"x":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,2]}})", "ab") ==
        "x: an array has at most 8 axes");
  CHECK(error(R"({"x":{"dtype":"U8","shape":2,"data_offsets":[0,2]}})", "ab") ==
        "x: expected a list as shape");
  CHECK(error(R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0]}})", "ab") ==
        "x: expected two data_offsets, got 1");
  CHECK(error(R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}})", "ab") ==
        "x: bytes 2 to 0 are not in the file");
  CHECK(error(R"({"x":{"dtype":3,"shape":[2],"data_offsets":[0,2]}})", "ab") ==
        "x: expected a text as dtype");
  for (const char* const tensor : {"3", "[]", "null", "{}", R"({"dtype":"U8"})"})
    CHECK(error("{\"x\":" + std::string(tensor) + "}", "") ==
          "x: expected an object with dtype, shape and data_offsets");
  for (const char* const metadata : {"3", "[\"a\"]", R"({"a":3})"})
    CHECK(error(R"({"__metadata__":)" + std::string(metadata) + "}", "") ==
          "__metadata__: expected texts by name");
  CHECK(error(R"({"x":{"dtype":"U64","shape":[1],"data_offsets":[0,8]}})", std::string(8, '\xff')) ==
        "x: the value at (0) is 18446744073709551615, more than int64 can hold");
}

TEST_CASE("A safetensors file that is cut anywhere is an error") {
  const ScratchDirectory scratch;
  const std::string whole = read_bytes(python_file());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    CHECK(error_of(scratch, whole.substr(0, size)) != "no error");
  }
}

TEST_CASE("save_safetensors refuses what it cannot write, and leaves the file as it was") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "x.safetensors";
  write_bytes(path, "before");
  const Array x{1.f};
  CHECK_THROWS_WITH(save_safetensors(path, {{"x", x}, {"x", x}}), path + ": x: the name occurs twice");
  CHECK_THROWS_WITH(save_safetensors(path, {{"__metadata__", x}}),
                    path + ": __metadata__: the name is reserved");
  CHECK_THROWS_WITH(
      save_safetensors(path, {{"x", Array()}}),
      path + ": x: the array is empty: a parameter of unknown size is initialised by a forward pass");
  CHECK_THROWS_WITH(save_safetensors(path, {{"\xff", x}}),
                    ContainsSubstring(path + ": the names cannot be written as JSON"));
  CHECK(read_bytes(path) == "before");
  CHECK(scratch.count() == 1);
}
