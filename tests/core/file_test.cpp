// Files: reading several gzip members, and replacing an existing file.
#include "tenbin/core/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>
#include <vector>

#include "tenbin/tests/catch.h"
#include "tenbin/tests/compressed.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

class WithUmask {
 public:
  explicit WithUmask(mode_t mask) : before_(::umask(mask)) {}
  ~WithUmask() { ::umask(before_); }

 private:
  mode_t before_;
};

// Until the end of the scope the process is not root, since root may write every file.
class WithoutPrivileges {
 public:
  static constexpr uid_t nobody = 65534;
  WithoutPrivileges() : was_root_(::geteuid() == 0) {
    if (was_root_) REQUIRE(::seteuid(nobody) == 0);
  }
  ~WithoutPrivileges() {
    if (was_root_ && ::seteuid(0) != 0) std::abort();
  }

 private:
  bool was_root_;
};

void save(const std::string& path, const std::string& text) {
  OutputFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

// The error text of a failed save.
std::string save_error(const std::string& path) {
  try {
    save(path, "new");
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

class FileFixture {
 public:
  const ScratchDirectory directory;
  const std::string path = directory / "file";

  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path()))
      found.insert(entry.path().filename().string());
    return found;
  }

  // The decompressed bytes, in pieces of `step`; or the error text without the path.
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
  const std::string long_text(200000, 'x');  // members and padding beyond the 64 KiB read buffer
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

// ---- OutputFile

TEST_CASE_METHOD(FileFixture,
                 "OutputFile gives a new file what the umask leaves of 0666, and keeps an old one's mode") {
  for (const mode_t mask : {0022u, 0077u, 0u}) {
    const WithUmask with(mask);
    std::filesystem::remove(path);
    save(path, "new");
    CHECK(mode_of(path) == (0666 & ~mask));
    REQUIRE(::chmod(path.c_str(), 0642) == 0);
    save(path, "newer");
    CHECK(mode_of(path) == 0642);
    CHECK(read_bytes(path) == "newer");
  }
}

TEST_CASE_METHOD(FileFixture, "OutputFile does not replace a file that is write-protected") {
  write_bytes(path, "old");
  for (const mode_t mode : {0444u, 0400u, 0u}) {  // also if the user is root
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    CHECK(save_error(path) == path + ": cannot write: the file is write-protected");
  }
  std::filesystem::create_symlink("file", directory / "link");
  CHECK(save_error(directory / "link") == directory / "link" + ": cannot write: the file is write-protected");
  REQUIRE(::chmod(path.c_str(), 0200) == 0);
  CHECK(save_error(path) == "no error");
  CHECK(mode_of(path) == 0200);
  CHECK(names() == std::set<std::string>{"file", "link"});
}

TEST_CASE_METHOD(FileFixture, "OutputFile does not replace a file that this user may not write") {
  if (::geteuid() != 0) return;  // only root can make a file of another user
  write_bytes(path, "old");
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  REQUIRE(::chmod(directory.path().c_str(), 0777) == 0);
  const WithoutPrivileges without;
  CHECK(save_error(path) == path + ": cannot write: the file is write-protected");
}

TEST_CASE_METHOD(FileFixture, "OutputFile names the folder in which it cannot make a file") {
  const std::string folder = directory / "folder";
  REQUIRE(::mkdir(folder.c_str(), 0755) == 0);
  write_bytes(folder + "/file", "old");
  REQUIRE(::chmod((folder + "/file").c_str(), 0666) == 0);
  REQUIRE(::chmod(folder.c_str(), 0555) == 0);
  REQUIRE(::chmod(directory.path().c_str(), 0755) == 0);
  {
    const WithoutPrivileges without;
    CHECK(save_error(folder + "/file") ==
          folder + "/file: cannot write: no file can be made in " + folder + ": Permission denied");
    CHECK(read_bytes(folder + "/file") == "old");
  }
  REQUIRE(::chmod(folder.c_str(), 0755) == 0);
  CHECK(save_error(directory / "no/file") ==
        directory / "no/file" + ": cannot write: No such file or directory");
}

TEST_CASE_METHOD(FileFixture, "OutputFile makes a new file: another hard link keeps the old content") {
  write_bytes(path, "old");
  std::filesystem::create_hard_link(path, directory / "other");
  save(path, "new");
  CHECK(read_bytes(path) == "new");
  CHECK(read_bytes(directory / "other") == "old");
}

TEST_CASE_METHOD(FileFixture, "OutputFile removes the files left by killed processes, and no others") {
  write_bytes(path, "old");
  const std::string pid = std::to_string(::getpid());
  for (int i = 0; i < 150; ++i) write_bytes(path + ".tmp-" + pid + '-' + std::to_string(i), "cut");
  write_bytes(path + ".tmp-1", "cut");
  const std::set<std::string> others{"file",       "file.tmp",       "file.tmp-",
                                     "file.tmp-a", "file.tmp-1.npz", "afile.tmp-1",
                                     "file.tmp-2", "file.tmp-3",     "file.tmp-4-5"};
  for (const std::string& name : others) write_bytes(directory / name, "other");
  std::filesystem::remove(directory / "file.tmp-2");
  std::filesystem::create_directory(directory / "file.tmp-2");
  std::filesystem::remove(directory / "file.tmp-3");
  std::filesystem::create_symlink("file", directory / "file.tmp-3");
  const int used = ::open((directory / "file.tmp-4-5").c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(::flock(used, LOCK_EX) == 0);  // a writer holds the lock
  save(path, "new");
  CHECK(names() == others);
  ::close(used);
  save(path, "newer");
  CHECK(names().count("file.tmp-4-5") == 0);
  CHECK(read_bytes(path) == "newer");
}

TEST_CASE_METHOD(FileFixture, "several OutputFiles of one path do not disturb each other", "[threads]") {
  OutputFile slow(path);
  slow.write("slow", 4);
  save(path, "fast");
  CHECK(read_bytes(path) == "fast");
  CHECK(names().size() == 2);
  slow.commit();
  CHECK(read_bytes(path) == "slow");
  CHECK(names().size() == 1);
  { const OutputFile given_up(path); }
  CHECK(names().size() == 1);

  std::vector<std::thread> threads;
  std::atomic<int> errors{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int k = 0; k < 25; ++k) errors += save_error(path) == "no error" && i >= 0 ? 0 : 1;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(errors == 0);
  CHECK(read_bytes(path) == "new");
  CHECK(names().size() == 1);
}

TEST_CASE_METHOD(FileFixture, "OutputFile checks the written file before it replaces a file") {
  write_bytes(path, "old");
  OutputFile file(path);
  file.write("0123456789", 10);
  char read[10] = {};
  file.reader().read(0, read, sizeof read);
  CHECK(std::string(read, sizeof read) == "0123456789");
  for (const std::string& name : names())
    if (name != "file") std::filesystem::resize_file(directory / name, 4);
  CHECK_THROWS_WITH(file.commit(), path + ": cannot write: 10 bytes were written, and 4 are in the file");
  CHECK(read_bytes(path) == "old");
}

TEST_CASE_METHOD(FileFixture, "the system's messages are English, whatever the locale") {
  CHECK_THROWS_WITH(InputFile(path), path + ": cannot open: No such file or directory");
}

TEST_CASE("printable texts are not cut within a character") {
  const std::string seventy_nine(79, 'a'), umlaut = "\xC3\xBC";
  CHECK(printable(seventy_nine + umlaut) == seventy_nine + "...");
  CHECK(printable(std::string(78, 'a') + umlaut) == std::string(78, 'a') + umlaut);
  CHECK(printable(seventy_nine + "bc") == seventy_nine + "b...");
  CHECK(printable(seventy_nine + "\x1b") == seventy_nine + "\\x1b");
  CHECK(printable(std::string(90, '\x80')) == std::string(77, '\x80') + "...");  // no UTF-8
}

TEST_CASE_METHOD(FileFixture, "write_file replaces a file by a text") {
  write_file(path, "first");
  write_file(path, std::string("a\0b\n", 4));
  CHECK(read_bytes(path) == std::string("a\0b\n", 4));
  CHECK_THROWS_WITH(write_file(directory / "none/text", ""), ContainsSubstring("none/text: "));
}
