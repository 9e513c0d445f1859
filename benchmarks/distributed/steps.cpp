// The time of a step on this many ranks, and what is sent in it.
//
//   [mpirun -n RANKS] steps WIDTHS BATCH [SHARDS [STEPS]]      steps 784-1000-1000-10 4096
//
// Prints, as JSON: the median seconds of a step of DataParallel and, on one rank, of the plain step on the
// whole batch; the messages and bytes that rank 0 sends in a step, and the bytes of its gradients alone.
#include <tenbin/distributed.h>
#include <tenbin/distributed/detail/transport.h>
#include <tenbin/tenbin.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

using namespace tenbin;

namespace {

// Adds the time until its end to a sum.
class Timer {
 public:
  explicit Timer(double& sum) : sum_(sum) {}
  ~Timer() { sum_ += std::chrono::duration<double>(Clock::now() - begin_).count(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  double& sum_;
  Clock::time_point begin_ = Clock::now();
};

// Counts what goes to other ranks.
class Counting : public detail::Transport {
 public:
  explicit Counting(detail::Transport& transport) : transport_(transport) {}
  std::size_t rank() const override { return transport_.rank(); }
  std::size_t size() const override { return transport_.size(); }
  void allgather(detail::ConstBytes mine, void* all) override {
    count(mine.size * (size() - 1), 1);
    const Timer timer(meeting_seconds);
    transport_.allgather(mine, all);
  }
  void exchange(const std::vector<detail::ConstBytes>& sent,
                const std::vector<detail::Bytes>& received) override {
    for (std::size_t r = 0; r < size(); ++r)
      if (r != rank() && sent[r].size > 0) {
        count(sent[r].size, 1);
        gradient_bytes += sent[r].size;
      }
    const Timer timer(exchange_seconds);
    transport_.exchange(sent, received);
  }
  void broadcast(detail::Bytes bytes, std::size_t root) override {
    if (rank() == root) count(bytes.size * (size() - 1), 1);
    transport_.broadcast(bytes, root);
  }
  [[noreturn]] void abort() override { transport_.abort(); }

  std::size_t bytes = 0, calls = 0, gradient_bytes = 0;
  double meeting_seconds = 0, exchange_seconds = 0;  // with the wait for the other ranks

 private:
  void count(std::size_t more_bytes, std::size_t more_calls) {
    bytes += more_bytes;
    calls += more_calls;
  }
  detail::Transport& transport_;
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

template <class Step>
double seconds_of(std::size_t steps, const Step& step) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> seconds;
  for (std::size_t i = 0; i < steps + 2; ++i) {
    const auto begin = Clock::now();
    step();
    if (i >= 2) seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return median(seconds);
}

std::size_t parameter_count(const Link& model) {
  std::size_t count = 0;
  for (const Parameter& parameter : model.params()) count += parameter.size();
  return count;
}

std::vector<std::size_t> widths_of(const std::string& text) {
  std::vector<std::size_t> widths;
  for (std::size_t begin = 0; begin <= text.size(); begin = std::min(text.find('-', begin), text.size()) + 1)
    widths.push_back(std::stoul(text.substr(begin)));
  return widths;
}

void measure(const Communicator& comm, const std::vector<std::string>& arguments) {
  const std::vector<std::size_t> widths = widths_of(arguments.at(0));
  const std::size_t batch = std::stoul(arguments.at(1));
  const std::size_t shards = arguments.size() > 2 ? std::stoul(arguments[2]) : 8;
  const std::size_t steps = arguments.size() > 3 ? std::stoul(arguments[3]) : 10;
  random::seed(1);
  Dataset data;
  if (comm.is_first()) {
    random::Generator rng(1);
    Array t = Array::empty({batch}, Dtype::int32);
    for (std::size_t i = 0; i < batch; ++i)
      t.data<std::int32_t>()[i] = static_cast<std::int32_t>(rng.integer(widths.back()));
    data = Dataset(rng.normal({batch, widths[0]}), t);
  }
  const MLP model(widths);
  Adam optimizer;
  optimizer.setup(model);
  const Array weight = Array::ones({widths.back()});
  const LossFunction loss = [&](const Array& x, const Array& t) {
    return softmax_cross_entropy(model(x), t, {.class_weight = weight});
  };

  const auto counting = std::make_shared<Counting>(comm.transport());
  const Communicator counted(counting);
  DataParallel parallel(optimizer, counted, {.shards = shards});
  const Arrays mine =
      batch_source(scatter(data, comm, {.shards = shards}), {.batch_size = batch, .seed = 1})->next();
  parallel.update(loss, mine);
  counting->bytes = counting->calls = counting->gradient_bytes = 0;
  parallel.update(loss, mine);
  const std::size_t calls = counting->calls, bytes = counting->bytes,
                    gradient_bytes = counting->gradient_bytes;
  counting->meeting_seconds = counting->exchange_seconds = 0;
  const double in_parallel = seconds_of(steps, [&] { parallel.update(loss, mine); });
  const auto runs = static_cast<double>(steps + 2);
  double plain = 0;
  if (comm.size() == 1)
    plain = seconds_of(steps, [&] {
      Variable value = loss(Arrays{data.x, data.t});
      model.cleargrads();
      value.backward();
      optimizer.update();
    });
  if (!comm.is_first()) return;
  std::cout << "{\"meeting_seconds\": " << counting->meeting_seconds / runs
            << ", \"exchange_seconds\": " << counting->exchange_seconds / runs
            << ", \"ranks\": " << comm.size() << ", \"shards\": " << shards << ", \"batch\": " << batch
            << ", \"seconds\": " << in_parallel << ", \"plain_seconds\": " << plain
            << ", \"messages\": " << calls << ", \"bytes\": " << bytes
            << ", \"gradient_bytes\": " << gradient_bytes << ", \"parameters\": " << parameter_count(model)
            << "}\n";
}

}  // namespace

int main(int argc, char** argv) {
  return run([&](const Communicator& comm) { measure(comm, {argv + 1, argv + argc}); });
}
