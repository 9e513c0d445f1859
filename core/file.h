// Files from outside: read with every size checked before memory is asked for, replaced whole or not at all.
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

/// Text from a file, fit for an error message: unprintable bytes as `\x1b`, shortened after 80 characters.
std::string printable(const std::string& text);

/// The bytes that an announced shape asks for. Errors: `label: the shape (4000000000, 4000000000) is too
/// large`, also if another axis of length 0 hides it, since strides computed from it would overflow.
std::uint64_t checked_bytes(const Shape& shape, std::size_t item_bytes, const std::string& label);

namespace detail {

// An open file of the system, closed at the end of the scope.
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

/// A regular file open for reading. Errors, all starting with the path: it is missing, unreadable, a
/// directory, a device.
class InputFile {
 public:
  explicit InputFile(const std::string& path);

  const std::string& path() const { return path_; }
  /// Bytes, when it was opened.
  std::uint64_t size() const { return size_; }
  /// Reads `bytes` bytes from `offset` on. Errors: the file ends before.
  void read(std::uint64_t offset, void* to, std::size_t bytes) const;

 private:
  friend class OutputFile;
  InputFile(std::string path, detail::Descriptor descriptor);

  std::string path_;
  detail::Descriptor descriptor_;
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

/// All of a file, compressed with gzip or not, as its first bytes say. Several gzip members may follow one
/// another, as `cat a.gz b.gz` and bgzip make them, and zeros the last one.
FileSection whole_file(const InputFile& file);

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
  /// Reads up to `bytes` bytes and returns how many; fewer mean that the stream has ended, as `finish`
  /// checks.
  std::size_t read_some(void* to, std::size_t bytes);
  /// Checks, before anything is allocated for them, that exactly `bytes` bytes can follow. Compressed data
  /// that claims to expand a lot is decoded once to nowhere. Errors: more or fewer follow.
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

/// A file being written next to `path`, under the name `<path>.tmp-<pid>-<n>`. `commit` moves it there in one
/// step; destroyed before, it vanishes and what was at `path` stays as it was. Any number of threads and
/// processes may write the same path at once: the last `commit` stays.
///
/// While it is written, the temporary is locked (flock). One that nobody holds a lock on was left by a
/// process that was killed, and is removed when the same path is written next; on a file system without
/// locks, it stays.
///
/// An existing file passes its mode bits on; a symbolic link is followed. What replaces it is a new file: it
/// belongs to whoever writes it, other hard links keep the old content, and access lists are not copied.
///
/// Errors, all starting with the path: the system's; a directory, a device, a link to nothing; a file that is
/// write-protected, for this user or (mode 0444, and then even for root) for everybody; a folder in which no
/// file can be made, even if the file itself could be written: it could not be replaced in one step.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Bytes written so far.
  std::uint64_t size() const { return size_; }
  void write(const void* from, std::size_t bytes);
  /// What was written so far, to be checked before it is committed. Errors of it start with the path.
  InputFile reader() const;
  /// Returns once the file is in its place and on the disk. Errors: also a file whose size differs from what
  /// was written.
  void commit();

 private:
  [[noreturn]] void fail() const;
  void open_temporary(unsigned mode);

  std::string path_;
  std::string target_;  // path_, links followed
  std::string temporary_;
  detail::Descriptor descriptor_;
  std::uint64_t size_ = 0;
};

}  // namespace tenbin
