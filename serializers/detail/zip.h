// The zip container of .npz files: only the part of the format that NumPy writes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tenbin/core/file.h"

namespace tenbin::zip {

/// An entry of the central directory. It has not been checked against the data yet.
struct Entry {
  std::string name;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint32_t compressed_size = 0;
  std::uint32_t size = 0;
  std::uint32_t offset = 0;  ///< of the local header
  std::uint64_t limit = 0;   ///< where the next entry, or the directory, starts
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

/// Writes an archive deterministically: the same entries give the same bytes. Errors, starting with the path:
/// system errors; more than 65534 entries or 4 GiB.
class Writer {
 public:
  explicit Writer(const std::string& path) : path_(path), file_(path) {}

  /// Adds an entry whose content is given in two parts. Errors: a name longer than 65535 bytes.
  void add(const std::string& name, const std::string& head, const void* body, std::size_t body_bytes,
           bool compression);
  /// Writes the directory and opens the written file for verification before `commit`.
  Archive finish();
  /// Moves the finished archive to its path; without this call the path is unchanged.
  void commit() { file_.commit(); }

 private:
  std::string path_;
  OutputFile file_;
  std::string directory_;
  std::size_t entries_ = 0;
};

}  // namespace tenbin::zip
