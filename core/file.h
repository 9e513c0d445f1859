// Files from outside: read with every size checked before memory is asked for, replaced whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct z_stream_s;

namespace tenbin {

/// Text from a file, fit for an error message: unprintable bytes as `\x1b`, shortened after 80 characters.
std::string printable(const std::string& text);

/// A regular file open for reading. Errors, all starting with the path: it is missing, unreadable, a
/// directory, a device.
class InputFile {
 public:
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }
  /// Bytes, when it was opened.
  std::uint64_t size() const { return size_; }
  /// Reads `bytes` bytes from `offset` on. Errors: the file ends before.
  void read(std::uint64_t offset, void* to, std::size_t bytes) const;

 private:
  std::string path_;
  int descriptor_;
  std::uint64_t size_ = 0;
};

/// Where the bytes of a stream lie in a file, and what is known of them.
struct FileSection {
  enum class Coding : unsigned char { stored, deflate, gzip };

  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  Coding coding = Coding::stored;
  std::optional<std::uint64_t> size;  ///< bytes after decoding
  std::optional<std::uint32_t> crc;   ///< CRC-32 of the decoded bytes
};

/// The decoded bytes of a section, front to back. Errors start with `label` and name what is wrong.
///
///     ByteStream stream(file, {.end = file.size(), .coding = FileSection::Coding::gzip}, file.path());
///     stream.read(header, sizeof header);
///     stream.expect(count);  // nothing is allocated for a header that lies
///     std::vector<char> values(count);
///     stream.read(values.data(), count);
///     stream.finish();
class ByteStream {
 public:
  /// `file` must outlive the stream.
  ByteStream(const InputFile& file, const FileSection& section, std::string label);
  ByteStream(ByteStream&&) noexcept;
  ~ByteStream();

  const std::string& label() const { return label_; }
  void read(void* to, std::size_t bytes);
  /// Checks, before anything is allocated for them, that exactly `bytes` bytes can follow. Compressed data
  /// that claims to expand a lot is decoded once to nowhere. Errors: more or fewer follow.
  void expect(std::uint64_t bytes) const;
  /// Checks that the stream ends here, that no input is left over and that the checksum is right.
  void finish();

 private:
  void inflate(unsigned char* to, std::size_t bytes);
  bool refill();

  const InputFile* file_;
  FileSection section_;
  std::string label_;
  std::uint64_t input_;         // the next byte of the file to take
  std::uint64_t position_ = 0;  // decoded bytes so far
  std::uint32_t crc_ = 0;
  bool ended_ = false;
  struct CloseInflate {
    void operator()(z_stream_s* stream) const;
  };
  std::unique_ptr<z_stream_s, CloseInflate> zlib_;  // none for stored bytes
  std::unique_ptr<unsigned char[]> buffer_;
};

}  // namespace tenbin
