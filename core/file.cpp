#include "tenbin/core/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "tenbin/core/error.h"

namespace tenbin {

namespace {

constexpr std::size_t buffer_bytes = 1 << 16;
constexpr std::uint64_t deflate_limit = 1032;  // deflate expands no input by more
constexpr std::uint64_t unlikely_expansion =
    64;  // above this, and above cheap_bytes, `expect` decodes everything
constexpr std::uint64_t cheap_bytes = 16 << 20;

// The system's text for errno, in English in every locale.
std::string system_message() {
  const int code = errno;
  const locale_t classic = ::newlocale(LC_ALL_MASK, "C", nullptr);  // part of the C library: nothing to free
  return ::strerror_l(code, classic);
}

}  // namespace

std::string printable(const std::string& text) {
  constexpr std::size_t longest = 80;
  constexpr char digits[] = "0123456789abcdef";
  std::size_t end = std::min(text.size(), longest);
  const auto continues_character = [&](std::size_t i) {
    return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
  };
  for (int bytes = 1; bytes < 4 && continues_character(end); ++bytes) --end;  // not within a character
  std::string out;
  for (const char character : text.substr(0, end)) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7f) {
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    } else {
      out += character;
    }
  }
  return end < text.size() ? out + "..." : out;
}

std::uint64_t checked_bytes(const Shape& shape, std::size_t item_bytes, const std::string& label) {
  constexpr int sensible_bits = 60;
  std::uint64_t bytes = item_bytes;
  bool empty = false;
  for (const std::size_t length : shape) {
    empty = empty || length == 0;
    if (length != 0 && (__builtin_mul_overflow(bytes, length, &bytes) || bytes >> sensible_bits != 0))
      throw Error(label, ": the shape ", shape, " is too large");
  }
  return empty ? 0 : bytes;
}

detail::Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

InputFile::InputFile(const std::string& path)
    : InputFile(path, detail::Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK))) {}

InputFile::InputFile(std::string path, detail::Descriptor descriptor)
    : path_(std::move(path)), descriptor_(std::move(descriptor)) {
  if (!descriptor_) throw Error(path_, ": cannot open: ", system_message());
  struct stat status {};
  if (::fstat(descriptor_.number(), &status) != 0 || !S_ISREG(status.st_mode))
    throw Error(path_,
                ": cannot read: ", S_ISDIR(status.st_mode) ? "it is a directory" : "not a regular file");
  size_ = static_cast<std::uint64_t>(status.st_size);
}

void InputFile::read(std::uint64_t offset, void* to, std::size_t bytes) const {
  char* out = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t count = ::pread(descriptor_.number(), out, bytes, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(path_, ": cannot read: ", system_message());
    if (count == 0) throw Error(path_, ": the file ends too early");
    out += count;
    offset += static_cast<std::uint64_t>(count);
    bytes -= static_cast<std::size_t>(count);
  }
}

FileSection whole_file(const InputFile& file) {
  FileSection section;
  section.end = file.size();
  unsigned char magic[2] = {};
  if (file.size() >= sizeof magic) file.read(0, magic, sizeof magic);
  if (magic[0] == 0x1f && magic[1] == 0x8b) section.coding = FileSection::Coding::gzip;
  return section;
}

// ---- ByteStream ------------------------------------------------------------------------------------------

void ByteStream::CloseInflate::operator()(z_stream_s* stream) const {
  ::inflateEnd(stream);
  delete stream;
}

ByteStream::ByteStream(const InputFile& file, const FileSection& section, std::string label)
    : file_(&file), section_(section), label_(std::move(label)), input_(section.begin) {
  if (section.begin > section.end || section.end > file.size())
    throw Error(label_, ": the file ends too early");
  if (section.coding == FileSection::Coding::stored) {
    if (!section_.size) section_.size = section.end - section.begin;
    if (*section_.size != section.end - section.begin)
      throw Error(label_, ": ", *section_.size, " bytes are declared, ", section.end - section.begin,
                  " are stored");
    return;
  }
  auto zlib = std::make_unique<z_stream>();
  constexpr int raw = -MAX_WBITS;
  constexpr int gzip = MAX_WBITS + 16;
  const int result = ::inflateInit2(zlib.get(), section.coding == FileSection::Coding::gzip ? gzip : raw);
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  if (result != Z_OK) throw Error(label_, ": zlib cannot start");
  zlib_.reset(zlib.release());
  buffer_ = std::make_unique<unsigned char[]>(buffer_bytes);
}

ByteStream::ByteStream(ByteStream&&) noexcept = default;
ByteStream::~ByteStream() = default;

void ByteStream::read(void* to, std::size_t bytes) {
  if (bytes == 0) return;
  if (section_.size && bytes > *section_.size - position_) throw Error(label_, ": the data end too early");
  auto* const out = static_cast<unsigned char*>(to);
  if (zlib_) {
    inflate(out, bytes);
  } else {
    file_->read(input_, out, bytes);
    input_ += bytes;
  }
  position_ += bytes;
  if (section_.crc) crc_ = static_cast<std::uint32_t>(::crc32_z(crc_, out, bytes));
}

std::size_t ByteStream::read_some(void* to, std::size_t bytes) {
  if (section_.size)
    bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, *section_.size - position_));
  if (!zlib_) {
    read(to, bytes);
    return bytes;
  }
  bytes = std::min<std::size_t>(bytes, 1 << 30);  // zlib counts in unsigned int
  zlib_->next_out = static_cast<unsigned char*>(to);
  zlib_->avail_out = static_cast<uInt>(bytes);
  while (zlib_->avail_out > 0 && !ended_) inflate_some();
  bytes -= zlib_->avail_out;
  position_ += bytes;
  if (section_.crc)
    crc_ = static_cast<std::uint32_t>(::crc32_z(crc_, static_cast<unsigned char*>(to), bytes));
  if (ended_) finish();
  return bytes;
}

void ByteStream::inflate(unsigned char* to, std::size_t bytes) {
  constexpr std::size_t step = 1 << 30;  // zlib counts in unsigned int
  while (bytes > 0) {
    const std::size_t part = std::min(bytes, step);
    zlib_->next_out = to;
    zlib_->avail_out = static_cast<uInt>(part);
    while (zlib_->avail_out > 0) inflate_some();
    to += part;
    bytes -= part;
  }
}

void ByteStream::inflate_some() {
  has_input();
  // Without input there may still be output: a short code can stand for many bytes.
  const int result = ended_ ? Z_BUF_ERROR : ::inflate(zlib_.get(), Z_NO_FLUSH);
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  if (result == Z_BUF_ERROR) throw Error(label_, ": the compressed data end too early");
  if (result != Z_OK && result != Z_STREAM_END) throw Error(label_, ": the compressed data are damaged");
  ended_ = result == Z_STREAM_END && !next_member();
}

// Fills the input buffer if it is empty. False at the end of the section.
bool ByteStream::has_input() {
  if (zlib_->avail_in > 0) return true;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(section_.end - input_, buffer_bytes));
  file_->read(input_, buffer_.get(), count);
  input_ += count;
  zlib_->next_in = buffer_.get();
  zlib_->avail_in = static_cast<uInt>(count);
  return count > 0;
}

// At the end of a gzip member: skips zeros and starts the next member, if one follows. `finish` reports any
// other bytes.
bool ByteStream::next_member() {
  constexpr unsigned char first_of_magic = 0x1f;
  if (section_.coding != FileSection::Coding::gzip) return false;
  while (has_input()) {
    if (*zlib_->next_in == first_of_magic) return ::inflateReset(zlib_.get()) == Z_OK;
    if (*zlib_->next_in != 0) return false;
    ++zlib_->next_in;
    --zlib_->avail_in;
  }
  return false;
}

void ByteStream::expect(std::uint64_t bytes) const {
  if (section_.size && bytes != *section_.size - position_)
    throw Error(label_, ": ", bytes, " bytes of values are announced, ", *section_.size - position_,
                " are there");
  if (!zlib_) return;
  const std::uint64_t compressed = section_.end - section_.begin;
  if (bytes / deflate_limit > compressed)
    throw Error(label_, ": ", bytes, " bytes of values are announced, ", compressed,
                " compressed bytes cannot hold them");
  if (bytes <= cheap_bytes || bytes / unlikely_expansion <= compressed) return;
  ByteStream rehearsal(*file_, section_, label_);
  const auto scratch = std::make_unique<unsigned char[]>(buffer_bytes);
  for (std::uint64_t left = position_ + bytes; left > 0;) {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer_bytes));
    rehearsal.read(scratch.get(), part);
    left -= part;
  }
  rehearsal.finish();
}

void ByteStream::finish() {
  if (section_.size && position_ != *section_.size)
    throw Error(label_, ": ", *section_.size - position_, " bytes are left over");
  while (zlib_ && !ended_) {
    // Room for one byte distinguishes the end of the stream from further data.
    unsigned char surplus = 0;
    zlib_->next_out = &surplus;
    zlib_->avail_out = 1;
    inflate_some();
    if (zlib_->avail_out == 0) throw Error(label_, ": there are more data than announced");
  }
  const std::uint64_t unused = section_.end - input_ + (zlib_ ? zlib_->avail_in : 0);
  if (unused > 0) throw Error(label_, ": ", unused, " bytes follow the end of the compressed data");
  if (section_.crc && crc_ != *section_.crc) throw Error(label_, ": the checksum (CRC-32) is wrong");
}

// ---- OutputFile ------------------------------------------------------------------------------------------

namespace {

std::string follow_links(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr), std::free);
  if (resolved) return resolved.get();
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode))
    throw Error(path, ": cannot write: it is a link to a file that does not exist");
  return path;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }  // npos + 1 is 0

// Errors are ignored: the file is already complete, and not every file system supports this.
void sync_directory(const std::string& path) {
  const detail::Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) ::fsync(directory.number());
}

constexpr const char* temporary_mark = ".tmp-";

bool is_temporary_of(const std::string& target, const std::string& name) {
  const std::string start = target + temporary_mark;
  return name.size() > start.size() && name.compare(0, start.size(), start) == 0 &&
         name.find_first_not_of("0123456789-", start.size()) == std::string::npos;
}

// A temporary file is stale if it can be locked. While it is locked, no other process renames or removes it.
void remove_if_stale(int directory, const char* name) {
  struct stat named {};
  if (::fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(named.st_mode)) return;
  const detail::Descriptor file(::openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file || ::flock(file.number(), LOCK_EX | LOCK_NB) != 0) return;
  // Before it was locked, it may have been renamed, and the name may be that of another file.
  struct stat locked {};
  if (::fstat(file.number(), &locked) != 0 || ::fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) != 0 ||
      locked.st_dev != named.st_dev || locked.st_ino != named.st_ino)
    return;
  ::unlinkat(directory, name, 0);
}

void remove_temporaries_of(const std::string& target) {
  const std::string name = name_of(target);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(directory_of(target).c_str()), ::closedir);
  if (!directory) return;
  while (const dirent* entry = ::readdir(directory.get()))
    if (is_temporary_of(name, entry->d_name)) remove_if_stale(::dirfd(directory.get()), entry->d_name);
}

// Checked here, since renaming ignores the permissions of the file that is replaced, and root may write every
// file.
bool is_write_protected(const std::string& path, mode_t mode) {
  constexpr mode_t anybody_writes = S_IWUSR | S_IWGRP | S_IWOTH;
  return (mode & anybody_writes) == 0 ||
         (::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0 && errno == EACCES);
}

}  // namespace

void detail::remove_stale_temporaries(const std::string& path) { remove_temporaries_of(follow_links(path)); }

OutputFile::OutputFile(const std::string& path) : path_(path), target_(follow_links(path)) {
  struct stat status {};
  const bool exists = ::stat(target_.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode))
    throw Error(path,
                ": cannot write: ", S_ISDIR(status.st_mode) ? "it is a directory" : "not a regular file");
  if (exists && is_write_protected(target_, status.st_mode))
    throw Error(path, ": cannot write: the file is write-protected");
  remove_temporaries_of(target_);
  const mode_t mode = exists ? status.st_mode & 07777 : 0666;
  open_temporary(mode);
  if (exists) ::fchmod(descriptor_.number(), mode);  // sets the bits that the umask cleared
}

void OutputFile::open_temporary(unsigned mode) {
  static std::atomic<std::uint64_t> count{0};
  const std::string stem = target_ + temporary_mark + std::to_string(::getpid()) + '-';
  while (!descriptor_) {
    temporary_ = stem + std::to_string(count++);
    detail::Descriptor made(::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!made && errno == EEXIST) continue;  // from another machine, a container or an earlier process
    if (!made) fail();
    while (::flock(made.number(), LOCK_EX) != 0 && errno == EINTR) {
    }
    // Before it was locked, another process may have removed it as stale.
    struct stat status {};
    if (::fstat(made.number(), &status) != 0 || status.st_nlink > 0) descriptor_ = std::move(made);
  }
}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::fail() const {
  const int code = errno;
  const std::string reason = system_message();
  const bool folder = !descriptor_ && (code == EACCES || code == EPERM || code == EROFS);
  throw Error(path_,
              ": cannot write: ", folder ? "no file can be made in " + directory_of(target_) + ": " : "",
              reason);
}

void OutputFile::write(const void* from, std::size_t bytes) {
  const char* in = static_cast<const char*>(from);
  while (bytes > 0) {
    const ssize_t count = ::write(descriptor_.number(), in, bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail();
    in += count;
    size_ += static_cast<std::uint64_t>(count);
    bytes -= static_cast<std::size_t>(count);
  }
}

InputFile OutputFile::reader() const {
  return {path_, detail::Descriptor(::fcntl(descriptor_.number(), F_DUPFD_CLOEXEC, 0))};
}

void OutputFile::commit() {
  if (::fsync(descriptor_.number()) != 0) fail();
  const std::uint64_t size = reader().size();
  if (size != size_)
    throw Error(path_, ": cannot write: ", size_, " bytes were written, and ", size, " are in the file");
  const std::string directory = directory_of(target_);  // here, since nothing may throw after the rename
  // The file is not closed, so it is still locked and not stale. fsync has reported any error of closing.
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail();
  temporary_.clear();
  sync_directory(directory);
}

void write_file(const std::string& path, const std::string& text) {
  OutputFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

}  // namespace tenbin
