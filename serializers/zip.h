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
  explicit Archive(const std::string& path);

  const std::string& path() const { return file_.path(); }
  const std::vector<Entry>& entries() const { return entries_; }
  /// The bytes of an entry. `label` starts the messages of its errors.
  ByteStream open(const Entry& entry, const std::string& label) const;

 private:
  InputFile file_;
  std::vector<Entry> entries_;
};

}  // namespace tenbin::zip
