// Computing while the process exits, and after fork. Each test is a separate process, which must exit with 0:
//   work_at_exit static_destructor | atexit | exit_in_a_thread | detached | fork | fork_while_computing |
//                no_threads
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tenbin/tenbin.h"

using namespace tenbin;

namespace {

// A few steps of training, large enough for threads, oneDNN and BLAS: the loss.
double train() {
  random::Generator generator(1);
  const Array x = generator.normal({600, 300});
  const Array x64 = generator.normal({600, 300}, 0, 1, Dtype::float64);
  random::seed(1);
  struct Net : Chain {
    Linear l1{300, 100}, l2{100, 2};
    Net() {
      link("l1", l1);
      link("l2", l2);
    }
  } net;
  Adam optimizer;
  optimizer.setup(net);
  double last = 0;
  for (int step = 0; step < 3; ++step) {
    Variable loss = softmax_cross_entropy(net.l2(relu(net.l1(x))), Array::ones({600}, Dtype::int32));
    net.cleargrads();
    loss.backward();
    optimizer.update();
    last = loss.item();
  }
  return last + matmul(Variable(x64), transpose(Variable(x64))).data().data<double>()[0];
}

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "work_at_exit: %s\n", what.c_str());
  std::_Exit(1);
}

std::size_t sum_in_parallel() {
  std::vector<std::size_t> values(1000);
  parallel_for(values.size(), [&](std::size_t i) { values[i] = i; });
  std::size_t sum = 0;
  for (const std::size_t value : values) sum += value;
  return sum;
}

double expected_loss = 0;
bool check_in_destructor = false;

// At exit BLAS multiplies instead of oneDNN: the last bits may differ.
void check_work_at_exit() {
  if (sum_in_parallel() != 499500) fail("a sum at exit");
  const double loss = train();
  if (!(std::abs(loss - expected_loss) <= 1e-4 * std::abs(expected_loss))) fail("training at exit");
  std::puts("worked at exit");
}

// Constructed before everything that the library makes in main.
const struct Last {
  Array array = Array::ones({1000});
  ~Last() {
    if (check_in_destructor) check_work_at_exit();
  }
} last;

// The system has no memory for thread stacks: the caller works alone. Run it with OPENBLAS_NUM_THREADS=1, as
// ctest does.
void sum_without_threads() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t used = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  rlimit before{};
  ::getrlimit(RLIMIT_AS, &before);
  const rlimit little{used + (std::size_t{1} << 20), before.rlim_max};
  ::setrlimit(RLIMIT_AS, &little);
  const std::size_t sum = sum_in_parallel();
  ::setrlimit(RLIMIT_AS, &before);
  if (sum != 499500) fail("a sum without threads");
}

int wait_for(pid_t child) {
  constexpr int most_tenths = 600;
  int status = 0;
  for (int tenth = 0; tenth < most_tenths; ++tenth) {
    if (::waitpid(child, &status, WNOHANG) == child) return status;
    ::usleep(100000);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  fail("the child hung");
}

void check_child(pid_t child) {
  const int status = wait_for(child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail("the child ended with " + std::to_string(status));
}

// The child computes the same bits in its own threads, and ends by exit.
void fork_and_compute() {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    if (sum_in_parallel() != 499500) fail("a sum in the child");
    if (train() != expected_loss) fail("training in the child");
    check_in_destructor = true;
    std::exit(0);
  }
  if (train() != expected_loss) fail("training in the parent");
  check_child(child);
}

void compute_for_ever() {
  const Array x = random::Generator(2).normal({60, 60});
  const Array x64 = x.astype(Dtype::float64);
  while (true) {
    sum_in_parallel();
    matmul(Variable(x), Variable(x));
    matmul(Variable(x64), Variable(x64));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string test = argc > 1 ? argv[1] : "";
  set_num_threads(4);
  if (test == "no_threads") sum_without_threads();
  expected_loss = train();
  if (test == "static_destructor" || test == "no_threads") {
    check_in_destructor = true;
  } else if (test == "atexit") {
    std::atexit(check_work_at_exit);
  } else if (test == "exit_in_a_thread") {
    check_in_destructor = true;
    std::thread([] { std::exit(0); }).join();
  } else if (test == "detached") {  // they still compute when the process ends
    std::atomic<int> ready{0};
    for (int i = 0; i < 3; ++i)
      std::thread([&ready] {
        sum_in_parallel();
        train();
        ++ready;
        compute_for_ever();
      }).detach();
    while (ready < 3) ::usleep(1000);
    check_in_destructor = true;
  } else if (test == "fork") {
    fork_and_compute();
    std::fflush(nullptr);
    const pid_t child = ::fork();  // and a child of a child
    if (child == 0) {
      fork_and_compute();
      std::exit(0);
    }
    check_child(child);
  } else if (test == "fork_while_computing") {
    // Other threads hold the library's locks from time to time; a child must not wait for them.
    std::atomic<bool> end{false};
    std::vector<std::thread> others;
    for (int i = 0; i < 2; ++i)
      others.emplace_back([&] {
        while (!end) {
          sum_in_parallel();
          std::vector<Array> arrays;
          for (int k = 0; k < 40; ++k) arrays.push_back(Array::empty({250000}));  // through the shared cache
        }
      });
    for (int i = 0; i < 30; ++i) {
      std::fflush(nullptr);
      const pid_t child = ::fork();
      if (child == 0) {
        if (sum_in_parallel() != 499500) fail("a sum in the child");
        std::vector<Array> arrays;
        for (int k = 0; k < 40; ++k) arrays.push_back(Array::empty({250000}));
        arrays.clear();
        std::exit(0);
      }
      check_child(child);
    }
    end = true;
    for (std::thread& other : others) other.join();
  } else {
    fail("no test \"" + test + '"');
  }
  return 0;
}
