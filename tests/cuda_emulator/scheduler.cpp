// A thread runs until it waits at a barrier; then another is chosen, in the order that the test has set. Only
// a waiting thread keeps a fiber: one fiber runs thread after thread as long as none of them waits.
#include "scheduler.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "emulator.h"
#include "errors.h"
#include "fiber.h"

uint3 threadIdx;
uint3 blockIdx;
dim3 blockDim;
dim3 gridDim;

namespace cuda_emulator {
namespace {

constexpr unsigned warp_size = 32;

enum class At { start, running, block_barrier, warp_barrier, end };

struct Thread {
  At at = At::start;
  Fiber* fiber = nullptr;  // the fiber that it waits on
  Site site{};             // where it waits
  unsigned mask = 0;       // at a barrier of lanes: the lanes that meet there
  unsigned source = 0;     // the lane whose value it requests
  std::uint64_t value = 0;
  Exchanged received{};
};

uint3 index_in(dim3 shape, unsigned rank) {
  return {rank % shape.x, rank / shape.x % shape.y, rank / shape.x / shape.y};
}

std::string hex(unsigned mask) {
  char text[11];
  std::snprintf(text, sizeof text, "0x%08x", mask);
  return text;
}

std::string describe(Site site) {
  const std::string file = site.file;
  return file.substr(file.find_last_of('/') + 1) + ":" + std::to_string(site.line) + " (" + site.function +
         ")";
}

bool same_place(const Site& a, const Site& b) {
  return a.line == b.line && (a.file == b.file || std::strcmp(a.file, b.file) == 0);
}

Order order_of_environment() {
  const char* name = std::getenv("TENBIN_EMULATOR_ORDER");
  const std::string order = name != nullptr ? name : "first";
  if (order == "last") return Order::last;
  if (order == "random") return Order::random;
  if (order == "first") return Order::first;
  throw Failure(cudaErrorInvalidValue, "TENBIN_EMULATOR_ORDER: expected first, last or random, got " + order);
}

class Scheduler {
 public:
  void set_order(Order order, unsigned seed) {
    order_ = order;
    random_.seed(seed);
  }

  void run(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& thread);

  Votes block_barrier(bool vote, Site site);
  Exchanged warp_barrier(unsigned mask, std::uint64_t value, unsigned source, Site site);
  unsigned rank() const { return unsigned(active_ - threads_.data()); }
  void* shared() { return shared_.get(); }

  /// Called within a thread: the kernel ends here, with the text in failure().
  [[noreturn]] void stop();
  std::string& failure() { return failure_; }

 private:
  struct Woken {
    unsigned turn, rank;
    bool operator>(const Woken& other) const { return turn > other.turn; }
  };

  void run_block();
  void run_threads();
  void choose();
  void wait(At at, Site site);
  void wake(Thread& thread);
  bool open_block_barrier();
  void open_warp_barrier();
  std::string who_waits() const;
  Fiber& idle_fiber();

  unsigned first_turn(unsigned turn) const {
    return order_ == Order::first ? turn : order_ == Order::last ? count_ - 1 - turn : shuffled_[turn];
  }

  Order order_ = order_of_environment();
  std::mt19937 random_{1};

  const std::function<void()>* kernel_ = nullptr;
  std::unique_ptr<unsigned char[]> shared_;

  unsigned count_ = 0;    // threads in the block
  unsigned started_ = 0;  // threads started so far, in the chosen order
  unsigned ended_ = 0;
  unsigned at_block_barrier_ = 0;
  std::vector<Thread> threads_;
  std::vector<unsigned> shuffled_;          // Order::random: the order of the threads
  std::vector<unsigned> lanes_at_barrier_;  // for each warp
  std::priority_queue<Woken, std::vector<Woken>, std::greater<Woken>> woken_;
  Thread* active_ = nullptr;
  Votes votes_{};
  std::string failure_;

  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> idle_;
};

Scheduler& scheduler() {
  static auto& scheduler = *new Scheduler;
  return scheduler;
}

void Scheduler::run(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& thread) {
  gridDim = grid;
  blockDim = block;
  kernel_ = &thread;
  count_ = block.x * block.y * block.z;
  threads_.resize(count_);
  lanes_at_barrier_.resize((count_ + warp_size - 1) / warp_size);

  const std::size_t blocks = std::size_t{grid.x} * grid.y * grid.z;
  std::vector<std::size_t> shuffled_blocks;
  if (order_ == Order::random) {
    shuffled_.resize(count_);
    std::iota(shuffled_.begin(), shuffled_.end(), 0u);
    shuffled_blocks.resize(blocks);
    std::iota(shuffled_blocks.begin(), shuffled_blocks.end(), std::size_t{0});
    std::shuffle(shuffled_blocks.begin(), shuffled_blocks.end(), random_);
  }
  for (std::size_t turn = 0; turn < blocks; ++turn) {
    const std::size_t i = order_ == Order::first  ? turn
                          : order_ == Order::last ? blocks - 1 - turn
                                                  : shuffled_blocks[turn];
    blockIdx = {unsigned(i % grid.x), unsigned(i / grid.x % grid.y), unsigned(i / grid.x / grid.y)};
    shared_.reset(shared_bytes > 0 ? new unsigned char[shared_bytes] : nullptr);
    if (shared_bytes > 0) std::memset(shared_.get(), 0xff, shared_bytes);
    run_block();
  }
}

void Scheduler::run_block() {
  std::fill(threads_.begin(), threads_.end(), Thread());
  std::fill(lanes_at_barrier_.begin(), lanes_at_barrier_.end(), 0u);
  started_ = ended_ = at_block_barrier_ = 0;
  if (order_ == Order::random) std::shuffle(shuffled_.begin(), shuffled_.end(), random_);

  choose();
  while (active_ != nullptr) {
    Fiber* waiting = std::exchange(active_->fiber, nullptr);
    (waiting != nullptr ? *waiting : idle_fiber()).resume();
  }
  if (ended_ == count_ && failure_.empty()) return;

  if (failure_.empty()) failure_ = "threads wait at barriers that cannot open";
  const std::string text = "block (" + std::to_string(blockIdx.x) + ", " + std::to_string(blockIdx.y) + ", " +
                           std::to_string(blockIdx.z) + "): " + std::exchange(failure_, "") + who_waits();
  woken_ = {};
  idle_.clear();
  for (const auto& fiber : fibers_) {
    fiber->restart();
    idle_.push_back(fiber.get());
  }
  throw Failure(cudaErrorLaunchFailure, text);
}

Fiber& Scheduler::idle_fiber() {
  if (idle_.empty()) {
    fibers_.push_back(std::make_unique<Fiber>([] { scheduler().run_threads(); }));
    idle_.push_back(fibers_.back().get());
  }
  Fiber& fiber = *idle_.back();
  idle_.pop_back();
  return fiber;
}

// The body of each fiber. It pauses when the next thread is one that waits on another fiber.
void Scheduler::run_threads() {
  for (;;) {
    do {
      active_->at = At::running;
      try {
        (*kernel_)();
      } catch (const std::exception& exception) {
        failure_ = std::string("a thread threw \"") + exception.what() + "\"";
      }
      active_->at = At::end;
      ++ended_;
      choose();
    } while (active_ != nullptr && active_->fiber == nullptr);
    idle_.push_back(&Fiber::current());
    Fiber::pause();
  }
}

// Sets active_ to the next thread, or to null if none can run.
void Scheduler::choose() {
  active_ = nullptr;
  if (!failure_.empty()) return;
  if (woken_.empty() && started_ == count_ && !open_block_barrier()) return;
  unsigned rank;
  if (started_ < count_ && (woken_.empty() || started_ <= woken_.top().turn)) {
    rank = first_turn(started_++);
  } else {
    rank = woken_.top().rank;
    woken_.pop();
  }
  active_ = &threads_[rank];
  threadIdx = index_in(blockDim, rank);
}

void Scheduler::wake(Thread& thread) {
  const unsigned rank = unsigned(&thread - threads_.data());
  const unsigned turn = order_ == Order::first  ? rank
                        : order_ == Order::last ? count_ - 1 - rank
                                                : unsigned(random_()) % count_;
  thread.at = At::running;
  woken_.push({turn, rank});
}

void Scheduler::wait(At at, Site site) {
  Thread& self = *active_;
  self.at = at;
  self.site = site;
  self.fiber = &Fiber::current();
  if (at == At::warp_barrier) open_warp_barrier();
  choose();
  if (active_ == &self) {
    self.fiber = nullptr;
  } else {
    Fiber::pause();
  }
}

// The fiber is never resumed, so the caller's frames must not own anything.
void Scheduler::stop() {
  active_ = nullptr;
  Fiber::pause();
  __builtin_unreachable();
}

Votes Scheduler::block_barrier(bool vote, Site site) {
  ++at_block_barrier_;
  active_->value = vote;
  wait(At::block_barrier, site);
  return votes_;  // the next barrier cannot open before this thread has reached it
}

// Called when no other thread can run. As on the device, threads that have exited are not waited for.
bool Scheduler::open_block_barrier() {
  if (at_block_barrier_ == 0 || at_block_barrier_ + ended_ != count_) return false;
  const Thread* first = nullptr;
  votes_ = {0, int(at_block_barrier_)};
  for (const Thread& thread : threads_) {
    if (thread.at == At::end) continue;
    if (first == nullptr) first = &thread;
    if (!same_place(thread.site, first->site)) {
      failure_ = "threads wait at different barriers";
      return false;
    }
    votes_.yes += thread.value != 0;
  }
  at_block_barrier_ = 0;
  for (Thread& thread : threads_)
    if (thread.at != At::end) wake(thread);
  return true;
}

constexpr char outside_mask[] = "wants the value of a lane that is not in the mask: ";

const char* what_is_wrong(unsigned mask, unsigned lane, unsigned lanes, unsigned source) {
  if ((mask >> lane & 1) == 0) return "is not in its own mask";
  if (lanes < warp_size && mask >> lanes != 0) return "waits for lanes that the block does not have";
  if (source >= warp_size || (mask >> source & 1) == 0) return outside_mask;
  return nullptr;
}

Exchanged Scheduler::warp_barrier(unsigned mask, std::uint64_t value, unsigned source, Site site) {
  Thread& self = *active_;
  const unsigned lane = rank() % warp_size, lanes = std::min(warp_size, count_ - (rank() - lane));
  if (const char* wrong = what_is_wrong(mask, lane, lanes, source)) {
    failure_ =
        "lane " + std::to_string(lane) + " of mask " + hex(mask) + " at " + describe(site) + " " + wrong;
    if (wrong == outside_mask) failure_ += std::to_string(source);
    stop();
  }
  self.mask = mask;
  self.value = value;
  self.source = source;
  wait(At::warp_barrier, site);
  return self.received;
}

// Opens the barrier of lanes that the active thread has reached, if all lanes of the mask wait there.
void Scheduler::open_warp_barrier() {
  const unsigned lane = rank() % warp_size, mask = active_->mask;
  const Site site = active_->site;
  unsigned& waiting = lanes_at_barrier_[rank() / warp_size];
  waiting |= 1u << lane;
  if ((waiting & mask) != mask) return;

  Thread* const warp = active_ - lane;
  unsigned ballot = 0;
  for (unsigned i = 0; i < warp_size; ++i) {
    if ((mask >> i & 1) == 0) continue;
    if (warp[i].mask != mask || !same_place(warp[i].site, site)) return;
    if (warp[i].value != 0) ballot |= 1u << i;
  }
  waiting &= ~mask;
  for (unsigned i = 0; i < warp_size; ++i) {
    if ((mask >> i & 1) == 0) continue;
    warp[i].received = {warp[warp[i].source].value, ballot};
    wake(warp[i]);
  }
}

// "; 16 threads, the first is 3, at file.cu:12 (kernel); ..."
std::string Scheduler::who_waits() const {
  std::vector<std::pair<Site, std::vector<unsigned>>> places;
  for (unsigned rank = 0; rank < count_; ++rank) {
    const Thread& thread = threads_[rank];
    if (thread.at != At::block_barrier && thread.at != At::warp_barrier) continue;
    const auto same = [&](const auto& place) { return same_place(place.first, thread.site); };
    auto place = std::find_if(places.begin(), places.end(), same);
    if (place == places.end()) place = places.insert(places.end(), {thread.site, {}});
    place->second.push_back(rank);
  }
  std::string text;
  for (const auto& [site, ranks] : places)
    text += "; " + std::to_string(ranks.size()) + " threads wait at " + describe(site) +
            ", the first is thread " + std::to_string(ranks.front());
  return text + "; " + std::to_string(ended_) + " of " + std::to_string(count_) + " threads have ended";
}

}  // namespace

void set_order(Order order, unsigned seed) {
  const std::lock_guard<std::recursive_mutex> lock(mutex());
  scheduler().set_order(order, seed);
}

void run_kernel(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& thread) {
  scheduler().run(grid, block, shared_bytes, thread);
}

Votes block_barrier(bool vote, Site site) { return scheduler().block_barrier(vote, site); }

Exchanged warp_barrier(unsigned mask, std::uint64_t value, unsigned source, Site site) {
  return scheduler().warp_barrier(mask, value, source, site);
}

unsigned lane() { return scheduler().rank() % warp_size; }

void check_width(int width, Site site) {
  if (width >= 1 && width <= 32 && (width & (width - 1)) == 0) return;
  scheduler().failure() = "a shuffle of width " + std::to_string(width) + " at " + describe(site);
  scheduler().stop();
}

void trap(Site site) {
  scheduler().failure() = "__trap at " + describe(site);
  scheduler().stop();
}

void* dynamic_shared_memory() { return scheduler().shared(); }

}  // namespace cuda_emulator

float __fmul_rn(float a, float b) { return a * b; }
double __dmul_rn(double a, double b) { return a * b; }
