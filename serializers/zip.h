// The zip container of .npz files: what NumPy writes and no more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tenbin/core/file.h"

namespace tenbin::zip {

/// A line of the central directory. Nothing in it has been checked against the data yet.
struct Entry {
  std::string name;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint32_t compressed_size = 0;
  std::uint32_t size = 0;
  std::uint32_t offset = 0;  ///< of the local header
  std::uint64_t limit = 0;   ///< where the next entry, or the directory, begins
};

/// A zip archive open for reading (PKWARE's APPNOTE.TXT 6.3.10). Errors, starting with the path: not a zip
/// archive, several disks, bytes before or after the archive, zip64 sizes (an archive beyond 4 GiB or 65534
/// entries); in `open`: encryption, methods other than stored and deflate, a local header that contradicts
/// the directory, an entry that overlaps another.
class Archive {
 public:
  explicit Archive(const std::string& path) : Archive(InputFile(path)) {}
  explicit Archive(InputFile file);

  const std::string& path() const { return file_.path(); }
  const std::vector<Entry>& entries() const { return entries_; }
  /// The bytes of an entry. `label` starts the messages of its errors.
  ByteStream open(const Entry& entry, const std::string& label) const;

 private:
  InputFile file_;
  std::vector<Entry> entries_;
};

/// Writes an archive, deterministically: the same entries are the same bytes. Errors, starting with the path:
/// the system's; more than 65534 entries or 4 GiB.
class Writer {
 public:
  explicit Writer(const std::string& path) : path_(path), file_(path) {}

  /// An entry of which the content comes in two parts. Errors: a name of more than 65535 bytes.
  void add(const std::string& name, const std::string& head, const void* body, std::size_t body_bytes,
           bool compression);
  /// Writes the directory and opens what was written, to be checked before `commit`.
  Archive finish();
  /// Puts the finished archive in its place; without it, nothing has happened.
  void commit() { file_.commit(); }

 private:
  std::string path_;
  OutputFile file_;
  std::string directory_;
  std::size_t entries_ = 0;
};

}  // namespace tenbin::zip
