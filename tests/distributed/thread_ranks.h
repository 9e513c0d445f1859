// Ranks that are threads of the test program: what MPI does between processes, for tests without MPI.
#pragma once

#include <condition_variable>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tenbin/distributed/communicator.h"
#include "tenbin/distributed/detail/transport.h"

namespace tenbin::testing {

/// What the ranks share. A call waits until all ranks that have not ended make one.
class ThreadRanks {
 public:
  explicit ThreadRanks(std::size_t ranks) : posted_(ranks) {}

  struct Post {
    const void* data = nullptr;                             // of allgather and broadcast
    const std::vector<detail::ConstBytes>* sent = nullptr;  // of exchange
  };

  /// Posts what this rank sends, and calls `read(posts)` when all have posted. Returns when all have read.
  template <class Read>
  void meet(std::size_t rank, const Post& post, Read read) {
    posted_[rank] = post;
    wait();
    read(posted_);
    wait();
  }
  std::size_t size() const { return posted_.size(); }

  /// This rank makes no more calls: those of the others throw.
  void end() {
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    changed_.notify_all();
  }

 private:
  void wait() {
    std::unique_lock lock(mutex_);
    const std::size_t round = round_;
    if (++waiting_ == posted_.size()) {
      waiting_ = 0;
      ++round_;
      changed_.notify_all();
      return;
    }
    changed_.wait(lock, [&] { return round_ != round || has_ended_; });
    if (round_ == round) throw std::runtime_error("a rank waits for one that has ended");
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Post> posted_;
  std::size_t waiting_ = 0, round_ = 0;
  bool has_ended_ = false;
};

class ThreadTransport : public detail::Transport {
 public:
  ThreadTransport(ThreadRanks& ranks, std::size_t rank) : ranks_(ranks), rank_(rank) {}
  std::size_t rank() const override { return rank_; }
  std::size_t size() const override { return ranks_.size(); }
  void allgather(detail::ConstBytes mine, void* all) override {
    ranks_.meet(rank_, {mine.data, nullptr}, [&](const auto& posts) {
      for (std::size_t r = 0; r < posts.size(); ++r)
        std::memcpy(static_cast<char*>(all) + r * mine.size, posts[r].data, mine.size);
    });
  }
  void exchange(const std::vector<detail::ConstBytes>& sent,
                const std::vector<detail::Bytes>& received) override {
    ranks_.meet(rank_, {nullptr, &sent}, [&](const auto& posts) {
      for (std::size_t r = 0; r < posts.size(); ++r) {
        const detail::ConstBytes theirs = (*posts[r].sent)[rank_];
        if (theirs.size != received[r].size) throw std::logic_error("a message of another size");
        if (theirs.size > 0 && theirs.data != received[r].data)
          std::memcpy(received[r].data, theirs.data, theirs.size);
      }
    });
  }
  void broadcast(detail::Bytes bytes, std::size_t root) override {
    ranks_.meet(rank_, {bytes.data, nullptr}, [&](const auto& posts) {
      if (rank_ != root) std::memcpy(bytes.data, posts[root].data, bytes.size);
    });
  }
  [[noreturn]] void abort() override { throw std::runtime_error("abort"); }

 private:
  ThreadRanks& ranks_;
  std::size_t rank_;
};

/// Calls `program(comm)` on every rank, each a thread. Returns the texts of the exceptions that ended them;
/// empty where there was none.
inline std::vector<std::string> errors_on_ranks(std::size_t ranks,
                                                const std::function<void(const Communicator&)>& program) {
  ThreadRanks shared(ranks);
  std::vector<std::string> errors(ranks);
  std::vector<std::thread> threads;
  for (std::size_t r = 0; r < ranks; ++r)
    threads.emplace_back([&, r] {
      try {
        program(Communicator(std::make_shared<ThreadTransport>(shared, r)));
      } catch (const std::exception& error) {
        errors[r] = error.what();
      }
      if (!errors[r].empty()) shared.end();
    });
  for (std::thread& thread : threads) thread.join();
  return errors;
}

/// The same, where none may fail.
inline void on_ranks(std::size_t ranks, const std::function<void(const Communicator&)>& program) {
  const std::vector<std::string> errors = errors_on_ranks(ranks, program);
  for (std::size_t r = 0; r < ranks; ++r)
    if (!errors[r].empty()) throw std::runtime_error("rank " + std::to_string(r) + ": " + errors[r]);
}

}  // namespace tenbin::testing
