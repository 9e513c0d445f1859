#include "tenbin/serializers/npz.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>
#include <optional>
#include <thread>

#include "tenbin/links/linear.h"
#include "tenbin/optimizers/adam.h"
#include "tenbin/serializers/detail/npy.h"
#include "tenbin/serializers/detail/zip.h"
#include "tenbin/tests/compressed.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

const std::string data = TENBIN_TEST_DATA "/serializers/";

bool same(const Array& a, const Array& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         std::memcmp(a.raw_data(), b.raw_data(), a.nbytes()) == 0;
}

// ---- archives with any wrong field: a second writer, which shares no code with the library's

std::string le(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 255);
  return out;
}

struct Entry {
  std::string name = "x.npy";
  std::string content = {};
  bool deflate = false;
  std::string data = {};  // replaces the content, compressed or not
  unsigned flags = 0;
  std::optional<unsigned> method = {};
  std::optional<std::uint64_t> size = {}, compressed_size = {}, crc = {}, offset = {};
  std::optional<std::uint64_t> local_size = {}, local_crc = {}, local_compressed_size = {};
  std::string local_name = {};
  std::string local_extra = {};
  std::string after = {};  // follows the data
};

struct End {
  std::optional<std::uint64_t> entries = {}, size = {}, offset = {};
  unsigned disk = 0;
  std::string comment = {};
  std::string after = {};
};

std::string make_zip(const std::vector<Entry>& entries, const End& end = {}) {
  std::string out, directory;
  for (const Entry& e : entries) {
    const std::string bytes = !e.data.empty() ? e.data : e.deflate ? deflated(e.content) : e.content;
    const std::uint64_t crc =
        ::crc32_z(0, reinterpret_cast<const Bytef*>(e.content.data()), e.content.size());
    const std::uint64_t size = e.size.value_or(e.content.size());
    const std::uint64_t compressed_size = e.compressed_size.value_or(bytes.size());
    const std::string start = le(e.flags, 2) + le(e.method.value_or(e.deflate ? 8 : 0), 2) + le(0x210000, 4);
    const std::string local_name = e.local_name.empty() ? e.name : e.local_name;
    directory += "PK\1\2" + le(20, 2) + le(20, 2) + start + le(e.crc.value_or(crc), 4) +
                 le(compressed_size, 4) + le(size, 4) + le(e.name.size(), 2) + std::string(12, '\0') +
                 le(e.offset.value_or(out.size()), 4) + e.name;
    out += "PK\3\4" + le(20, 2) + start + le(e.local_crc.value_or(e.crc.value_or(crc)), 4) +
           le(e.local_compressed_size.value_or(compressed_size), 4) + le(e.local_size.value_or(size), 4) +
           le(local_name.size(), 2) + le(e.local_extra.size(), 2) + local_name + e.local_extra + bytes +
           e.after;
  }
  return out + directory + "PK\5\6" + le(end.disk, 2) + le(0, 2) +
         le(end.entries.value_or(entries.size()), 2) + le(end.entries.value_or(entries.size()), 2) +
         le(end.size.value_or(directory.size()), 4) + le(end.offset.value_or(out.size()), 4) +
         le(end.comment.size(), 2) + end.comment + end.after;
}

std::string npy_of(const std::string& dict, const std::string& payload, unsigned version = 1) {
  const std::string text = dict + "\n";
  return "\x93NUMPY" + le(version, 2) + le(text.size(), version == 1 ? 2 : 4) + text + payload;
}

std::string dict_of(const std::string& descr, const std::string& shape,
                    const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

const std::string six_floats = le(0x3f800000, 4) + le(0x40000000, 4) + le(0x40400000, 4) + le(0x40800000, 4) +
                               le(0x40a00000, 4) + le(0x40c00000, 4);  // 1 2 3 4 5 6
const std::string good_npy = npy_of(dict_of("<f4", "(2, 3)"), six_floats);

class Fixture {
 public:
  const ScratchDirectory directory;
  const std::string path = directory / "model.npz";

  Array read(const std::string& archive, const std::string& key = "x") {
    write_bytes(path, archive);
    return NpzReader(path).read(key);
  }
  Array read_npy(const std::string& npy) { return read(make_zip({{.content = npy}})); }

  // The error without the path; reading must not have allocated more memory than a few values need.
  std::string error(const std::string& archive, const std::string& key = "x") {
    // Leaves blocks for two small arrays in the cache: an array in Fortran order is read and then transposed.
    [](const Array&, const Array&) {}(Array::zeros({6}), Array::zeros({6}));
    const std::size_t before = memory::stats().system_allocations;
    try {
      read(archive, key);
    } catch (const Error& e) {
      CHECK(memory::stats().system_allocations == before);
      const std::string text = e.what();
      CHECK(text.substr(0, path.size() + 2) == path + ": ");
      return text.substr(path.size() + 2);
    }
    return "no error";
  }
  std::string npy_error(const std::string& npy) { return error(make_zip({{.content = npy}})); }
};

NamedArrays sample() {
  return {{"l1/W", Array{{1.f, -2.f, 0.5f}, {3.f, 4.f, std::numeric_limits<float>::infinity()}}},
          {"l1/b", Array{0.1, 0.2}},
          {"t", Array::scalar(25, Dtype::int64)},
          {"labels", Array{1, -1, 2147483647}},
          {"bytes", Array({0, 255, 7}, Dtype::uint8)},
          {"empty", Array::zeros({0, 3})}};
}

}  // namespace

// ---- files of other programs

TEST_CASE("NpzReader reads what Chainer saved, compressed and stored") {
  const NpzReader compressed(data + "mlp_8_16_3.npz");
  const NpzReader stored(data + "mlp_8_16_3_stored.npz");
  CHECK(compressed.keys() == std::vector<std::string>{"l1/W", "l1/b", "l2/W", "l2/b", "l3/W", "l3/b"});
  for (const std::string& key : compressed.keys()) {
    CHECK(compressed.read(key).dtype() == Dtype::float32);
    CHECK(same(compressed.read(key), stored.read(key)));
  }
  CHECK(compressed.read("l1/W").shape() == Shape{16, 8});
  const NpzReader adam(data + "adam_8_16_3.npz");
  CHECK(same(adam.read("t"), Array::scalar(25, Dtype::int64)));
  CHECK(adam.contains("predictor/l1/W/m"));
  CHECK_FALSE(adam.contains("predictor/l1/W"));
  CHECK(NpzReader(data + "mlp_expected.npz").read("loss").item() == Approx(0.1379294));
}

TEST_CASE_METHOD(Fixture, "NpzReader converts the documented dtypes and orders") {
  CHECK(same(read_npy(good_npy), Array{{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}}));
  CHECK(same(read_npy(npy_of(dict_of("<f4", "(2, 3)", "True"), six_floats)),
             Array{{1.f, 3.f, 5.f}, {2.f, 4.f, 6.f}}));
  CHECK(same(read_npy(npy_of(dict_of("<f4", "(1, 3, 2)", "True"), six_floats)),
             Array{{{1.f, 4.f}, {2.f, 5.f}, {3.f, 6.f}}}));
  CHECK(same(read_npy(npy_of(dict_of("<f4", "(6,)", "True"), six_floats)),
             Array{1.f, 2.f, 3.f, 4.f, 5.f, 6.f}));
  CHECK(same(read_npy(npy_of(dict_of("<f4", "(0, 3)", "True"), "")), Array::zeros({0, 3})));
  CHECK(same(read_npy(npy_of(dict_of("|b1", "(2,)"), std::string("\0\1", 2))), Array({0, 1}, Dtype::uint8)));
  CHECK(same(read_npy(npy_of(dict_of("|i1", "(3,)"), "\x7f\x80\xff")), Array{127, -128, -1}));
  CHECK(same(read_npy(npy_of(dict_of("<f4", "(2, 3)"), six_floats, 2)),
             Array{{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}}));
  CHECK(same(read_npy(npy_of(dict_of("<i2", "(3,)"), le(0x7fff, 2) + le(0x8000, 2) + le(0xffff, 2))),
             Array{32767, -32768, -1}));
  CHECK(same(read_npy(npy_of(dict_of("<u2", "(2,)"), le(0x7fff, 2) + le(0xffff, 2))), Array{32767, 65535}));
  CHECK(same(read_npy(npy_of(dict_of("<u4", "(2,)"), le(1, 4) + le(0xffffffff, 4))),
             Array({1.0, 4294967295.0}).astype(Dtype::int64)));
  CHECK(same(read_npy(npy_of(dict_of("<u8", "(2,)"), le(0, 8) + le(1, 8))),
             Array(std::vector<std::int64_t>{0, 1})));
  CHECK(same(read_npy(npy_of(dict_of("<u8", "(1,)"), le(0x7fffffffffffffff, 8))),
             Array(std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max()})));
  CHECK(same(read_npy(npy_of("{\"shape\":(2,3,),\"descr\":\"<f4\",\"fortran_order\":False}", six_floats)),
             Array{{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}}));
}

TEST_CASE_METHOD(Fixture, "NpzReader reads float16") {
  const auto half = [&](unsigned bits) {
    return read_npy(npy_of(dict_of("<f2", "(1,)"), le(bits, 2))).to_vector<float>()[0];
  };
  // The bits are NumPy's: numpy.float16(value).view('u2').
  CHECK(half(0x3c00) == 1.f);
  CHECK(half(0xc000) == -2.f);
  CHECK(half(0x3555) == 0.333251953125f);
  CHECK(half(0x7bff) == 65504.f);
  CHECK(half(0x0400) == 0x1p-14f);  // the smallest normal
  CHECK(half(0x03ff) == 1023 * 0x1p-24f);
  CHECK(half(0x0001) == 0x1p-24f);
  CHECK(half(0x7c00) == std::numeric_limits<float>::infinity());
  CHECK(half(0xfc00) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(half(0x7e00)));
  CHECK((half(0x8000) == 0 && std::signbit(half(0x8000))));
  CHECK_FALSE(std::signbit(half(0x0000)));
}

TEST_CASE_METHOD(Fixture, "NpzReader reads big-endian numbers, and orders of axes with them") {
  const auto be = [](std::uint64_t value, int bytes) {
    const std::string little = le(value, bytes);
    return std::string(little.rbegin(), little.rend());
  };
  CHECK(same(read_npy(npy_of(dict_of(">f4", "(2,)"), be(0x3f800000, 4) + be(0xc0200000, 4))),
             Array{1.f, -2.5f}));
  CHECK(same(read_npy(npy_of(dict_of(">f8", "(1,)"), be(0x3fb999999999999a, 8))), Array{0.1}));
  CHECK(same(read_npy(npy_of(dict_of(">f2", "(1,)"), be(0x3c00, 2))), Array{1.f}));
  CHECK(same(read_npy(npy_of(dict_of(">i2", "(2,)"), be(0xfffe, 2) + be(258, 2))), Array{-2, 258}));
  CHECK(same(read_npy(npy_of(dict_of(">u2", "(1,)"), be(0xfffe, 2))), Array{65534}));
  CHECK(same(read_npy(npy_of(dict_of(">i4", "(1,)"), be(0xfffffffe, 4))), Array{-2}));
  CHECK(same(read_npy(npy_of(dict_of(">u4", "(1,)"), be(0xfffffffe, 4))),
             Array(std::vector<std::int64_t>{4294967294})));
  CHECK(same(read_npy(npy_of(dict_of(">i8", "(1,)"), be(0xfffffffffffffffe, 8))),
             Array(std::vector<std::int64_t>{-2})));
  CHECK(same(read_npy(npy_of(dict_of(">u8", "(1,)"), be(258, 8))), Array(std::vector<std::int64_t>{258})));
  CHECK(same(read_npy(npy_of(dict_of(">i2", "(2, 2)", "True"), be(1, 2) + be(2, 2) + be(3, 2) + be(4, 2))),
             Array{{1, 3}, {2, 4}}));
  // More than the conversion buffer.
  std::string many;
  std::vector<std::int32_t> expected;
  for (int i = 0; i < 20000; ++i) {
    many += be(static_cast<std::uint64_t>(i - 10000), 2);
    expected.push_back(i - 10000);
  }
  CHECK(same(read_npy(npy_of(dict_of(">i2", "(20000,)"), many)), Array(expected)));
}

TEST_CASE_METHOD(Fixture, "NpzReader names the uint64 that does not fit into int64") {
  const std::string values =
      le(1, 8) + le(2, 8) + le(3, 8) + le(std::uint64_t{1} << 63, 8) + le(5, 8) + le(6, 8);
  CHECK(npy_error(npy_of(dict_of("<u8", "(2, 3)"), values)) ==
        "x: the value at (1, 0) is 9223372036854775808, more than int64 can hold");
  CHECK(npy_error(npy_of(dict_of("<u8", "(2, 3)", "True"), values)) ==
        "x: the value at (1, 1) is 9223372036854775808, more than int64 can hold");
  CHECK(npy_error(npy_of(dict_of(">u8", "()"), std::string(8, '\xff'))) ==
        "x: the value at () is 18446744073709551615, more than int64 can hold");
}

TEST_CASE_METHOD(Fixture, "NpzReader is lazy: an unreadable entry does not affect the others") {
  const std::string archive = make_zip(
      {{.content = good_npy}, {.name = "odd.npy", .content = npy_of(dict_of("<c8", "(1,)"), "12345678")}});
  CHECK(read(archive).size() == 6);
  CHECK(error(archive, "odd") == "odd: dtype '<c8' is not supported");
  CHECK(error(archive, "none") == "none: there is no such key; the file has x, odd");
}

TEST_CASE_METHOD(Fixture, "NpzReader lists the first keys of a file that lacks one") {
  std::vector<Entry> entries;
  for (int i = 0; i < 10; ++i)
    entries.push_back({.name = "k" + std::to_string(i) + ".npy", .content = good_npy});
  CHECK(error(make_zip(entries)) ==
        "x: there is no such key; the file has k0, k1, k2, k3, k4, k5, k6, k7 and 2 more");
}

TEST_CASE_METHOD(Fixture, "NpzReader names the dtypes that it does not read") {
  for (const std::string descr :
       {"|O", "<U5", "<c8", "<f16", "=f4", "|f4", "<u1", "<f9999999", "<f", "f4", "<m8", "<b2", ""})
    CHECK(npy_error(npy_of(dict_of(descr, "(1,)"), "")) == "x: dtype '" + descr + "' is not supported");
  CHECK(npy_error(npy_of("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "")) ==
        "x: structured dtypes are not supported");
}

// ---- wrong sizes and headers

TEST_CASE_METHOD(Fixture, "NpzReader refuses shapes that the entry cannot hold, before it allocates") {
  const auto shape_error = [&](const std::string& shape) {
    return npy_error(npy_of(dict_of("<f4", shape), six_floats));
  };
  CHECK(shape_error("(4000000000,)") == "x: 16000000000 bytes of values are announced, 24 are there");
  CHECK(shape_error("(5,)") == "x: 20 bytes of values are announced, 24 are there");
  CHECK(shape_error("(7,)") == "x: 28 bytes of values are announced, 24 are there");
  CHECK(shape_error("(0,)") == "x: 0 bytes of values are announced, 24 are there");
  CHECK(shape_error("(4294967296, 4294967296)") == "x: the shape (4294967296, 4294967296) is too large");
  CHECK(shape_error("(2305843009213693952, 2, 2)") ==
        "x: the shape (2305843009213693952, 2, 2) is too large");
  CHECK(shape_error("(0, 18446744073709551615)") == "x: the shape (0, 18446744073709551615) is too large");
  CHECK_THAT(shape_error("(18446744073709551616,)"), ContainsSubstring("x: the shape is too large"));
  CHECK_THAT(shape_error("(1,1,1,1,1,1,1,1,6)"), ContainsSubstring("x: an array has at most 8 axes"));
}

TEST_CASE_METHOD(Fixture, "NpzReader accepts nothing but the one dict") {
  for (const std::string dict : {"",
                                 "{",
                                 "}",
                                 "{}",
                                 "{'descr': '<f4'}",
                                 "{'descr': '<f4', 'fortran_order': False}",
                                 "{'descr': '<f4', 'shape': (6,)}",
                                 "{'fortran_order': False, 'shape': (6,)}",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (6,)",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), } x",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'shape': (6,)}",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'more': 1}",
                                 "{'descr': '<f4', 'fortran_order': 0, 'shape': (6,)}",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (6)}",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': 6}",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (-6,)}",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (6, 1 1)}",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
                                 "{'descr': '<f4', 'fortran_order': False 'shape': (6,)}",
                                 "{'descr': '<f4",
                                 "{'descr': \"<f4', 'fortran_order': False, 'shape': (6,)}",
                                 "((((((((((((((((((((((("})
    CHECK_THAT(npy_error(npy_of(dict, six_floats)), ContainsSubstring("x: not a .npy header"));
  CHECK_THAT(npy_error(npy_of("{'\x1b[31m'}", six_floats)), ContainsSubstring("'\\x1b[31m'"));
}

TEST_CASE_METHOD(Fixture, "NpzReader bounds the .npy header") {
  CHECK(npy_error("\x93NUMPY" + le(2, 2) + le(0xffffffff, 4) + six_floats) ==
        "x: the .npy header of 4294967295 bytes is too long");
  CHECK(npy_error("\x93NUMPY" + le(1, 2) + le(60000, 2) + six_floats) == "x: the data end too early");
  CHECK(npy_error("\x93NUMPY" + le(3, 2) + le(6, 4) + six_floats) == "x: .npy version 3.0 is not supported");
  CHECK(npy_error("\x93NUMPX" + le(1, 2) + le(6, 4) + six_floats) == "x: not a .npy array");
  CHECK(npy_error("\x93") == "x: the data end too early");
  CHECK(npy_error("") == "x: the data end too early");
}

TEST_CASE_METHOD(Fixture, "NpzReader compares the decompressed size with the declared one") {
  const std::string packed = deflated(good_npy);
  const auto zip_error = [&](Entry entry) {
    entry.deflate = true;
    return error(make_zip({entry}));
  };
  CHECK(error(make_zip({{.content = good_npy, .deflate = true}})) == "no error");
  const std::uint64_t size = good_npy.size();
  CHECK(zip_error({.content = good_npy, .size = size - 1}) ==
        "x: 24 bytes of values are announced, 23 are there");
  CHECK(zip_error({.content = good_npy, .size = size + 1}) ==
        "x: 24 bytes of values are announced, 25 are there");
  CHECK(zip_error({.content = good_npy, .size = 4000000000}) ==
        "x: 24 bytes of values are announced, " + std::to_string(4000000000 - size + 24) + " are there");
  // Directory and .npy header agree, the data do not.
  CHECK(zip_error({.content = good_npy, .data = deflated(good_npy + "x")}) ==
        "x: there are more data than announced");
  CHECK(zip_error({.content = good_npy, .data = deflated(good_npy.substr(0, size - 1))}) ==
        "x: the compressed data end too early");
  CHECK(zip_error({.content = good_npy, .data = packed + "x"}) ==
        "x: 1 bytes follow the end of the compressed data");
  CHECK(zip_error({.content = good_npy, .data = packed.substr(0, packed.size() - 1)}) ==
        "x: the compressed data end too early");
  CHECK(zip_error({.content = good_npy, .data = "\xff\xff\xff"}) == "x: the compressed data are damaged");
  CHECK(zip_error({.content = good_npy, .crc = 1}) == "x: the checksum (CRC-32) is wrong");
  CHECK(error(make_zip({{.content = good_npy, .crc = 1}})) == "x: the checksum (CRC-32) is wrong");
}

TEST_CASE_METHOD(Fixture, "NpzReader survives zip bombs") {
  const std::string zeros(20 << 20, '\0');
  const std::string honest = npy_of(dict_of("|u1", "(20971520,)"), zeros);
  CHECK(read(make_zip({{.content = honest, .deflate = true}})).size() == zeros.size());
  // A size that deflate could produce: detected by a trial decompression.
  const std::string packed = deflated(npy_of(dict_of("|u1", "(19971520,)"), zeros));
  const std::string head = npy_of(dict_of("|u1", "(19971520,)"), "");
  CHECK(error(make_zip(
            {{.deflate = true, .data = deflated(honest.substr(0, 20900000)), .size = honest.size()}})) ==
        "x: the compressed data end too early");
  CHECK(error(make_zip({{.deflate = true, .data = packed, .size = head.size() + 19971520}})) ==
        "x: there are more data than announced");
  const std::string lie = npy_of(dict_of("|u1", "(4000000000,)"), "");
  CHECK(error(make_zip({{.content = lie, .deflate = true, .size = lie.size() + 4000000000}})) ==
        "x: 4000000000 bytes of values are announced, " + std::to_string(deflated(lie).size()) +
            " compressed bytes cannot hold them");
}

TEST_CASE_METHOD(Fixture, "NpzReader requires that directory and entries agree") {
  const std::string contradiction = "x: the zip entry contradicts the directory";
  CHECK(error(make_zip({{.content = good_npy, .local_crc = 1}})) == contradiction);
  CHECK(error(make_zip({{.content = good_npy, .local_size = 1}})) == contradiction);
  CHECK(error(make_zip({{.content = good_npy, .local_compressed_size = 1}})) == contradiction);
  CHECK(error(make_zip({{.content = good_npy, .local_name = "y.npy"}})) == contradiction);
  CHECK(error(make_zip({{.content = good_npy, .local_name = "xx.npy"}})) == contradiction);
  CHECK(error(make_zip({{.content = good_npy, .offset = 1}})) == contradiction);
  CHECK(error(make_zip({{.content = good_npy, .offset = 4000000000}})) ==
        "x: the zip entry overlaps another");
  CHECK(error(make_zip({{.content = good_npy, .size = good_npy.size() + 1}})) ==
        "x: " + std::to_string(good_npy.size() + 1) + " bytes are declared, " +
            std::to_string(good_npy.size()) + " are stored");
  CHECK(error(make_zip({{.content = good_npy, .compressed_size = good_npy.size() + 1}})) ==
        "x: the zip entry overlaps another");
  CHECK(error(make_zip({{.content = good_npy}, {.name = "y.npy", .content = good_npy, .offset = 0}})) ==
        "x: the zip entry overlaps another");
  CHECK(error(make_zip({{.content = good_npy}, {.content = good_npy}})) == "x: the key occurs twice");
  CHECK(error(make_zip({{.content = good_npy}, {.name = "x", .content = good_npy}})) ==
        "x: the key occurs twice");
}

TEST_CASE_METHOD(Fixture,
                 "NpzReader reads zip64 headers and data descriptors, as NumPy writes them to a pipe") {
  const std::uint64_t size = good_npy.size();
  const std::string zip64 = le(1, 2) + le(16, 2) + le(size, 8) + le(size, 8);
  const std::string descriptor = "PK\7\10" + le(0, 4) + le(size, 4) + le(size, 4);
  Entry entry{.content = good_npy, .local_size = 0xffffffff, .local_compressed_size = 0xffffffff};
  CHECK(error(make_zip({entry})) == "x: the zip entry contradicts the directory");
  entry.local_extra = le(7, 2) + le(1, 2) + "?" + zip64;
  CHECK(error(make_zip({entry})) == "no error");
  const std::string others =
      le(7, 2) + le(3, 2) + "abc" + le(8, 2) + le(0, 2) + le(9, 2) + le(20, 2) + std::string(20, '?');
  entry.local_extra = others + zip64;
  CHECK(error(make_zip({entry})) == "no error");
  entry.local_extra = others + zip64 + others;
  CHECK(error(make_zip({entry})) == "no error");
  entry.local_extra = others + le(1, 2) + le(17, 2) + le(size, 8) + le(size, 8);  // longer than the field
  CHECK(error(make_zip({entry})) == "x: the zip entry contradicts the directory");
  entry.local_extra = others + le(1, 2) + le(8, 2) + le(size, 8);  // one of the two sizes is missing
  CHECK(error(make_zip({entry})) == "x: the zip entry contradicts the directory");
  entry.local_extra = le(1, 2) + le(16, 2) + le(size, 8) + le(size + 1, 8);
  CHECK(error(make_zip({entry})) == "x: the zip entry contradicts the directory");
  entry.local_extra = le(1, 2) + le(17, 2) + le(size, 8) + le(size, 8);  // longer than the field
  CHECK(error(make_zip({entry})) == "x: the zip entry contradicts the directory");
  Entry streamed{.content = good_npy,
                 .flags = 8,
                 .local_size = 0,
                 .local_crc = 0,
                 .local_compressed_size = 0,
                 .after = descriptor};
  CHECK(error(make_zip({streamed})) == "no error");
  streamed.flags = 0;
  CHECK(error(make_zip({streamed})) == "x: the zip entry contradicts the directory");
}

TEST_CASE_METHOD(Fixture, "NpzReader refuses unsupported archives") {
  const std::string good = make_zip({{.content = good_npy}});
  CHECK(error(make_zip({{.content = good_npy, .flags = 1}})) ==
        "x: encrypted or patched zip entries are not supported");
  CHECK(error(make_zip({{.content = good_npy, .method = 12}})) ==
        "x: zip method 12 is not supported, only stored and deflate");
  CHECK(error(make_zip({{.content = good_npy}}, {.disk = 1})) ==
        "zip archives of several disks are not supported");
  const std::string misplaced = "the zip directory is not where the end record says";
  CHECK(error("#!/bin/sh\n" + good) == misplaced);
  CHECK(error(make_zip({{.content = good_npy}}, {.offset = 0})) == misplaced);
  CHECK(error(make_zip({{.content = good_npy}}, {.size = 4000000000})) == misplaced);
  CHECK(error(make_zip({{.content = good_npy}}, {.entries = 2})) == "the zip directory is damaged");
  CHECK(error(make_zip({{.content = good_npy}}, {.entries = 0})) == "the zip directory is damaged");
  CHECK(error(make_zip({{.content = good_npy}}, {.entries = 65535})) ==
        "zip64 archives (over 4 GiB or 65534 entries) are not supported");
  CHECK(error(make_zip({{.content = good_npy, .size = 0xffffffff}})) ==
        "x.npy: zip64 archives (over 4 GiB) are not supported");
  CHECK_THAT(error(make_zip({{.content = good_npy}}, {.after = "garbage"})),
             ContainsSubstring("not a zip archive"));
  CHECK_THAT(error("not a zip"), ContainsSubstring("not a zip archive"));
  CHECK_THAT(error(std::string(100000, 'P')), ContainsSubstring("not a zip archive"));
  CHECK(error("") == "the file is empty");
  CHECK(error(make_zip({})) == "x: there is no such key; the file has no keys");
  CHECK(error(make_zip({{.content = good_npy}}, {.comment = "by hand"})) == "no error");
}

TEST_CASE_METHOD(Fixture, "NpzReader reports invalid paths") {
  const std::string missing = directory / "missing.npz";
  CHECK_THROWS_WITH(NpzReader(missing), missing + ": cannot open: No such file or directory");
  CHECK_THROWS_WITH(NpzReader(directory.path()), directory.path() + ": cannot read: it is a directory");
  CHECK_THROWS_WITH(NpzReader("/dev/null"), "/dev/null: cannot read: not a regular file");
  const std::string pipe = directory / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(NpzReader(pipe), pipe + ": cannot read: not a regular file");
}

// ---- damage

TEST_CASE_METHOD(Fixture, "a truncated .npz is an error at every length") {
  for (const bool compression : {true, false}) {
    save_npz(path, sample(), compression);
    const std::string bytes = read_bytes(path);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      INFO(length);
      write_bytes(path, bytes.substr(0, length));
      REQUIRE_THROWS_AS(NpzReader(path), Error);
    }
  }
}

TEST_CASE_METHOD(Fixture, "a damaged byte of an .npz is an error or changes nothing") {
  const NamedArrays arrays = sample();
  for (const bool compression : {true, false}) {
    save_npz(path, arrays, compression);
    const std::string bytes = read_bytes(path);
    int errors = 0;
    int wrong = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ flip);
        write_bytes(path, damaged);
        try {
          const NpzReader reader(path);
          for (const auto& [key, array] : arrays) wrong += same(reader.read(key), array) ? 0 : 1;
        } catch (const Error&) {
          ++errors;
        }
      }
    }
    CHECK(wrong == 0);
    // Dates, versions and attributes may change without effect, the rest may not.
    CHECK(errors > static_cast<int>(bytes.size() * 9 * 3 / 4));
  }
}

// ---- writing

TEST_CASE_METHOD(Fixture, "save_npz and NpzReader are inverse") {
  for (const bool compression : {true, false}) {
    save_npz(path, sample(), compression);
    const NpzReader reader(path);
    CHECK(reader.keys().size() == sample().size());
    for (const auto& [key, array] : sample()) CHECK(same(reader.read(key), array));
  }
  save_npz(path, {});
  CHECK(NpzReader(path).keys().empty());
  const Array rows = Array{{1.f, 2.f}, {3.f, 4.f}, {5.f, 6.f}}.slice(1, 2);
  save_npz(path, {{"", rows}, {"a.npy", Array{1}}, {"\xc3\xbc", Array{2}}});
  CHECK(same(NpzReader(path).read(""), Array{{3.f, 4.f}}));
  CHECK(same(NpzReader(path).read("a.npy"), Array{1}));
  CHECK(same(NpzReader(path).read("\xc3\xbc"), Array{2}));
}

TEST_CASE_METHOD(Fixture, "save_npz compresses, and the same arrays are the same bytes") {
  const NamedArrays zeros = {{"x", Array::zeros({1000})}};
  save_npz(path, zeros);
  const std::string bytes = read_bytes(path);
  CHECK(bytes.size() < 400);
  save_npz(directory / "again.npz", zeros);
  CHECK(read_bytes(directory / "again.npz") == bytes);
  save_npz(path, zeros, false);
  CHECK(read_bytes(path).size() > 4000);
}

TEST_CASE_METHOD(Fixture, "save_npz replaces a file, keeps its mode and follows its links") {
  write_bytes(path, "old");
  REQUIRE(::chmod(path.c_str(), 0642) == 0);
  const std::string link = directory / "link.npz";
  std::filesystem::create_symlink("model.npz", link);
  save_npz(link, sample());
  CHECK(std::filesystem::is_symlink(link));
  CHECK(NpzReader(path).contains("l1/W"));
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0642);
  CHECK(directory.count() == 2);
}

TEST_CASE_METHOD(Fixture, "a save that fails leaves the old file and nothing else") {
  write_bytes(path, "old");
  CHECK_THROWS_WITH(
      save_npz(path, {{"x", Array{1}}, {"l1/W", Array()}}),
      path + ": l1/W: the array is empty: a parameter of unknown size is initialised by a forward pass");
  CHECK_THROWS_WITH(save_npz(path, {{"x", Array{1}}, {"x", Array{1}}}), path + ": x: the key occurs twice");
  CHECK_THROWS_WITH(save_npz(path, {{std::string("a\0b", 3), Array{1}}}),
                    path + ": a\\x00b: a key cannot contain NUL");
  CHECK_THROWS_WITH(save_npz(path, {{std::string(65532, 'k'), Array{1}}}),
                    ContainsSubstring("the key is too long"));
  CHECK_THROWS_WITH(save_npz(directory.path(), sample()),
                    directory.path() + ": cannot write: it is a directory");
  CHECK_THROWS_WITH(save_npz("/dev/full", sample()), "/dev/full: cannot write: not a regular file");
  CHECK_THROWS_WITH(save_npz(directory / "no/model.npz", sample()),
                    ContainsSubstring("cannot write: No such file or directory"));
  // The disk is full while writing.
  struct rlimit limit {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
  const struct rlimit small { 1000, limit.rlim_max };
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  std::string message;
  try {
    save_npz(path, {{"x", Array::zeros({1000})}}, false);
  } catch (const Error& e) {
    message = e.what();
  }
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  std::signal(SIGXFSZ, handler);
  CHECK(message == path + ": cannot write: File too large");
  CHECK(read_bytes(path) == "old");
  CHECK(directory.count() == 1);
}

TEST_CASE_METHOD(Fixture, "the written file is compared with the arrays") {
  const Array x{{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}};
  const auto verify = [&](const std::string& npy, const Array& array) -> std::string {
    write_bytes(path, make_zip({{.content = npy}}));
    const zip::Archive archive(path);
    ByteStream stream = archive.open(archive.entries()[0], "x");
    try {
      npy::verify(stream, array);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  CHECK(verify(good_npy, x) == "no error");
  CHECK(verify(npy::header(x) + six_floats, x) == "no error");
  CHECK(verify(good_npy, x.reshape({6})) == "x: expected float32(6), got <f4(2, 3)");
  CHECK(verify(good_npy, x.astype(Dtype::int32)) == "x: expected int32(2, 3), got <f4(2, 3)");
  CHECK(verify(npy_of(dict_of("<f4", "(2, 3)", "True"), six_floats), x) ==
        "x: expected float32(2, 3), got <f4(2, 3)");
  // Regression: a stream that swallowed std::bad_alloc once wrote this over a valid model.
  CHECK(verify(npy_of("{'descr': '<f4), }", six_floats), x) ==
        "x: not a .npy header: {'descr': '<f4), }\\x0a");
  CHECK(verify(npy::header(x) + six_floats + "x", x) == "x: 24 bytes of values are announced, 25 are there");
  write_bytes(path, make_zip({{.content = good_npy, .crc = 1}}));
  const zip::Archive archive(path);
  ByteStream stream = archive.open(archive.entries()[0], "x");
  CHECK_THROWS_WITH(npy::verify(stream, x), "x: the checksum (CRC-32) is wrong");
}

// ---- killed while saving

namespace {

// A child process that saves until it is killed.
class Saver {
 public:
  Saver(const std::string& path, const NamedArrays& arrays) : child_(::fork()) {
    REQUIRE(child_ >= 0);
    if (child_ > 0) return;
    try {
      while (true) save_npz(path, arrays);
    } catch (...) {
      ::_exit(1);  // the parent sees that it was not killed
    }
  }
  // Whether the kill ended it.
  bool kill() const {
    int status = 0;
    ::kill(child_, SIGKILL);
    return ::waitpid(child_, &status, 0) == child_ && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

 private:
  pid_t child_;
};

// Returns a summary as text.
std::string kill_saves(const Fixture& fixture, int saves) {
  const NamedArrays arrays = {{"W", random::Generator(1).normal({64, 100})},
                              {"t", Array::scalar(25, Dtype::int64)}};
  save_npz(fixture.path, arrays);
  int unreadable = 0, survived = 0;
  std::size_t left = 0;
  for (int killed = 0; killed < saves; killed += 2) {
    const Saver one(fixture.path, arrays), other(fixture.path, arrays);
    std::this_thread::sleep_for(std::chrono::microseconds(killed * 7919 % 6000));
    survived += one.kill() ? 0 : 1;
    survived += other.kill() ? 0 : 1;
    left += fixture.directory.count() - 1;
    try {
      const NpzReader reader(fixture.path);
      for (const auto& [key, array] : arrays) unreadable += same(reader.read(key), array) ? 0 : 1;
    } catch (const Error&) {
      ++unreadable;
    }
  }
  CAPTURE(left);
  CHECK(unreadable == 0);
  CHECK(survived == 0);
  CHECK(left > 0);  // otherwise no kill hit a save
  save_npz(fixture.path, arrays);
  CHECK(fixture.directory.count() == 1);
  return std::to_string(saves) + " saves killed: " + std::to_string(unreadable) + " unreadable files; " +
         std::to_string(left) + " temporaries left behind, " + std::to_string(fixture.directory.count() - 1) +
         " after the next save";
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a save that is killed leaves the old file, and a temporary until the next save") {
  kill_saves(*this, 100);
}

TEST_CASE_METHOD(Fixture, "a thousand saves are killed", "[.][thousand_kills]") {
  WARN(kill_saves(*this, 1000));
}

// ---- loading

TEST_CASE_METHOD(Fixture, "load_npz copies into the targets' memory") {
  save_npz(path, sample());
  const Array W = Array::zeros({2, 3});
  const Array shared = W.reshape({6});
  const Array t = Array::scalar(0, Dtype::int64);
  load_npz(path, {{"l1/W", W}, {"t", t}});
  CHECK(shared.to_vector<float>()[3] == 3);
  CHECK(t.item<std::int64_t>() == 25);
  const Array b = Array::zeros({2}, Dtype::float64);
  load_npz(path, {{"b", b}, {"missing", Array::zeros({1})}}, {.path = "l1/", .strict = false});
  CHECK(b.to_vector<double>() == std::vector<double>{0.1, 0.2});
}

TEST_CASE_METHOD(Fixture, "a model on a device is saved, and loaded back into place, on any device",
                 "[gpu]") {
  on_every_device([&](Device device) {
    Linear model(3, 2);
    const auto W = values(model.W.data());
    model.to(device);
    save_npz(path, model);
    Linear restored(3, 2), on_cpu(3, 2);
    restored.to(device);
    const Array place = restored.W.data();
    load_npz(path, restored);
    load_npz(path, on_cpu);
    CHECK(place.device() == device);
    CHECK(values(place) == W);
    CHECK(values(on_cpu.W.data()) == W);

    Linear wrong(4, 2);
    wrong.to(device);
    const auto before = values(wrong.b.data());
    CHECK_THROWS_WITH(load_npz(path, wrong), ContainsSubstring("expected float32(2, 4)"));
    CHECK(values(wrong.b.data()) == before);
  });
}

TEST_CASE_METHOD(Fixture, "a model and its optimizer are saved from any device and loaded onto any",
                 "[gpu]") {
  const auto step = [](Linear& model, Optimizer& optimizer) {
    const Device device = model.W.device();
    model.W.set_grad(Array({{0.5f, -1.f}, {2.f, 0.25f}, {1.f, 1.f}}).to(device));
    model.b.set_grad(Array({1.f, -0.5f, 0.f}).to(device));
    optimizer.update();
  };
  const auto all = [](const Linear& model) {
    return std::pair(values(model.W.data()), values(model.b.data()));
  };
  on_every_device([&](Device device) {
    for (const bool from_device : {false, true}) {
      const Device from = from_device ? device : Device::cpu();
      const Device to = from_device ? Device::cpu() : device;
      Linear model(2, 3);
      model.to(from);
      Adam optimizer({.alpha = 0.1});
      optimizer.setup(model);
      for (int i = 0; i < 3; ++i) step(model, optimizer);
      save_npz(path, model);
      save_npz(path + ".state", optimizer);

      Linear resumed_model(2, 3);
      resumed_model.to(to);
      Adam resumed({.alpha = 0.1});
      resumed.setup(resumed_model);
      load_npz(path, resumed_model);
      load_npz(path + ".state", resumed);
      CHECK(resumed_model.W.device() == to);
      CHECK(resumed.t() == 3);
      CHECK(all(resumed_model) == all(model));
      step(model, optimizer);
      step(resumed_model, resumed);
      check_close(values(resumed_model.W.data()), values(model.W.data()), 1e-7, 1e-6);
      check_close(values(resumed_model.b.data()), values(model.b.data()), 1e-7, 1e-6);
    }
  });
}

TEST_CASE_METHOD(Fixture, "a load that fails changes nothing") {
  save_npz(path, sample());
  const Array W = Array::zeros({2, 3});
  CHECK_THROWS_WITH(load_npz(path, {{"l1/W", W}, {"l1/c", Array::zeros({2})}}),
                    path + ": l1/c: there is no such key; the file has l1/W, l1/b, t, labels, bytes, empty");
  CHECK_THROWS_WITH(load_npz(path, {{"W", W}, {"c", W}}, {.path = "l1/"}),
                    path + ": l1/c: there is no such key; the file has l1/W, l1/b, t, labels, bytes, empty");
  CHECK_THROWS_WITH(load_npz(path, {{"l1/W", W}, {"l1/b", Array::zeros({3}, Dtype::float64)}}),
                    path + ": l1/b: expected float64(3), got float64(2)");
  CHECK_THROWS_WITH(load_npz(path, {{"l1/W", W}, {"l1/b", Array::zeros({1}, Dtype::float64)}}),
                    path + ": l1/b: expected float64(1), got float64(2)");
  CHECK_THROWS_WITH(load_npz(path, {{"l1/W", W}, {"l1/b", Array::zeros({2})}}, {.strict = false}),
                    path + ": l1/b: expected float32(2), got float64(2)");
  CHECK_THROWS_WITH(load_npz(path, {{"l1/W", W}, {"l1/b", Array()}}),
                    path + ": l1/b: the array to load into is empty, the file has float64(2)");
  CHECK(W.to_vector<float>() == std::vector<float>(6, 0));
}

TEST_CASE_METHOD(Fixture, "a reader that was moved from throws an error that says so") {
  save_npz(path, sample());
  NpzReader reader(path);
  const NpzReader taken = std::move(reader);
  CHECK(taken.read("l1/b").size() == 2);
  CHECK_THROWS_WITH(reader.read("l1/b"), "NpzReader::read: the reader has been moved from");
  CHECK_THROWS_WITH(reader.path(), "NpzReader::path: the reader has been moved from");
}
