// How far a comparison, or `train_method`, is: what calls `ComparisonOptions::progress`.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "tenbin/comparison/comparison.h"

namespace tenbin::detail {

// Tells the caller how far the work is, by one thread at a time.
class Progress : public std::enable_shared_from_this<Progress> {
 public:
  Progress(std::function<void(const ComparisonProgress&)> callback, std::size_t total)
      : callback_(std::move(callback)), total_(total) {}

  // For FoldData::after_pass. It may be called after the comparison, by a method that has kept its context.
  std::function<void()> after_pass(const std::string& what) {
    return [progress = shared_from_this(), what] { progress->tick(what); };
  }

  // `units` more are done; 0: there is still work.
  void add(std::size_t units, const std::string& what);

  // Work goes on: a report, if the last one is a while ago.
  void tick(const std::string& what);

  // Throws again if a report has thrown on this thread: what has caught it may be incomplete.
  void throw_if_stopped();

  // Runs `work`; what the callback throws ends it, and is thrown here. Inside `work` it is a Stop, since an
  // Error there would mean that a method is not possible.
  template <class Work>
  auto run(const Work& work) {
    try {
      auto result = work();
      end();
      return result;
    } catch (const Stop&) {
      end();
      if (thrown_) std::rethrow_exception(thrown_);
      throw;  // of a comparison inside which this one runs
    } catch (...) {
      end();
      throw;
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Stop {};

  void end();
  void report(const std::string& what);
  [[noreturn]] void stop();

  std::function<void(const ComparisonProgress&)> callback_;
  std::size_t total_;
  std::mutex mutex_;
  std::size_t done_ = 0;
  bool ended_ = false;
  Clock::time_point reported_ = Clock::now();
  std::exception_ptr thrown_;
  std::set<std::thread::id> stopped_;
};

}  // namespace tenbin::detail
