#include "tenbin/datasets/idx.h"

#include <cstring>

#include "tenbin/tests/catch.h"
#include "tenbin/tests/compressed.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::string be(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 255);
  return out;
}

std::string idx_of(unsigned type, const std::vector<std::uint64_t>& shape, const std::string& payload) {
  std::string out = be(type, 3) + be(shape.size(), 1);
  for (const std::uint64_t length : shape) out += be(length, 4);
  return out + payload;
}

const std::string six_bytes = idx_of(8, {2, 3}, "\1\2\3\4\5\xff");

class IdxFixture {
 public:
  const ScratchDirectory directory;
  const std::string path = directory / "data.idx";

  Array load(const std::string& bytes) {
    write_bytes(path, bytes);
    return load_idx(path);
  }
  // The error without the path; loading must not have allocated more memory than a few values need.
  std::string error(const std::string& bytes) {
    Array::zeros({6});  // leaves a small block in the cache
    const std::size_t before = memory::stats().system_allocations;
    try {
      load(bytes);
    } catch (const Error& e) {
      CHECK(memory::stats().system_allocations == before);
      const std::string text = e.what();
      CHECK(text.substr(0, path.size() + 2) == path + ": ");
      return text.substr(path.size() + 2);
    }
    return "no error";
  }
};

bool same(const Array& a, const Array& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         std::memcmp(a.raw_data(), b.raw_data(), a.nbytes()) == 0;
}

}  // namespace

TEST_CASE_METHOD(IdxFixture, "load_idx reads every type") {
  const Array bytes({1, 2, 3, 4, 5, 255}, Dtype::uint8);
  CHECK(same(load(six_bytes), bytes.reshape({2, 3})));
  CHECK(same(load(idx_of(0x09, {3}, "\x7f\x80\xff")), Array{127, -128, -1}));
  CHECK(same(load(idx_of(0x0B, {3}, be(0x0102, 2) + be(0xffff, 2) + be(0x8000, 2))), Array{258, -1, -32768}));
  CHECK(same(load(idx_of(0x0C, {2}, be(0x01020304, 4) + be(0xfffffffe, 4))), Array{16909060, -2}));
  CHECK(same(load(idx_of(0x0D, {1, 2}, be(0x3fc00000, 4) + be(0xc0000000, 4))), Array{{1.5f, -2.f}}));
  CHECK(same(load(idx_of(0x0E, {1}, be(0x3ff8000000000000, 8))), Array{1.5}));
  CHECK(same(load(idx_of(0x0D, {0, 5}, "")), Array::zeros({0, 5})));
  CHECK(same(load(idx_of(0x09, {0}, "")), Array::zeros({0}, Dtype::int32)));
}

TEST_CASE_METHOD(IdxFixture, "load_idx tells gzip by its first bytes") {
  CHECK(same(load(gzip_of(six_bytes)), load(six_bytes)));
  // More than the buffer, and more than is allocated before reading.
  const std::string zeros(17 << 20, '\0');
  const Array large = load(gzip_of(idx_of(8, {zeros.size()}, zeros)));
  CHECK(same(large, Array::zeros({zeros.size()}, Dtype::uint8)));
}

TEST_CASE_METHOD(IdxFixture, "load_idx refuses files of other formats") {
  CHECK(error("") == "the file is empty");
  CHECK(error("PK") == "the data end too early");
  CHECK(error("PK\3\4....") == "not an IDX file");
  CHECK(error(idx_of(0x0A, {1}, "x")) == "the IDX file has elements of an unknown type 10");
  CHECK(error(idx_of(8, {1, 1, 1, 1, 1, 1, 1, 1, 1}, "x")) ==
        "an array has at most 8 axes, the IDX file has 9");
  CHECK(error(be(0x08ff, 4)) == "an array has at most 8 axes, the IDX file has 255");
  CHECK_THROWS_WITH(load_idx(directory / "no"),
                    directory / "no" + ": cannot open: No such file or directory");
  CHECK_THROWS_WITH(load_idx(directory.path()), directory.path() + ": cannot read: it is a directory");
}

TEST_CASE_METHOD(IdxFixture, "load_idx checks the shape against the size of the file") {
  CHECK(error(idx_of(8, {4000000000}, "123456")) == "4000000000 bytes of values are announced, 6 are there");
  CHECK(error(idx_of(0x0E, {1, 3}, "123456")) == "24 bytes of values are announced, 6 are there");
  CHECK(error(idx_of(8, {5}, "123456")) == "5 bytes of values are announced, 6 are there");
  CHECK(error(idx_of(8, {0xffffffff, 0xffffffff, 0xffffffff}, "123456")) ==
        "the shape (4294967295, 4294967295, 4294967295) is too large");
  const std::string lie = gzip_of(idx_of(8, {4000000000}, "123456"));
  CHECK(error(lie) == "4000000000 bytes of values are announced, " + std::to_string(lie.size()) +
                          " compressed bytes cannot hold them");
  CHECK(error(gzip_of(idx_of(8, {20 << 20}, std::string(20900000, '\0')))) ==
        "the compressed data end too early");
  CHECK(error(gzip_of(idx_of(8, {20 << 20}, std::string(21 << 20, '\0')))) ==
        "there are more data than announced");
  CHECK(error(gzip_of(idx_of(8, {5}, "123456"))) == "there are more data than announced");
  CHECK(error(gzip_of(idx_of(8, {7}, "123456"))) == "the compressed data end too early");
}

TEST_CASE_METHOD(IdxFixture, "load_idx refuses a wrong gzip trailer, and bytes after it") {
  const std::string good = gzip_of(six_bytes);
  CHECK(error(good + "x") == "1 bytes follow the end of the compressed data");
  CHECK(error(good + good) == "there are more data than announced");
  std::string wrong_size = good;
  wrong_size[good.size() - 4] = 1;
  CHECK(error(wrong_size) == "the compressed data are damaged");
  std::string wrong_crc = good;
  wrong_crc[good.size() - 8] = static_cast<char>(wrong_crc[good.size() - 8] ^ 1);
  CHECK(error(wrong_crc) == "the compressed data are damaged");
}

TEST_CASE_METHOD(IdxFixture, "a truncated IDX file is an error at every length") {
  for (const std::string& bytes : {six_bytes, gzip_of(six_bytes)}) {
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      INFO(length);
      REQUIRE_THROWS_AS(load(bytes.substr(0, length)), Error);
    }
  }
}

TEST_CASE_METHOD(IdxFixture, "a damaged byte of a gzipped IDX file is an error or changes nothing") {
  const std::string bytes = gzip_of(six_bytes);
  const Array expected = load(bytes);
  int wrong = 0;
  int errors = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      try {
        wrong += same(load(damaged), expected) ? 0 : 1;
      } catch (const Error&) {
        ++errors;
      }
    }
  }
  CHECK(wrong == 0);
  // Date, level and system in the ten bytes of the header may change without effect, the rest may not.
  CHECK(errors > static_cast<int>((bytes.size() - 10) * 9));
}

TEST_CASE_METHOD(IdxFixture, "a damaged byte in the header of a plain IDX file is an error") {
  for (std::size_t i = 0; i < 12; ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string damaged = six_bytes;
      damaged[i] = static_cast<char>(value);
      // Signed bytes have the same size; two axes of other lengths, or one more axis, never have.
      if (damaged == six_bytes || (i == 2 && value == 9)) continue;
      INFO(i << " = " << value);
      REQUIRE_THROWS_AS(load(damaged), Error);
    }
  }
}
