// The number of processors for the process: affinity, and quotas of control groups in the kernel's files.
#include "tenbin/cpu/detail/processors.h"

#include <sched.h>

#include <filesystem>
#include <thread>

#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;

namespace {

// The files of a fake system, which the code reads below "/proc" and "/sys".
class System {
 public:
  System& with(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(directory_ / path.substr(1)).parent_path());
    testing::write_bytes(directory_ / path.substr(1), text);
    return *this;
  }
  std::optional<double> quota() const { return detail::processor_quota(directory_.path()); }

 private:
  testing::ScratchDirectory directory_;
};

constexpr auto version_2_mount =
    "25 1 0:22 / /proc rw - proc proc rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr auto version_1_mounts =
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpuacct,cpu\n"
    "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n";

}  // namespace

TEST_CASE("a quota of control groups, version 2") {
  System system;
  system.with("/proc/self/cgroup", "0::/slice/job\n").with("/proc/self/mountinfo", version_2_mount);
  CHECK(!system.quota());
  system.with("/sys/fs/cgroup/slice/job/cpu.max", "max 100000\n");
  CHECK(!system.quota());
  system.with("/sys/fs/cgroup/slice/job/cpu.max", "250000 100000\n");
  CHECK(system.quota() == 2.5);
  system.with("/sys/fs/cgroup/slice/cpu.max", "50000 100000\n");  // of all jobs together
  CHECK(system.quota() == 0.5);
  system.with("/sys/fs/cgroup/slice/cpu.max", "800000 100000\n");
  CHECK(system.quota() == 2.5);
  system.with("/sys/fs/cgroup/cpu.max", "20000 10000\n");
  CHECK(system.quota() == 2.0);
}

TEST_CASE("a quota of control groups, version 1") {
  System system;
  system.with("/proc/self/cgroup", "5:cpuset:/other\n4:cpu,cpuacct:/job\n0::/\n")
      .with("/proc/self/mountinfo", version_1_mounts)
      .with("/sys/fs/cgroup/cpuset/other/cpu.cfs_quota_us", "1\n")
      .with("/sys/fs/cgroup/cpuset/other/cpu.cfs_period_us", "1\n")
      .with("/sys/fs/cgroup/cpuset/job/cpu.cfs_quota_us", "1\n")
      .with("/sys/fs/cgroup/cpuset/job/cpu.cfs_period_us", "1\n")
      .with("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n")
      .with("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  CHECK(!system.quota());
  system.with("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "150000\n");
  CHECK(system.quota() == 1.5);
}

TEST_CASE("a container sees its own control group as the root") {
  System whole_path;  // without its own namespace, the group is named by its path on the host
  whole_path.with("/proc/self/cgroup", "4:cpu:/docker/abc/inner\n")
      .with("/proc/self/mountinfo", "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n")
      .with("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n")
      .with("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  CHECK(whole_path.quota() == 3.0);
  whole_path.with("/proc/self/cgroup",
                  "4:cpu:/docker/abcdef\n");  // of another namespace: the mounted group applies
  CHECK(whole_path.quota() == 3.0);
  whole_path.with("/sys/fs/cgroup/cpu/inner/cpu.cfs_quota_us", "100000\n")
      .with("/sys/fs/cgroup/cpu/inner/cpu.cfs_period_us", "100000\n")
      .with("/proc/self/cgroup", "4:cpu:/docker/abc/inner\n");
  CHECK(whole_path.quota() == 1.0);
}

TEST_CASE("invalid quotas are ignored") {
  CHECK(!System().quota());
  for (const char* text :
       {"", "\n", "max", "100000", "0 100000", "100000 0", "-5 100000", "x y", "1e5 100000 7"}) {
    CAPTURE(text);
    System system;
    system.with("/proc/self/cgroup", "0::/\nnonsense\n:\n\n")
        .with("/proc/self/mountinfo", std::string("short line\n") + version_2_mount)
        .with("/sys/fs/cgroup/cpu.max", text);
    CHECK(!system.quota());
  }
}

TEST_CASE("the processors that affinity allows", "[threads]") {
  std::size_t of_one = 0;
  std::thread([&] {
    cpu_set_t now;
    CPU_ZERO(&now);
    CHECK(::sched_getaffinity(0, sizeof now, &now) == 0);
    for (int processor = 0; processor < CPU_SETSIZE; ++processor)
      if (CPU_ISSET(processor, &now)) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(processor, &one);
        CHECK(::sched_setaffinity(0, sizeof one, &one) == 0);
        break;
      }
    of_one = detail::available_processors();
  }).join();
  CHECK(of_one == 1);
  CHECK(detail::available_processors() >= 1);
}
