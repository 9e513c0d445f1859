// A saved model applied to a CSV file, once: predict MODEL.npz FILE THREADS. Prints the seconds for loading
// the model, reading the file and predicting, the peak of the process in bytes, the number of rows and a
// checksum.
//   predict --export MODEL.npz MODEL.onnx    # the same model for onnxruntime
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "../peak_memory.h"
#include "tenbin/tenbin.h"

namespace {

using namespace tenbin;
using benchmarks::peak_bytes;

class Stopwatch {
 public:
  // Since the last call.
  double seconds() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> elapsed = now - last_;
    last_ = now;
    return elapsed.count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

void predict_file(const char* model, const char* path, int threads) {
  set_num_threads(static_cast<std::size_t>(threads));
  Stopwatch watch;
  const Predictor predictor = Predictor::load(model);
  const double loading = watch.seconds();
  const Table table = load_csv(path);
  const double reading = watch.seconds();
  const Predictions p = predictor(table);
  const double predicting = watch.seconds();
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += p.probabilities.data<float>()[2 * i + 1];
  std::printf("%.4f %.4f %.4f %zu %zu %.9g\n", loading, reading, predicting, peak_bytes(), p.size(), sum);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4)
    throw Error("usage: predict MODEL.npz FILE THREADS, or predict --export MODEL.npz MODEL.onnx");
  if (argv[1] == std::string("--export"))
    export_onnx(argv[3], load_bundle(argv[2]));
  else
    predict_file(argv[1], argv[2], std::atoi(argv[3]));
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
