#include "tenbin/distributed/communicator.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <numeric>

#include "tenbin/core/text.h"
#include "tenbin/distributed/detail/transport.h"

namespace tenbin {

using detail::Bytes;
using detail::ConstBytes;
using detail::elements;
using detail::Meeting;

namespace {

class OneRank : public detail::Transport {
 public:
  std::size_t rank() const override { return 0; }
  std::size_t size() const override { return 1; }
  void allgather(ConstBytes mine, void* all) override { std::memcpy(all, mine.data, mine.size); }
  void exchange(const std::vector<ConstBytes>& sent, const std::vector<Bytes>& received) override {
    if (sent[0].size > 0 && sent[0].data != received[0].data)
      std::memcpy(received[0].data, sent[0].data, sent[0].size);
  }
  void broadcast(Bytes, std::size_t) override {}
  [[noreturn]] void abort() override { std::exit(EXIT_FAILURE); }
};

Meeting meeting(const std::string& call, std::size_t size = 0) {
  Meeting mine;
  call.copy(mine.call, sizeof mine.call - 1);
  mine.size = size;
  return mine;
}

ConstBytes bytes_of(const std::string& text) { return {text.data(), text.size()}; }

// ---- arrays as bytes -------------------------------------------------------------------------------------

// What is known of an array before its elements arrive.
struct Header {
  std::uint32_t dtype;
  std::uint32_t ndim;
  std::uint64_t shape[8];
};

Header header_of(const char* call, const Array& array) {
  if (!array) throw Error("Communicator: ", call, ": the array is empty");
  Header header{static_cast<std::uint32_t>(array.dtype()), static_cast<std::uint32_t>(array.ndim()), {}};
  if (array.ndim() > std::size(header.shape))
    throw Error("Communicator: ", call, ": expected up to ", std::size(header.shape), " axes, got ", array);
  for (std::size_t axis = 0; axis < array.ndim(); ++axis) header.shape[axis] = array.shape()[axis];
  return header;
}

Array array_of(const Header& header) {
  Shape shape;
  for (std::size_t axis = 0; axis < header.ndim; ++axis)
    shape.push_back(static_cast<std::size_t>(header.shape[axis]));
  return Array::empty(shape, static_cast<Dtype>(header.dtype));
}

// Where a rank does not receive.
std::vector<ConstBytes> nothing_sent(std::size_t ranks) {
  return std::vector<ConstBytes>(ranks, {nullptr, 0});
}
std::vector<Bytes> nothing_received(std::size_t ranks) { return std::vector<Bytes>(ranks, {nullptr, 0}); }

}  // namespace

Communicator::Communicator() : Communicator(std::make_shared<OneRank>()) {}
Communicator::Communicator(std::shared_ptr<detail::Transport> transport) : transport_(std::move(transport)) {}

std::size_t Communicator::rank() const { return transport_->rank(); }
std::size_t Communicator::size() const { return transport_->size(); }

std::vector<Meeting> Communicator::meet(const Meeting& mine) const {
  std::vector<Meeting> all(size());
  transport_->allgather({&mine, sizeof mine}, all.data());
  for (std::size_t r = 0; r < size(); ++r)
    if (all[r].has_failed) throw Error("rank ", r, ": ", reinterpret_cast<const char*>(all[r].values));
  for (std::size_t r = 1; r < size(); ++r)
    if (std::strcmp(all[r].call, all[0].call) != 0)
      throw Error("Communicator: rank 0 calls ", all[0].call, ", rank ", r, " calls ", all[r].call,
                  ": all ranks must make the same calls");
  return all;
}

void Communicator::tell_failure(const std::string& message) const {
  if (size() == 1) return;
  Meeting mine;
  mine.has_failed = true;
  message.copy(reinterpret_cast<char*>(mine.values), sizeof mine.values - 1);
  std::vector<Meeting> all(size());
  transport_->allgather({&mine, sizeof mine}, all.data());
}

void Communicator::barrier() const { meet(meeting("barrier")); }

Array Communicator::broadcast(const Array& array, std::size_t root) const {
  if (root >= size())
    throw Error("Communicator: broadcast: root is ", root, ", expected a rank below ", size());
  const Device device = array.device();
  Header header{};
  if (rank() == root) header = together([&] { return header_of("broadcast", array); });
  meet(meeting("broadcast from " + std::to_string(root)));
  transport_->broadcast({&header, sizeof header}, root);
  Array received = rank() == root ? array.to(Device::cpu()) : array_of(header);
  if (received.size() > 0) transport_->broadcast(elements(received), root);
  return received.to(device);
}

std::string Communicator::broadcast(const std::string& text, std::size_t root) const {
  if (root >= size())
    throw Error("Communicator: broadcast: root is ", root, ", expected a rank below ", size());
  const auto all = meet(meeting("broadcast of text from " + std::to_string(root), text.size()));
  std::string received = text;
  received.resize(all[root].size);
  if (!received.empty()) transport_->broadcast({received.data(), received.size()}, root);
  return received;
}

std::vector<std::string> Communicator::allgather(const std::string& text) const {
  Meeting mine = meeting("allgather of text", text.size());
  if (text.size() <= sizeof mine.values) text.copy(reinterpret_cast<char*>(mine.values), text.size());
  const std::vector<Meeting> all = meet(mine);
  std::vector<std::string> texts(size());
  const bool is_in_meeting = std::all_of(all.begin(), all.end(),
                                         [](const Meeting& each) { return each.size <= sizeof each.values; });
  if (is_in_meeting) {
    for (std::size_t r = 0; r < size(); ++r)
      texts[r].assign(reinterpret_cast<const char*>(all[r].values), all[r].size);
    return texts;
  }
  std::vector<Bytes> received;
  for (std::size_t r = 0; r < size(); ++r) {
    texts[r].resize(all[r].size);
    received.push_back({texts[r].data(), texts[r].size()});
  }
  transport_->exchange(std::vector<ConstBytes>(size(), bytes_of(text)), received);
  return texts;
}

std::vector<Array> Communicator::allgather(const Array& array) const {
  const Header mine = together([&] { return header_of("allgather", array); });
  meet(meeting("allgather"));
  std::vector<Header> headers(size());
  transport_->allgather({&mine, sizeof mine}, headers.data());
  const Array sent = array.to(Device::cpu());
  std::vector<Array> arrays;
  std::vector<Bytes> received;
  for (const Header& header : headers) received.push_back(elements(arrays.emplace_back(array_of(header))));
  transport_->exchange(std::vector<ConstBytes>(size(), elements(sent)), received);
  for (Array& each : arrays) each = each.to(array.device());
  return arrays;
}

std::vector<Array> Communicator::gather(const Array& array, std::size_t root) const {
  if (root >= size()) throw Error("Communicator: gather: root is ", root, ", expected a rank below ", size());
  const Header mine = together([&] { return header_of("gather", array); });
  meet(meeting("gather to " + std::to_string(root)));
  std::vector<Header> headers(size());
  transport_->allgather({&mine, sizeof mine}, headers.data());
  const Array elements_of_this = array.to(Device::cpu());
  auto sent = nothing_sent(size());
  sent[root] = elements(elements_of_this);
  auto received = nothing_received(size());
  std::vector<Array> arrays;
  if (rank() == root)
    for (std::size_t r = 0; r < size(); ++r)
      received[r] = elements(arrays.emplace_back(array_of(headers[r])));
  transport_->exchange(sent, received);
  for (Array& each : arrays) each = each.to(array.device());
  return arrays;
}

// Each rank adds up a segment of all arrays, and then has it from all others.
Array Communicator::allreduce(const Array& array) const {
  const Header mine = together([&] { return header_of("allreduce", array); });
  meet(meeting("allreduce"));
  std::vector<Header> headers(size());
  transport_->allgather({&mine, sizeof mine}, headers.data());
  for (std::size_t r = 0; r < size(); ++r)
    if (std::memcmp(&headers[r], &headers[0], sizeof mine) != 0)
      throw Error("Communicator: allreduce: the arrays of ranks 0 and ", r, " differ: ", array_of(headers[0]),
                  " and ", array_of(headers[r]));
  Array flat = array.to(Device::cpu()).copy().reshape({array.size()});
  const auto begin = [&](std::size_t r) { return flat.size() * r / size(); };
  const auto segment = [&](std::size_t r) { return flat.slice(begin(r), begin(r + 1)); };
  std::vector<ConstBytes> sent;
  std::vector<Array> terms;
  std::vector<Bytes> received;
  for (std::size_t r = 0; r < size(); ++r) {
    const Array theirs = segment(r);
    sent.push_back(elements(theirs));
    received.push_back(elements(terms.emplace_back(Array::empty({segment(rank()).size()}, flat.dtype()))));
  }
  transport_->exchange(sent, received);
  for (std::size_t r = 1; r < size(); ++r) terms[0].add(terms[r]);
  received.clear();
  for (std::size_t r = 0; r < size(); ++r) {
    Array place = segment(r);
    received.push_back(elements(place));
  }
  const Array sum = terms[0];
  transport_->exchange(std::vector<ConstBytes>(size(), elements(sum)), received);
  return flat.reshape(array.shape()).to(array.device());
}

Arrays Communicator::scatter(const std::vector<Arrays>& lists, std::size_t root) const {
  if (root >= size())
    throw Error("Communicator: scatter: root is ", root, ", expected a rank below ", size());
  const bool is_root = rank() == root;
  std::vector<Header> headers;  // at the root, those of all lists
  std::vector<std::uint64_t> counts(size());
  together([&] {
    if (is_root && lists.size() != size())
      throw Error("Communicator: scatter: expected a list for each of ", size(), " ranks, got ",
                  lists.size());
    for (std::size_t r = 0; is_root && r < size(); ++r) {
      counts[r] = lists[r].size();
      for (const Array& array : lists[r]) headers.push_back(header_of("scatter", array));
    }
  });
  meet(meeting("scatter from " + std::to_string(root)));
  transport_->broadcast({counts.data(), counts.size() * sizeof counts[0]}, root);
  headers.resize(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
  if (!headers.empty()) transport_->broadcast({headers.data(), headers.size() * sizeof headers[0]}, root);

  const std::size_t first =
      std::accumulate(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(rank()), std::size_t{0});
  const std::size_t most = *std::max_element(counts.begin(), counts.end());
  Arrays mine;
  for (std::size_t i = 0; i < most; ++i) {
    auto sent = nothing_sent(size());
    std::vector<Array> on_cpu;  // until they are sent
    for (std::size_t r = 0; is_root && r < size(); ++r)
      if (i < counts[r]) {
        const Array array = on_cpu.emplace_back(lists[r][i].to(Device::cpu()));
        sent[r] = elements(array);
      }
    auto received = nothing_received(size());
    if (i < counts[rank()]) {
      mine.push_back(array_of(headers[first + i]));
      received[root] = elements(mine.back());
    }
    transport_->exchange(sent, received);
  }
  return mine;
}

void Communicator::abort(const std::string& message) const {
  std::cerr << (size() > 1 ? "rank " + std::to_string(rank()) + ": " : "") + message + "\n" << std::flush;
  transport_->abort();
  std::abort();  // g++ 12 does not see that the call above does not return
}

}  // namespace tenbin
