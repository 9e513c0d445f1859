#include "tenbin/serializers/detail/zip.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "tenbin/core/error.h"

namespace tenbin::zip {

namespace {

constexpr std::uint32_t local_signature = 0x04034b50;
constexpr std::uint32_t directory_signature = 0x02014b50;
constexpr std::uint32_t end_signature = 0x06054b50;
constexpr std::size_t local_bytes = 30;
constexpr std::size_t directory_bytes = 46;
constexpr std::size_t end_bytes = 22;
constexpr std::size_t longest_comment = 0xffff;
constexpr std::size_t largest_directory = 64 << 20;

constexpr std::uint16_t method_stored = 0;
constexpr std::uint16_t method_deflate = 8;
constexpr std::uint16_t flag_descriptor_follows = 1 << 3;
// Supported flags: two bits of compression level, the data descriptor, UTF-8 names; all others change how the
// data are read.
constexpr std::uint16_t known_flags = 0x080e;
constexpr std::uint16_t in_zip64_16 = 0xffff;
constexpr std::uint32_t in_zip64_32 = 0xffffffff;

std::uint16_t u16(const unsigned char* bytes) {
  return static_cast<std::uint16_t>(bytes[0] | static_cast<unsigned>(bytes[1]) << 8);
}
std::uint32_t u32(const unsigned char* bytes) {
  return u16(bytes) | static_cast<std::uint32_t>(u16(bytes + 2)) << 16;
}
std::uint64_t u64(const unsigned char* bytes) {
  return u32(bytes) | static_cast<std::uint64_t>(u32(bytes + 4)) << 32;
}

struct EndRecord {
  std::uint64_t position = 0;
  std::uint16_t entries = 0;
  std::uint32_t directory_size = 0;
  std::uint32_t directory_offset = 0;
};

EndRecord read_end(const InputFile& file) {
  if (file.size() == 0) throw Error(file.path(), ": the file is empty");
  const auto count =
      static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), end_bytes + longest_comment));
  std::vector<unsigned char> tail(count);
  file.read(file.size() - count, tail.data(), count);
  for (std::size_t after = end_bytes; after <= count; ++after) {
    const unsigned char* const record = tail.data() + (count - after);
    if (u32(record) != end_signature || u16(record + 20) != after - end_bytes) continue;
    if (u16(record + 4) != 0 || u16(record + 6) != 0 || u16(record + 8) != u16(record + 10))
      throw Error(file.path(), ": zip archives of several disks are not supported");
    return {file.size() - after, u16(record + 10), u32(record + 12), u32(record + 16)};
  }
  throw Error(file.path(), ": not a zip archive, or one that was cut off: the end record is missing");
}

// Reads one entry of the directory; removes it from the front of `directory`.
Entry take_entry(const unsigned char*& line, const unsigned char* end, const std::string& path) {
  const auto left = static_cast<std::size_t>(end - line);
  if (left < directory_bytes || u32(line) != directory_signature)
    throw Error(path, ": the zip directory is damaged");
  const std::size_t name_bytes = u16(line + 28);
  const std::size_t line_bytes = directory_bytes + name_bytes + u16(line + 30) + u16(line + 32);
  if (left < line_bytes) throw Error(path, ": the zip directory is damaged");
  Entry entry;
  entry.name.assign(reinterpret_cast<const char*>(line + directory_bytes), name_bytes);
  entry.flags = u16(line + 8);
  entry.method = u16(line + 10);
  entry.crc = u32(line + 16);
  entry.compressed_size = u32(line + 20);
  entry.size = u32(line + 24);
  entry.offset = u32(line + 42);
  if (entry.compressed_size == in_zip64_32 || entry.size == in_zip64_32 || entry.offset == in_zip64_32)
    throw Error(path, ": ", printable(entry.name), ": zip64 archives (over 4 GiB) are not supported");
  if (u16(line + 34) != 0) throw Error(path, ": zip archives of several disks are not supported");
  line += line_bytes;
  return entry;
}

void set_limits(std::vector<Entry>& entries, std::uint64_t directory_offset) {
  std::vector<Entry*> by_offset;
  by_offset.reserve(entries.size());
  for (Entry& entry : entries) by_offset.push_back(&entry);
  std::sort(by_offset.begin(), by_offset.end(),
            [](const Entry* a, const Entry* b) { return a->offset < b->offset; });
  std::uint64_t limit = directory_offset;
  for (auto entry = by_offset.rbegin(); entry != by_offset.rend(); ++entry) {
    (*entry)->limit = limit;
    limit = (*entry)->offset;
  }
}

// NumPy writes zip64 local headers for any size: the sizes may be here instead.
void read_zip64_sizes(const unsigned char* extra, std::size_t bytes, std::uint64_t& size,
                      std::uint64_t& compressed_size) {
  while (bytes >= 4) {
    const std::size_t field = u16(extra + 2);
    if (field > bytes - 4) return;
    if (u16(extra) == 1 && field >= 16) {
      if (size == in_zip64_32) size = u64(extra + 4);
      if (compressed_size == in_zip64_32) compressed_size = u64(extra + 12);
      return;
    }
    extra += 4 + field;
    bytes -= 4 + field;
  }
}

}  // namespace

Archive::Archive(InputFile file) : file_(std::move(file)) {
  const std::string& path = file_.path();
  const EndRecord end = read_end(file_);
  if (end.entries == in_zip64_16 || end.directory_size == in_zip64_32 || end.directory_offset == in_zip64_32)
    throw Error(path, ": zip64 archives (over 4 GiB or 65534 entries) are not supported");
  if (std::uint64_t{end.directory_offset} + end.directory_size != end.position ||
      end.directory_size > largest_directory)
    throw Error(path, ": the zip directory is not where the end record says");
  std::vector<unsigned char> directory(end.directory_size);
  file_.read(end.directory_offset, directory.data(), directory.size());
  const unsigned char* line = directory.data();
  const unsigned char* const directory_end = line + directory.size();
  for (std::size_t i = 0; i < end.entries; ++i) entries_.push_back(take_entry(line, directory_end, path));
  if (line != directory_end) throw Error(path, ": the zip directory is damaged");
  set_limits(entries_, end.directory_offset);
}

ByteStream Archive::open(const Entry& entry, const std::string& label) const {
  if ((entry.flags & ~known_flags) != 0)
    throw Error(label, ": encrypted or patched zip entries are not supported");
  if (entry.method != method_stored && entry.method != method_deflate)
    throw Error(label, ": zip method ", entry.method, " is not supported, only stored and deflate");
  unsigned char header[local_bytes];
  if (entry.offset + std::uint64_t{local_bytes} > entry.limit)
    throw Error(label, ": the zip entry overlaps another");
  file_.read(entry.offset, header, local_bytes);
  const std::size_t name_bytes = u16(header + 26);
  const std::size_t extra_bytes = u16(header + 28);
  const std::uint64_t begin = entry.offset + std::uint64_t{local_bytes} + name_bytes + extra_bytes;
  const std::uint64_t end = begin + entry.compressed_size;
  if (u32(header) != local_signature || u16(header + 6) != entry.flags || u16(header + 8) != entry.method ||
      name_bytes != entry.name.size())
    throw Error(label, ": the zip entry contradicts the directory");
  if (end > entry.limit) throw Error(label, ": the zip entry overlaps another");

  std::vector<unsigned char> rest(name_bytes + extra_bytes);
  file_.read(entry.offset + std::uint64_t{local_bytes}, rest.data(), rest.size());
  std::uint32_t crc = u32(header + 14);
  std::uint64_t compressed_size = u32(header + 18);
  std::uint64_t size = u32(header + 22);
  read_zip64_sizes(rest.data() + name_bytes, extra_bytes, size, compressed_size);
  if ((entry.flags & flag_descriptor_follows) != 0) {
    // The sizes were not known when the header was written; the directory has them.
    if (crc == 0) crc = entry.crc;
    if (size == 0) size = entry.size;
    if (compressed_size == 0) compressed_size = entry.compressed_size;
  }
  if (crc != entry.crc || size != entry.size || compressed_size != entry.compressed_size ||
      !std::equal(entry.name.begin(), entry.name.end(), rest.begin(),
                  [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; }))
    throw Error(label, ": the zip entry contradicts the directory");

  FileSection section;
  section.begin = begin;
  section.end = end;
  section.coding =
      entry.method == method_deflate ? FileSection::Coding::deflate : FileSection::Coding::stored;
  section.size = entry.size;
  section.crc = entry.crc;
  return ByteStream(file_, section, label);
}

// ---- Writer
// ------------------------------------------------------------------------------------------------

namespace {

constexpr unsigned version_2_0 = 20;              // the first version with deflate
constexpr unsigned by_unix = 3 << 8;              // the attributes are a Unix mode
constexpr std::uint32_t mode_0600 = 0600u << 16;  // as in NumPy
constexpr unsigned january_1_1980 = 0x21;         // the earliest date; a constant, so that the same entries
                                                  // give the same bytes
constexpr unsigned flag_utf8 = 1 << 11;

std::string bytes16(std::uint64_t value) {
  return {static_cast<char>(value & 255), static_cast<char>(value >> 8)};
}
std::string bytes32(std::uint64_t value) { return bytes16(value & 0xffff) + bytes16(value >> 16); }

// The common part of local header and directory entry: from the version to the length of the extra field.
std::string common_fields(const Entry& entry) {
  return bytes16(version_2_0) + bytes16(entry.flags) + bytes16(entry.method) + bytes16(0) +
         bytes16(january_1_1980) + bytes32(entry.crc) + bytes32(entry.compressed_size) + bytes32(entry.size) +
         bytes16(entry.name.size()) + bytes16(0);
}

class Deflater {
 public:
  Deflater() {
    constexpr int memory_level = 8;
    const int result = ::deflateInit2(&zlib_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, memory_level,
                                      Z_DEFAULT_STRATEGY);
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result != Z_OK) throw Error("zlib cannot start");
  }
  ~Deflater() { ::deflateEnd(&zlib_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  /// Appends to `out` the compressed form of `bytes` more bytes, less than 4 GiB.
  void add(const void* from, std::size_t bytes, int flush, std::vector<unsigned char>& out) {
    zlib_.next_in = static_cast<Bytef*>(const_cast<void*>(from));
    zlib_.avail_in = static_cast<uInt>(bytes);
    do {
      unsigned char buffer[1 << 14];
      zlib_.next_out = buffer;
      zlib_.avail_out = sizeof buffer;
      ::deflate(&zlib_, flush);  // cannot fail: the state is valid and there is room
      out.insert(out.end(), buffer, buffer + (sizeof buffer - zlib_.avail_out));
    } while (zlib_.avail_out == 0);
  }

 private:
  z_stream zlib_{};
};

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::uint32_t crc_of(const std::string& head, const void* body, std::size_t body_bytes) {
  uLong crc = ::crc32_z(0, reinterpret_cast<const Bytef*>(head.data()), head.size());
  if (body_bytes > 0) crc = ::crc32_z(crc, static_cast<const Bytef*>(body), body_bytes);
  return static_cast<std::uint32_t>(crc);
}

}  // namespace

void Writer::add(const std::string& name, const std::string& head, const void* body, std::size_t body_bytes,
                 bool compression) {
  constexpr std::uint64_t most = in_zip64_32 - 1;
  constexpr std::size_t longest_name = 0xffff;
  if (name.size() > longest_name) throw Error(path_, ": ", printable(name), ": the key is too long");
  std::uint64_t stored = head.size() + body_bytes;
  if (entries_ + 1 >= in_zip64_16 || stored > most || file_.size() > most)
    throw Error(path_, ": ", printable(name), ": the archive would exceed 4 GiB or 65534 entries");

  std::vector<unsigned char> packed;
  if (compression) {
    Deflater deflater;
    deflater.add(head.data(), head.size(), Z_NO_FLUSH, packed);
    deflater.add(body, body_bytes, Z_FINISH, packed);
    stored = packed.size();
  }
  if (stored > most) throw Error(path_, ": ", printable(name), ": the archive would exceed 4 GiB");

  Entry entry;
  entry.name = name;
  entry.flags = is_ascii(name) ? 0 : flag_utf8;
  entry.method = compression ? method_deflate : method_stored;
  entry.crc = crc_of(head, body, body_bytes);
  entry.compressed_size = static_cast<std::uint32_t>(stored);
  entry.size = static_cast<std::uint32_t>(head.size() + body_bytes);
  const std::string common = common_fields(entry);
  directory_ += bytes32(directory_signature) + bytes16(version_2_0 | by_unix) + common + bytes16(0) +
                bytes16(0) + bytes16(0) + bytes32(mode_0600) + bytes32(file_.size()) + name;
  const std::string header = bytes32(local_signature) + common + name;
  file_.write(header.data(), header.size());
  if (compression) {
    file_.write(packed.data(), packed.size());
  } else {
    file_.write(head.data(), head.size());
    file_.write(body, body_bytes);
  }
  ++entries_;
}

Archive Writer::finish() {
  if (file_.size() >= in_zip64_32) throw Error(path_, ": the archive would exceed 4 GiB");
  const std::string end = bytes32(end_signature) + bytes16(0) + bytes16(0) + bytes16(entries_) +
                          bytes16(entries_) + bytes32(directory_.size()) + bytes32(file_.size()) + bytes16(0);
  file_.write(directory_.data(), directory_.size());
  file_.write(end.data(), end.size());
  return Archive(file_.reader());
}

}  // namespace tenbin::zip
