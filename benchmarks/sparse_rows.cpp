// Training on sparse rows beside the same rows as a dense Dataset: a file in libsvm's format as from texts,
// 15,000 rows of 5,000 features, of which 66 are not 0 in the mean, in 20 classes; 5000-64-20 with relu and
// Adam, batches of 256.
//
//   sparse_rows [PAIRS] [EPOCHS]
//
// Each job - load the file, train - runs in a process of its own, sparse and dense in turns. Prints the
// medians of the times, of the ratios of the pairs, and of the peak memory. TENBIN_NUM_THREADS is the number
// of threads.
#include <tenbin/tenbin.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <vector>

using namespace tenbin;

namespace {

constexpr std::size_t n_rows = 15'000, n_features = 5'000, n_classes = 20, terms = 66;

// Features are drawn as words are: the first ones are frequent. Each class prefers some.
void write_file(const std::string& path) {
  random::Generator generator(1);
  const auto draws = generator.uniform({n_rows * terms * 2}, 0, 1).to_vector<float>();
  std::ofstream file(path);
  for (std::size_t i = 0; i < n_rows; ++i) {
    const std::size_t label = i % n_classes;
    std::set<std::size_t> features;
    for (std::size_t k = 0; k < terms; ++k) {
      const double u = draws[(i * terms + k) * 2];
      auto feature = static_cast<std::size_t>(std::pow(u, 3) * n_features);
      if (k % 8 == 0) feature = feature / n_classes * n_classes + label;
      while (!features.insert(std::min(feature, n_features - 1)).second) feature = (feature + 7) % n_features;
    }
    file << label + 1;
    std::size_t k = 0;
    for (const std::size_t feature : features)
      file << ' ' << feature + 1 << ":0." << 1000 + static_cast<int>(draws[(i * terms + k++) * 2 + 1] * 8999);
    file << '\n';
  }
  if (!file.flush()) throw Error("cannot write ", path);
}

// What a job measures, in seconds and MiB.
struct Job {
  double load = 0;
  double first_epoch = 0;
  double later_epochs = 0;
  double loss = 0;  // of the last batch
  double memory = 0;

  double all() const { return load + first_epoch + later_epochs; }
};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class Load>
Job train(const Load& load, int epochs) {
  Job job;
  const double begin = now();
  const auto data = load();
  job.load = now() - begin;
  random::seed(1);
  MLP model({n_features, 64, n_classes});
  Adam optimizer;
  optimizer.setup(model);
  const Minibatches batches(data, {.batch_size = 256, .seed = 1});
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const double start = now();
    for (const auto& [x, t] : batches) {
      Variable loss = softmax_cross_entropy(model(x), t);
      model.cleargrads();
      loss.backward();
      optimizer.update();
      job.loss = loss.data().item();
    }
    (epoch == 0 ? job.first_epoch : job.later_epochs) += now() - start;
  }
  return job;
}

// The job in a child process.
Job run(const std::string& path, bool sparse, int epochs) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) throw Error("no pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    const Job job = sparse ? train([&] { return load_libsvm_sparse(path); }, epochs)
                           : train([&] { return load_libsvm(path).dataset(); }, epochs);
    const bool written = ::write(pipe_ends[1], &job, sizeof job) == static_cast<ssize_t>(sizeof job);
    ::_exit(written ? 0 : 1);
  }
  ::close(pipe_ends[1]);
  Job job;
  const bool is_read = ::read(pipe_ends[0], &job, sizeof job) == static_cast<ssize_t>(sizeof job);
  ::close(pipe_ends[0]);
  rusage usage{};
  int status = 0;
  if (::wait4(child, &status, 0, &usage) != child || status != 0 || !is_read) throw Error("a job failed");
  job.memory = static_cast<double>(usage.ru_maxrss) / 1024;
  return job;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

template <class Get>
void print(const std::string& what, const std::vector<Job>& sparse, const std::vector<Job>& dense, Get get) {
  std::vector<double> of_sparse, of_dense, ratios;
  for (std::size_t i = 0; i < sparse.size(); ++i) {
    of_sparse.push_back(get(sparse[i]));
    of_dense.push_back(get(dense[i]));
    ratios.push_back(of_sparse.back() / of_dense.back());
  }
  std::cout << "| " << what << " | " << median(of_sparse) << " | " << median(of_dense) << " | "
            << median(ratios) << " |\n";
}

}  // namespace

int main(int argc, char** argv) try {
  const int pairs = argc > 1 ? std::atoi(argv[1]) : 5;
  const int epochs = argc > 2 ? std::atoi(argv[2]) : 10;
  if (pairs < 1 || epochs < 2) throw Error("expected at least 1 pair and 2 epochs");
  const std::string path =
      std::filesystem::temp_directory_path() / ("sparse_rows-" + std::to_string(::getpid()));
  write_file(path);
  std::vector<Job> sparse, dense;
  for (int i = 0; i < pairs; ++i) {
    sparse.push_back(run(path, true, epochs));
    dense.push_back(run(path, false, epochs));
    if (std::abs(sparse.back().loss - dense.back().loss) > 1e-2 * dense.back().loss)
      throw Error("the losses differ: ", sparse.back().loss, " and ", dense.back().loss);
  }
  std::filesystem::remove(path);
  const auto later = [&](const Job& job) { return job.later_epochs / (epochs - 1); };
  std::cout << "|  | sparse | dense | ratio |\n|--|--:|--:|--:|\n";
  print("load, s", sparse, dense, [](const Job& job) { return job.load; });
  print("first epoch, s", sparse, dense, [](const Job& job) { return job.first_epoch; });
  print("later epoch, s", sparse, dense, later);
  print("load and " + std::to_string(epochs) + " epochs, s", sparse, dense,
        [](const Job& job) { return job.all(); });
  print("peak memory, MiB", sparse, dense, [](const Job& job) { return job.memory; });
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
