#include "floor.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>
#include <utility>

#include "tenbin/cpu/update.h"  // FlushDenormals

#ifdef TENBIN_BENCH_ONEDNN
#include <dnnl.h>
#endif

extern "C" {
void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                 const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc);
void openblas_set_num_threads(int count) __attribute__((weak));
}

namespace tenbin::benchmarks {

// ---- GEMM ------------------------------------------------------------------------------------------------

namespace {

// Plain loops, for products with so few columns or rows that packing them costs more than it saves.
struct Loops {
  std::size_t m, n, k, lda, ldb, ldc;
  const float* __restrict a;
  const float* __restrict b;
  float* __restrict c;

  void dot_products() const {  // a b^T
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        float sum = 0;
        for (std::size_t l = 0; l < k; ++l) sum += a[i * lda + l] * b[j * ldb + l];
        c[i * ldc + j] = sum;
      }
  }
  void rows_of_b() const {  // a b
    for (std::size_t i = 0; i < m; ++i) {
      float* __restrict row = c + i * ldc;
      for (std::size_t j = 0; j < n; ++j) row[j] = a[i * lda] * b[j];
      for (std::size_t l = 1; l < k; ++l)
        for (std::size_t j = 0; j < n; ++j) row[j] += a[i * lda + l] * b[l * ldb + j];
    }
  }
  void outer_products() const {  // a^T b
    for (std::size_t i = 0; i < m; ++i) std::fill_n(c + i * ldc, n, 0.f);
    for (std::size_t l = 0; l < k; ++l)
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < n; ++j) c[i * ldc + j] += a[l * lda + i] * b[l * ldb + j];
  }
};

enum : std::size_t { openblas, loops, onednn };
const char* const implementations[] = {"openblas", "loops",
#ifdef TENBIN_BENCH_ONEDNN
                                       "onednn"
#endif
};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

FastestGemm::FastestGemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k,
                         const float* a, std::size_t lda, const float* b, std::size_t ldb, float* c,
                         std::size_t ldc)
    : transpose_a_(transpose_a),
      transpose_b_(transpose_b),
      m_(m),
      n_(n),
      k_(k),
      lda_(lda),
      ldb_(ldb),
      ldc_(ldc),
      a_(a),
      b_(b),
      c_(c) {
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
  const bool large = m * n * k > 10'000'000;
  const bool hopeless_for_loops = large && std::min({m, n, k}) > 16;
  for (std::size_t i = 0; i < std::size(implementations); ++i) {
    double best = std::numeric_limits<double>::infinity();
    const int tries = i == loops && hopeless_for_loops ? 0 : large ? 3 : 30;
    for (int round = 0; round < tries; ++round) {
      const double start = now();
      run(i);
      best = std::min(best, now() - start);
    }
    seconds_.push_back(best);
    if (best < seconds_[chosen_]) chosen_ = i;
  }
}

const char* FastestGemm::chosen() const { return implementations[chosen_]; }

std::string FastestGemm::report() const {
  std::ostringstream out;
  out << (transpose_a_ ? 'T' : 'N') << (transpose_b_ ? 'T' : 'N') << ' ' << m_ << 'x' << n_ << 'x' << k_
      << ':';
  for (std::size_t i = 0; i < seconds_.size(); ++i)
    out << (i == chosen_ ? " *" : "  ") << implementations[i] << ' ' << seconds_[i] * 1e6 << " us";
  return out.str();
}

void FastestGemm::run(std::size_t implementation) const {
  const auto size = [](std::size_t length) { return static_cast<int>(length); };
  switch (implementation) {
    case openblas:
      cblas_sgemm(101, transpose_a_ ? 112 : 111, transpose_b_ ? 112 : 111, size(m_), size(n_), size(k_), 1,
                  a_, size(lda_), b_, size(ldb_), 0, c_, size(ldc_));
      return;
    case loops: {
      const Loops product{m_, n_, k_, lda_, ldb_, ldc_, a_, b_, c_};
      return transpose_a_   ? product.outer_products()
             : transpose_b_ ? product.dot_products()
                            : product.rows_of_b();
    }
#ifdef TENBIN_BENCH_ONEDNN
    case onednn:
      dnnl_sgemm(transpose_a_ ? 'T' : 'N', transpose_b_ ? 'T' : 'N', size(m_), size(n_), size(k_), 1, a_,
                 size(lda_), b_, size(ldb_), 0, c_, size(ldc_));
#endif
  }
}

// ---- exp -------------------------------------------------------------------------------------------------

namespace {

// exp to 2 ulp in a loop that vectorises: 2^n by the exponent's bits, the rest by a polynomial (the
// coefficients of Cephes).
inline float fast_exp(float x) {
  const float clamped = std::max(std::min(x, 88.f), -87.f);
  const float n = std::nearbyint(clamped * 1.44269504f);
  const float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1;
  const std::int32_t bits = (static_cast<std::int32_t>(n) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return p * power;
}

// The weighted loss of each row of scores, summed, and its gradient.
double loss_and_gradient(const float* __restrict scores, const std::int32_t* labels, const float* weight,
                         std::size_t rows, std::size_t classes, float coefficient,
                         float* __restrict gradient) {
  double loss = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const float* __restrict z = scores + i * classes;
    float* __restrict gz = gradient + i * classes;
    const auto label = static_cast<std::size_t>(labels[i]);
    float max = z[0];
    for (std::size_t c = 1; c < classes; ++c) max = std::max(max, z[c]);
    float sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += gz[c] = fast_exp(z[c] - max);
    const float w = weight[label];
    loss += static_cast<double>(w * (std::log(sum) + max - z[label]));
    for (std::size_t c = 0; c < classes; ++c) gz[c] *= coefficient * w / sum;
    gz[label] -= coefficient * w;
  }
  return loss;
}

// The same for two classes, vectorised over rows: with d = z[other] - z[label] the loss is log(1 + exp(d)).
double loss_and_gradient_of_two(const float* __restrict scores, const std::int32_t* __restrict labels,
                                const float* weight, std::size_t rows, float coefficient,
                                float* __restrict gradient) {
  const float weight0 = weight[0], weight1 = weight[1];
  float loss = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const float sign = labels[i] == 0 ? 1.f : -1.f;
    const float w = labels[i] == 0 ? weight0 : weight1;
    const float difference = sign * (scores[2 * i + 1] - scores[2 * i]);
    const float e = fast_exp(-std::abs(difference));
    loss += w * (std::max(difference, 0.f) + std::log(1 + e));
    const float g = sign * coefficient * w * (difference > 0 ? 1 : e) / (1 + e);
    gradient[2 * i] = -g;
    gradient[2 * i + 1] = g;
  }
  return static_cast<double>(loss);
}

}  // namespace

// ---- the step --------------------------------------------------------------------------------------------

namespace {

Floats floats(const Array& array) { return Floats(array.data<float>(), array.data<float>() + array.size()); }

struct Share {
  std::size_t begin, end;
  std::size_t size() const { return end - begin; }
};

Share share(std::size_t count, std::size_t part, std::size_t parts) {
  return {count * part / parts, count * (part + 1) / parts};
}

struct Layer {
  std::size_t in, out;
  std::size_t W, b;  // where they start in the flat parameters
  Floats y, gy;
};

void add_bias(float* __restrict y, const float* __restrict b, std::size_t rows, std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) y[i * columns + j] += b[j];
}

void add_bias_relu(float* __restrict y, const float* __restrict b, std::size_t rows, std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) y[i * columns + j] = std::max(y[i * columns + j] + b[j], 0.f);
}

void mask(float* __restrict gradient, const float* __restrict y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) gradient[i] = y[i] > 0 ? gradient[i] : 0;
}

// The column sums of a matrix, for a range of columns.
void sum_columns(const float* __restrict matrix, std::size_t rows, std::size_t columns, Share some,
                 float* __restrict sums) {
  std::fill(sums + some.begin, sums + some.end, 0.f);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = some.begin; j < some.end; ++j) sums[j] += matrix[i * columns + j];
}

void adam(Share some, double t, float* __restrict w, const float* __restrict g, float* __restrict m,
          float* __restrict v) {
  const auto rate =
      static_cast<float>(adam_alpha * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t)));
  for (std::size_t i = some.begin; i < some.end; ++i) {
    m[i] += 0.1f * (g[i] - m[i]);
    v[i] += 0.001f * (g[i] * g[i] - v[i]);
    w[i] -= rate * m[i] / (std::sqrt(v[i]) + 1e-8f);
  }
}

}  // namespace

struct FloorStep::State {
  std::size_t rows, n_thread;
  Floats x, class_weight, initial, w, g, m, v;
  std::vector<std::int32_t> labels;
  std::vector<Layer> layers;
  // [thread][layer]; the first layer has no data gradient.
  std::vector<std::vector<FastestGemm>> forward_gemms, data_gemms, weight_gemms;
  std::vector<double> losses;  // one per thread
  double t = 0;

  State(const StepWorkload& workload, const Problem& problem, std::size_t n)
      : rows(workload.batch),
        n_thread(n),
        x(floats(problem.x)),
        class_weight(floats(problem.class_weight)),
        labels(problem.t.to_vector<std::int32_t>()),
        losses(n) {
    for (std::size_t l = 0; l + 1 < workload.widths.size(); ++l) {
      const std::size_t in = workload.widths[l], out = workload.widths[l + 1];
      const std::size_t W = initial.size();
      layers.push_back({in, out, W, W + in * out, Floats(rows * out), Floats(rows * out)});
      for (const Array& parameter : {problem.parameters[2 * l], problem.parameters[2 * l + 1]}) {
        const Floats values = floats(parameter);
        initial.insert(initial.end(), values.begin(), values.end());
      }
    }
    w = initial;
    g = m = v = Floats(w.size());
    for (std::size_t thread = 0; thread < n_thread; ++thread) choose_gemms(thread);
  }

  Share rows_of(std::size_t thread) const { return share(rows, thread, n_thread); }

  void choose_gemms(std::size_t thread) {
    const Share mine = rows_of(thread);
    const std::size_t first = mine.begin, count = mine.size();
    auto& forward = forward_gemms.emplace_back();
    auto& data = data_gemms.emplace_back();
    auto& weights = weight_gemms.emplace_back();
    for (std::size_t l = 0; l < layers.size(); ++l) {
      Layer& layer = layers[l];
      const std::size_t in = layer.in, out = layer.out;
      const float* input = l == 0 ? x.data() : layers[l - 1].y.data();
      const float* W = &w[layer.W];
      forward.emplace_back(false, true, count, out, in, input + first * in, in, W, in, &layer.y[first * out],
                           out);
      if (l > 0)
        data.emplace_back(false, false, count, in, out, &layer.gy[first * out], out, W, in,
                          &layers[l - 1].gy[first * in], in);
      const Share units = share(out, thread, n_thread);
      weights.emplace_back(true, false, units.size(), in, rows, &layer.gy[units.begin], out, input, in,
                           &g[layer.W + units.begin * in], in);
    }
  }

  void forward(std::size_t thread) {
    const Share mine = rows_of(thread);
    for (std::size_t l = 0; l < layers.size(); ++l) {
      Layer& layer = layers[l];
      forward_gemms[thread][l]();
      (&layer == &layers.back() ? add_bias : add_bias_relu)(&layer.y[mine.begin * layer.out], &w[layer.b],
                                                            mine.size(), layer.out);
    }
  }

  void backward(std::size_t thread) {
    const Share mine = rows_of(thread);
    const std::size_t classes = layers.back().out;
    const std::size_t first = mine.begin * classes;
    const float coefficient = 1 / static_cast<float>(rows);
    Layer& last = layers.back();
    losses[thread] = classes == 2
                         ? loss_and_gradient_of_two(&last.y[first], &labels[mine.begin], class_weight.data(),
                                                    mine.size(), coefficient, &last.gy[first])
                         : loss_and_gradient(&last.y[first], &labels[mine.begin], class_weight.data(),
                                             mine.size(), classes, coefficient, &last.gy[first]);
    for (std::size_t l = layers.size() - 1; l > 0; --l) {
      data_gemms[thread][l - 1]();
      Layer& below = layers[l - 1];
      mask(&below.gy[mine.begin * below.out], &below.y[mine.begin * below.out], mine.size() * below.out);
    }
  }

  void parameter_gradients(std::size_t thread) {
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const Layer& layer = layers[l];
      weight_gemms[thread][l]();
      sum_columns(layer.gy.data(), rows, layer.out, share(layer.out, thread, n_thread), &g[layer.b]);
    }
  }

  void update(std::size_t thread) {
    adam(share(w.size(), thread, n_thread), t, w.data(), g.data(), m.data(), v.data());
  }

  void step() {
    ++t;
    const auto on_threads = [this](auto stage) {
      if (n_thread == 1) return stage(0);
#pragma omp parallel num_threads(static_cast <int>(n_thread))
      {
        const cpu::FlushDenormals flush;
        stage(static_cast<std::size_t>(omp_get_thread_num()));
      }
    };
    on_threads([this](std::size_t thread) {
      forward(thread);
      backward(thread);
    });
    on_threads([this](std::size_t thread) { parameter_gradients(thread); });
    on_threads([this](std::size_t thread) { update(thread); });
  }
};

FloorStep::FloorStep(const StepWorkload& workload, const Problem& problem, std::size_t n_thread) {
  omp_set_num_threads(1);  // of oneDNN
  const std::size_t first_product = workload.batch * workload.widths[0] * workload.widths[1];
  const bool worth_threads = first_product > 1'000'000;
  state_ = std::make_unique<State>(workload, problem, worth_threads ? n_thread : 1);
}

FloorStep::~FloorStep() = default;

void FloorStep::reset() {
  state_->t = 0;
  state_->w = state_->initial;
  std::fill(state_->m.begin(), state_->m.end(), 0.f);
  std::fill(state_->v.begin(), state_->v.end(), 0.f);
}

void FloorStep::run(std::size_t steps) {
  const cpu::FlushDenormals flush;
  for (std::size_t i = 0; i < steps; ++i) state_->step();
}

double FloorStep::loss() const {
  double sum = 0;
  for (const double part : state_->losses) sum += part;
  return sum / static_cast<double>(state_->rows);
}

std::string FloorStep::report() const {
  std::string text;
  for (const auto* gemms : {&state_->forward_gemms[0], &state_->data_gemms[0], &state_->weight_gemms[0]})
    for (const FastestGemm& gemm : *gemms) text += gemm.report() + '\n';
  return text;
}

// ---- the loss alone --------------------------------------------------------------------------------------

FloorLoss::FloorLoss(const LossWorkload& workload, const Problem& problem)
    : x_(floats(problem.x)),
      y_(x_.size()),
      moved_bytes_(3 * x_.size() * sizeof(float) + workload.rows * (2 * sizeof(std::int32_t) + 16)) {}

void FloorLoss::copy() {
  // A copy moves every byte twice, in and out.
  std::size_t left = moved_bytes_ / 2 / sizeof(float);
  while (left > 0) {
    const std::size_t count = std::min(left, x_.size());
    const float* __restrict x = x_.data();
    float* __restrict y = y_.data();
    for (std::size_t i = 0; i < count; ++i) y[i] = x[i];
    left -= count;
    asm volatile("" : : : "memory");
  }
}

void FloorLoss::exponentials() {
  const float* __restrict x = x_.data();
  float* __restrict y = y_.data();
  for (std::size_t i = 0; i < x_.size(); ++i) y[i] = fast_exp(x[i]);
}

}  // namespace tenbin::benchmarks
