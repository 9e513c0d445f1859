#include "tenbin/cpu/detail/processors.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "tenbin/core/file.h"

namespace tenbin::detail {

namespace {

// The content of a file of the kernel, whose size is not known in advance; "" if it does not exist.
std::string content(const std::string& path) {
  std::string text;
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char part[4096];
  for (ssize_t count = 0; file && (count = ::read(file.number(), part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(count));
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool lists(std::string_view names, std::string_view name) {
  const auto all = split(names, ',');
  return std::find(all.begin(), all.end(), name) != all.end();
}

// std::nullopt for "max", -1 and anything else that is not a positive number.
std::optional<double> positive(std::string_view text) {
  long long value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size() || value <= 0) return std::nullopt;
  return static_cast<double>(value);
}

// The number of processors that a group may use: time per period. Version 2 has both in one file, "max
// 100000" or "150000 100000"; version 1 has -1 for no limit.
std::optional<double> quota(const std::string& group, bool version_2) {
  const std::string text =
      version_2 ? content(group + "/cpu.max")
                : content(group + "/cpu.cfs_quota_us") + ' ' + content(group + "/cpu.cfs_period_us");
  std::string line = text;
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::vector<std::string_view> fields = split(line, ' ');
  fields.erase(std::remove(fields.begin(), fields.end(), std::string_view()), fields.end());
  if (fields.size() < 2) return std::nullopt;
  const auto time = positive(fields[0]);
  const auto period = positive(fields[1]);
  return time && period ? std::optional(*time / *period) : std::nullopt;
}

// The part of a group's path below the root of a mount: "" or "/name/...".
std::string below(std::string_view root, std::string_view group) {
  if (root == "/") root = {};
  const bool inside = group.substr(0, root.size()) == root && group.substr(root.size(), 1) == "/";
  return inside && group != "/" ? std::string(group.substr(root.size())) : std::string();
}

// The smallest quota of a group and of the groups that contain it, up to the mount point.
std::optional<double> least_quota(const std::string& mount, std::string group, bool version_2) {
  std::optional<double> least;
  while (true) {
    if (const auto here = quota(mount + group, version_2)) least = least ? std::min(*least, *here) : *here;
    if (group.empty()) return least;
    group.erase(group.rfind('/'));
  }
}

std::size_t allowed_by_affinity() {
  constexpr int most_processors = 1 << 20;
  for (int processors = 1024; processors <= most_processors; processors *= 2) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(
        CPU_ALLOC(static_cast<std::size_t>(processors)), [](cpu_set_t* s) { CPU_FREE(s); });
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(processors));
    if (!set) break;
    if (::sched_getaffinity(0, bytes, set.get()) == 0)
      return static_cast<std::size_t>(CPU_COUNT_S(bytes, set.get()));
  }
  return std::thread::hardware_concurrency();
}

}  // namespace

// Lines of /proc/self/mountinfo: "36 35 98:0 /root /mount options ... - type source options". A container may
// see only the part of the hierarchy below "/root".
std::optional<double> processor_quota(const std::string& root) {
  const std::string groups = content(root + "/proc/self/cgroup");
  const std::string mounts = content(root + "/proc/self/mountinfo");
  std::optional<double> least;
  for (const std::string_view mount : split(mounts, '\n')) {
    const auto fields = split(mount, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (fields.size() < 5 || fields.end() - dash < 4) continue;
    const bool version_2 = dash[1] == "cgroup2";
    if (!version_2 && (dash[1] != "cgroup" || !lists(dash[3], "cpu"))) continue;
    for (const std::string_view line :
         split(groups, '\n')) {  // "4:cpu,cpuacct:/group", version 2: "0::/group"
      const std::size_t first = line.find(':');
      const std::size_t second = line.find(':', first + 1);
      if (first == std::string_view::npos || second == std::string_view::npos) continue;
      const std::string_view controllers = line.substr(first + 1, second - first - 1);
      if (version_2 ? !controllers.empty() : !lists(controllers, "cpu")) continue;
      const auto here =
          least_quota(root + std::string(fields[4]), below(fields[3], line.substr(second + 1)), version_2);
      if (here) least = least ? std::min(*least, *here) : *here;
    }
  }
  return least;
}

std::size_t available_processors() {
  const std::size_t allowed = std::max<std::size_t>(1, allowed_by_affinity());
  const auto quota = processor_quota();
  if (!quota) return allowed;
  return std::min(allowed, static_cast<std::size_t>(std::ceil(*quota)));
}

}  // namespace tenbin::detail
