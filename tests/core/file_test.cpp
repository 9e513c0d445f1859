// Files: what is read of several gzip members, and what becomes of a file that is replaced.
#include "tenbin/core/file.h"

#include <zlib.h>

#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::string gzip_of(const std::string& content) {
  std::string out(::compressBound(content.size()) + 64, '\0');
  z_stream zlib{};
  REQUIRE(::deflateInit2(&zlib, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  zlib.avail_in = static_cast<uInt>(content.size());
  zlib.next_out = reinterpret_cast<Bytef*>(out.data());
  zlib.avail_out = static_cast<uInt>(out.size());
  REQUIRE(::deflate(&zlib, Z_FINISH) == Z_STREAM_END);
  out.resize(zlib.total_out);
  ::deflateEnd(&zlib);
  return out;
}

class FileFixture {
 public:
  const ScratchDirectory directory;
  const std::string path = directory / "file";

  // What the bytes decode to, in pieces of `step`; or what is wrong, without the path.
  std::string decoded(const std::string& bytes, std::size_t step) {
    write_bytes(path, bytes);
    const InputFile file(path);
    try {
      ByteStream stream(file, whole_file(file), path);
      std::string text;
      std::string piece(step, '\0');
      while (true) {
        const std::size_t count = stream.read_some(piece.data(), step);
        text.append(piece, 0, count);
        if (count < step) return text;
      }
    } catch (const Error& e) {
      return std::string(e.what()).substr(path.size());
    }
  }
};

}  // namespace

TEST_CASE_METHOD(FileFixture, "ByteStream reads gzip members one after another") {
  const std::string zeros(100, '\0');
  const std::string one = gzip_of("a,b\n1,"), two = gzip_of("2\n"), none = gzip_of("");
  const std::string long_text(200000, 'x');  // members and padding beyond the 64 KiB that are read at once
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1 << 20}}) {
    CAPTURE(step);
    CHECK(decoded(one + two, step) == "a,b\n1,2\n");
    CHECK(decoded(none + one + none + two + none, step) == "a,b\n1,2\n");  // bgzip ends with an empty one
    CHECK(decoded(one + zeros, step) == "a,b\n1,");
    CHECK(decoded(one + zeros + two + '\0', step) == "a,b\n1,2\n");
    CHECK(decoded(one + "garbage", step) == ": 7 bytes follow the end of the compressed data");
    CHECK(decoded(one + two + zeros + "garbage", step) == ": 7 bytes follow the end of the compressed data");
    CHECK(decoded(one + "\x1f garbage", step) == ": the compressed data are damaged");
    CHECK(decoded(one + "\x1f", step) == ": the compressed data end too early");
    std::string damaged = two;
    damaged[damaged.size() - 8] = static_cast<char>(damaged[damaged.size() - 8] ^ 1);
    CHECK(decoded(one + damaged, step) == ": the compressed data are damaged");
    for (std::size_t length = 1; length < two.size(); ++length)
      CHECK(decoded(one + two.substr(0, length), step) == ": the compressed data end too early");
  }
  CHECK(decoded(one + std::string(200000, '\0') + gzip_of(long_text) + two, 1 << 20) ==
        "a,b\n1," + long_text + "2\n");
}
