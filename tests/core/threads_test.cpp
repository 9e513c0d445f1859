// The library used from several threads at once, as docs/threads.md allows. Also run under ThreadSanitizer.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "tenbin/tenbin.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"
#include "tenbin/tests/thread_count.h"

using namespace tenbin;
using tenbin::testing::ThreadCount;

namespace {

struct Net : Chain {
  Linear l1, l2;
  Net(std::size_t columns, std::size_t units) : l1(columns, units), l2(units, 2) {
    link("l1", l1);
    link("l2", l2);
  }
  Variable operator()(const Variable& x) const { return l2(relu(l1(x))); }
};

Dataset two_classes(std::size_t rows, std::size_t columns) {
  random::Generator generator(rows);
  Array x = generator.normal({rows, columns});
  std::vector<std::int32_t> t(rows);
  for (std::size_t i = 0; i < rows; ++i) t[i] = x.data<float>()[i * columns] > 1;
  return {x, Array(t)};
}

std::vector<float> trained_weights(const Dataset& data, std::size_t units) {
  random::seed(3);
  Net net(data.x.shape()[1], units);
  Adam optimizer;
  optimizer.setup(net);
  for (int step = 0; step < 5; ++step) {
    Variable loss = softmax_cross_entropy(net(data.x), data.t);
    net.cleargrads();
    loss.backward();
    optimizer.update();
  }
  return net.l1.W.data().to_vector<float>();
}

void in_threads(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("threads train models of their own at once, with the bits of one", "[threads]") {
  const ThreadCount guard(3);
  const Dataset data = two_classes(600, 200);
  const std::vector<float> expected = trained_weights(data, 120);
  std::vector<std::vector<float>> got(3);
  in_threads(3, [&](std::size_t i) { got[i] = trained_weights(data, 120); });
  for (const auto& weights : got) CHECK(weights == expected);
}

TEST_CASE("threads evaluate one model at once", "[threads]") {
  const ThreadCount guard(2);
  const Dataset data = two_classes(300, 50);
  const Net net(50, 30);
  const auto expected = [&] {
    const NoBackprop off;
    return softmax(net(data.x)).data().to_vector<float>();
  }();
  std::vector<std::vector<float>> got(4);
  in_threads(4, [&](std::size_t i) {
    const NoBackprop off;
    const TestMode test_mode;
    for (int repeat = 0; repeat < 10; ++repeat) got[i] = softmax(net(data.x)).data().to_vector<float>();
  });
  for (const auto& probabilities : got) CHECK(probabilities == expected);
}

TEST_CASE("batches are made in one thread and used in another", "[threads]") {
  const ThreadCount guard(2);
  constexpr int count = 200;
  std::deque<Dataset> queue;
  std::mutex mutex;
  std::condition_variable changed;
  std::thread loader([&] {
    for (int i = 0; i < count; ++i) {
      Dataset batch(Array::full({100, 20}, i), Array::zeros({100}, Dtype::int32));
      std::unique_lock<std::mutex> lock(mutex);
      changed.wait(lock, [&] { return queue.size() < 4; });
      queue.push_back(std::move(batch));
      changed.notify_all();
    }
  });
  Net net(20, 5);
  double sum = 0;
  for (int i = 0; i < count; ++i) {
    Dataset batch;
    {
      std::unique_lock<std::mutex> lock(mutex);
      changed.wait(lock, [&] { return !queue.empty(); });
      batch = std::move(queue.front());
      queue.pop_front();
      changed.notify_all();
    }
    net.cleargrads();
    softmax_cross_entropy(net(batch.x), batch.t).backward();
    sum += batch.x.to_vector<double>()[0];
  }
  loader.join();
  CHECK(sum == count * (count - 1) / 2);
}

TEST_CASE("the number of threads changes while they work", "[threads]") {
  const std::size_t before = num_threads();
  std::atomic<bool> end{false};
  std::thread changer([&] {
    for (std::size_t i = 0; !end; ++i) {
      set_num_threads(1 + i % 5);
      std::this_thread::yield();
    }
  });
  std::atomic<std::size_t> sum{0};
  for (int round = 0; round < 300; ++round) parallel_for(20, [&](std::size_t i) { sum += i; });
  end = true;
  changer.join();
  CHECK(sum == 300 * 190);
  set_num_threads(before);
}

TEST_CASE("parallel code gives the same bits with 1 and with 4 threads", "[threads]") {
  const Dataset data = two_classes(4000, 5);
  const testing::ScratchDirectory scratch;
  std::string text = "a,b,label\n";
  for (int i = 0; i < 100000; ++i) text += std::to_string(i) + ",1.5,x\n";
  const std::string csv = scratch / "data.csv";
  testing::write_bytes(csv, text);

  const auto results = [&](std::size_t threads) {
    const ThreadCount guard(threads);
    std::vector<double> all;
    const auto append = [&](const Array& array) {
      const auto values = array.to_vector<double>();
      all.insert(all.end(), values.begin(), values.end());
    };
    const Table table = load_csv(csv, {.label = "label"});
    append(table["a"].values);
    append(table.features());
    append(StandardScaler(data.x).transform(data.x));
    append(smote(data).x);
    append(softmax(Variable(Array(data.x))).data());
    const Array logits = random::Generator(8).normal({70001});
    append(sigmoid_cross_entropy(logits, Array::ones({70001}, Dtype::int32)).data());
    const auto [low, high] = bootstrap_interval(
        data.t, data.x.slice(0, 4000),
        [](const Array& t, const Array& y) { return t.to_vector<double>()[0] + y.to_vector<double>()[0]; },
        {.n_resamples = 50});
    all.insert(all.end(), {low, high});
    const auto weights =
        trained_weights(Dataset(data.x.slice(0, 8), data.t.slice(0, 8)), 20000);  // updated in blocks
    all.insert(all.end(), weights.begin(), weights.end());
    return all;
  };
  CHECK(results(1) == results(4));
}
