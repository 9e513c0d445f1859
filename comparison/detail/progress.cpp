#include "tenbin/comparison/detail/progress.h"

namespace tenbin::detail {

void Progress::add(std::size_t units, const std::string& what) {
  if (!callback_) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  done_ += units;
  report(what);
}

void Progress::tick(const std::string& what) {
  constexpr std::chrono::milliseconds a_while(200);
  if (!callback_) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!ended_ && Clock::now() - reported_ >= a_while) report(what);
}

void Progress::throw_if_stopped() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopped_.count(std::this_thread::get_id()) > 0) throw Stop();
}

void Progress::end() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ended_ = true;
}

void Progress::report(const std::string& what) {
  if (thrown_) stop();
  try {
    callback_({done_, total_, what});
  } catch (...) {
    thrown_ = std::current_exception();
    stop();
  }
  reported_ = Clock::now();
}

void Progress::stop() {
  stopped_.insert(std::this_thread::get_id());
  throw Stop();
}

}  // namespace tenbin::detail
