// What the ranks' connection costs: the time of a meeting, the first message of every call, and of an
// exchange of long messages, as the gradients are.
//
//   mpirun -n 2 network
//
// Prints, as JSON: the median seconds of a meeting, and the bytes per second that each rank sends in an
// exchange of 1, 16 and 64 MiB with all others.
#include <tenbin/distributed.h>
#include <tenbin/distributed/detail/transport.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <vector>

using namespace tenbin;

namespace {

template <class F>
double median_seconds(std::size_t repeats, const F& f) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> seconds;
  for (std::size_t i = 0; i < repeats; ++i) {
    const auto begin = Clock::now();
    f();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(repeats / 2),
                   seconds.end());
  return seconds[repeats / 2];
}

void measure(const Communicator& comm) {
  comm.barrier();
  const double meeting = median_seconds(1000, [&] { comm.barrier(); });
  if (comm.is_first()) std::cout << "{\"ranks\": " << comm.size() << ", \"meeting_seconds\": " << meeting;
  for (const std::size_t mebibytes : {1, 16, 64}) {
    const std::size_t bytes = mebibytes << 20;
    std::vector<char> out(bytes, 1), in(bytes * comm.size());
    std::vector<detail::ConstBytes> sent(comm.size(), {out.data(), bytes});
    std::vector<detail::Bytes> received;
    for (std::size_t r = 0; r < comm.size(); ++r) received.push_back({in.data() + r * bytes, bytes});
    sent[comm.rank()].size = received[comm.rank()].size = 0;
    const double seconds = median_seconds(20, [&] { comm.transport().exchange(sent, received); });
    if (comm.is_first())
      std::cout << ", \"bytes_per_second_" << mebibytes
                << "\": " << static_cast<double>(bytes * (comm.size() - 1)) / seconds;
  }
  if (comm.is_first()) std::cout << "}\n";
}

}  // namespace

int main() { return run(measure); }
