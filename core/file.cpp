#include "tenbin/core/file.h"

#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
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
    64;  // beyond this, and beyond cheap_bytes, decode before trusting
constexpr std::uint64_t cheap_bytes = 16 << 20;

// The system's words for errno, in English whatever the locale.
std::string system_message() {
  const int code = errno;
  const locale_t classic = ::newlocale(LC_ALL_MASK, "C", nullptr);  // part of the C library: nothing to free
  return ::strerror_l(code, classic);
}

}  // namespace

std::string printable(const std::string& text) {
  constexpr std::size_t longest = 80;
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char character : text.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7f) {
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    } else {
      out += character;
    }
  }
  return text.size() > longest ? out + "..." : out;
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

InputFile::InputFile(const std::string& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0) throw Error(path, ": cannot open: ", system_message());
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw Error(path,
                ": cannot read: ", S_ISDIR(status.st_mode) ? "it is a directory" : "not a regular file");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::read(std::uint64_t offset, void* to, std::size_t bytes) const {
  char* out = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t count = ::pread(descriptor_, out, bytes, static_cast<off_t>(offset));
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

// ---- ByteStream
// --------------------------------------------------------------------------------------------

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

// Reads on if everything that was read is used up. False: there is no more.
bool ByteStream::has_input() {
  if (zlib_->avail_in > 0) return true;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(section_.end - input_, buffer_bytes));
  file_->read(input_, buffer_.get(), count);
  input_ += count;
  zlib_->next_in = buffer_.get();
  zlib_->avail_in = static_cast<uInt>(count);
  return count > 0;
}

// At the end of a gzip member: skips zeros and goes on if another member follows. What follows else is left
// to `finish`.
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
    // An output byte of room tells the end of the stream from more data than there should be.
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

// ---- OutputFile
// --------------------------------------------------------------------------------------------

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

// Best effort: the file is complete and in its place, and not every file system can do this.
void sync_directory(const std::string& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  ::fsync(directory);
  ::close(directory);
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path), target_(follow_links(path)) {
  struct stat status {};
  const bool exists = ::stat(target_.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode))
    throw Error(path,
                ": cannot write: ", S_ISDIR(status.st_mode) ? "it is a directory" : "not a regular file");
  const mode_t mode = exists ? status.st_mode & 07777 : 0666;
  const std::string stem = target_ + ".tmp-" + std::to_string(::getpid());
  // A name that is taken is another thread's, or was left behind by a process that was killed.
  constexpr int attempts = 100;
  for (int i = 0; i < attempts && descriptor_ < 0; ++i) {
    temporary_ = i == 0 ? stem : stem + '-' + std::to_string(i);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (descriptor_ < 0 && errno != EEXIST) fail();
  }
  if (descriptor_ < 0) fail();
  if (exists) ::fchmod(descriptor_, mode);  // what the umask took away
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::fail() const { throw Error(path_, ": cannot write: ", system_message()); }

void OutputFile::write(const void* from, std::size_t bytes) {
  const char* in = static_cast<const char*>(from);
  while (bytes > 0) {
    const ssize_t count = ::write(descriptor_, in, bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail();
    in += count;
    size_ += static_cast<std::uint64_t>(count);
    bytes -= static_cast<std::size_t>(count);
  }
}

void OutputFile::commit() {
  if (::fsync(descriptor_) != 0) fail();
  if (::close(std::exchange(descriptor_, -1)) != 0) fail();
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail();
  temporary_.clear();
  sync_directory(directory_of(target_));
}

}  // namespace tenbin
