// Reading files, with sizes checked before memory is allocated, and replacing files in one step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tenbin/core/shape.h"

struct z_stream_s;

namespace tenbin {

/// Text from a file for an error message: unprintable bytes as `\x1b`, cut after 80 characters.
std::string printable(const std::string& text);

/// The number of bytes of an array whose shape a file declares. Errors: `label: the shape (4000000000,
/// 4000000000) is too large`, also if another axis has length 0, since strides computed from the shape would
/// overflow.
std::uint64_t checked_bytes(const Shape& shape, std::size_t item_bytes, const std::string& label);

namespace detail {

// Owns an open file descriptor and closes it.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  explicit operator bool() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace detail

namespace detail {

// Removes the temporary files of `path` (see OutputFile) that killed processes have left. Errors: a dangling
// link.
void remove_stale_temporaries(const std::string& path);

}  // namespace detail

/// A regular file open for reading. Errors, all starting with the path: it is missing, unreadable, a
/// directory, a device.
class InputFile {
 public:
  explicit InputFile(const std::string& path);

  const std::string& path() const { return path_; }
  /// In bytes, when the file was opened.
  std::uint64_t size() const { return size_; }
  /// Reads `bytes` bytes from `offset` on. Errors: the file is too short.
  void read(std::uint64_t offset, void* to, std::size_t bytes) const;

 private:
  friend class OutputFile;
  InputFile(std::string path, detail::Descriptor descriptor);

  std::string path_;
  detail::Descriptor descriptor_;
  std::uint64_t size_ = 0;
};

/// The part of a file that stores a stream of bytes, with its coding and, if known, size and checksum.
struct FileSection {
  enum class Coding : unsigned char { stored, deflate, gzip };

  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  Coding coding = Coding::stored;
  std::optional<std::uint64_t> size;  ///< bytes after decoding
  std::optional<std::uint32_t> crc;   ///< CRC-32 of the decoded bytes
};

/// A whole file, compressed with gzip if it starts with gzip's magic number. It may consist of several gzip
/// members, as written by `cat a.gz b.gz` and bgzip, and end with zeros.
FileSection whole_file(const InputFile& file);

/// The decoded bytes of a section, in order. Errors start with `label`.
///
///     ByteStream stream(file, {.end = file.size(), .coding = FileSection::Coding::gzip}, file.path());
///     stream.read(header, sizeof header);
///     stream.expect(count);  // before memory is allocated for a wrong header
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
  /// Reads up to `bytes` bytes and returns their number, which is smaller at the end of the stream only. The
  /// end of compressed data is checked as in `finish`.
  std::size_t read_some(void* to, std::size_t bytes);
  /// Checks that exactly `bytes` bytes can follow, before memory is allocated for them. Compressed data with
  /// an unusually large expansion are decoded once for this check. Errors: more or fewer bytes follow.
  void expect(std::uint64_t bytes) const;
  /// Checks that the stream ends here, that no input is left over and that the checksum is right.
  void finish();

 private:
  void inflate(unsigned char* to, std::size_t bytes);
  void inflate_some();
  bool has_input();
  bool next_member();

  const InputFile* file_;
  FileSection section_;
  std::string label_;
  std::uint64_t input_;         // offset of the next byte to read
  std::uint64_t position_ = 0;  // decoded bytes so far
  std::uint32_t crc_ = 0;
  bool ended_ = false;
  struct CloseInflate {
    void operator()(z_stream_s* stream) const;
  };
  std::unique_ptr<z_stream_s, CloseInflate> zlib_;  // null for stored bytes
  std::unique_ptr<unsigned char[]> buffer_;
};

/// A file that is written under the temporary name `<path>.tmp-<pid>-<n>`. `commit` renames it to `path` in
/// one step. Without `commit`, the destructor removes it, and `path` stays as it was. Several threads and
/// processes may write the same path at once: the last `commit` wins.
///
/// The temporary file is locked (flock) while it is written. An unlocked one was left by a process that was
/// killed, and is removed when the same path is written next. On a file system without locks, it stays.
///
/// The mode bits of an existing file are kept; a symbolic link is followed. The result is a new file: it
/// belongs to the user who writes it, other hard links keep the old content, and access control lists are not
/// copied.
///
/// Errors, all starting with the path: those of the system; a directory, a device, a dangling link; a file
/// that is write-protected, for this user or (mode 0444, then even for root) for everybody; a directory in
/// which no file can be created, even if the file itself can be written.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Bytes written so far.
  std::uint64_t size() const { return size_; }
  void write(const void* from, std::size_t bytes);
  /// The bytes written so far, for a check before `commit`. Its errors start with the path.
  InputFile reader() const;
  /// Returns when the file has its final name and is on the disk. Errors: also a file whose size is not the
  /// number of bytes written.
  void commit();

 private:
  [[noreturn]] void fail() const;
  void open_temporary(unsigned mode);

  std::string path_;
  std::string target_;  // path_ with links resolved
  std::string temporary_;
  detail::Descriptor descriptor_;
  std::uint64_t size_ = 0;
};

/// Writes a text to a file, which is replaced atomically. Errors: those of OutputFile.
void write_file(const std::string& path, const std::string& text);

}  // namespace tenbin
