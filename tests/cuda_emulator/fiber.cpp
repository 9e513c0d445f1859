// Fibers by Boost.Context's stack switching, with AddressSanitizer's annotations.
#include "fiber.h"

#include <sys/mman.h>

#include <boost/context/detail/fcontext.hpp>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define CUDA_EMULATOR_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CUDA_EMULATOR_ASAN
#endif
#endif

#ifdef CUDA_EMULATOR_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace cuda_emulator {
namespace {

using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

constexpr std::size_t page = 4096;
constexpr std::size_t stack_bytes = 64 * page;  // the system provides a page when it is first used

Fiber* running = nullptr;

#ifdef CUDA_EMULATOR_ASAN
void leave(void** fake_stack, const void* bottom, std::size_t bytes) {
  __sanitizer_start_switch_fiber(fake_stack, bottom, bytes);
}
void arrive(void* fake_stack, const void** from_bottom, std::size_t* from_bytes) {
  __sanitizer_finish_switch_fiber(fake_stack, from_bottom, from_bytes);
}
void forget(const void* stack, std::size_t bytes) { __asan_unpoison_memory_region(stack, bytes); }
#else
void leave(void**, const void*, std::size_t) {}
void arrive(void*, const void**, std::size_t*) {}
void forget(const void*, std::size_t) {}
#endif

}  // namespace

struct Fiber::Entry {
  static void run(transfer_t from) {
    Fiber& self = *static_cast<Fiber*>(from.data);
    arrive(nullptr, &self.resumer_stack_.bottom, &self.resumer_stack_.bytes);
    self.resumer_context_ = from.fctx;
    self.body_();
    __builtin_trap();
  }
};

Fiber::Fiber(void (*body)()) : body_(body) {
  // The lowest page is protected: a stack overflow ends the program at once.
  void* memory =
      mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  mprotect(memory, page, PROT_NONE);
  stack_ = {static_cast<char*>(memory) + page, stack_bytes - page};
  restart();
}

Fiber::~Fiber() {
  forget(stack_.bottom, stack_.bytes);
  munmap(static_cast<char*>(const_cast<void*>(stack_.bottom)) - page, stack_bytes);
}

void Fiber::restart() {
  forget(stack_.bottom, stack_.bytes);
  char* top = static_cast<char*>(const_cast<void*>(stack_.bottom)) + stack_.bytes;
  context_ = make_fcontext(top, stack_.bytes, Entry::run);
}

void Fiber::resume() {
  running = this;
  void* fake_stack = nullptr;
  leave(&fake_stack, stack_.bottom, stack_.bytes);
  const transfer_t from = jump_fcontext(context_, this);
  arrive(fake_stack, nullptr, nullptr);
  context_ = from.fctx;
}

void Fiber::pause() {
  Fiber& self = *running;
  leave(&self.fake_stack_, self.resumer_stack_.bottom, self.resumer_stack_.bytes);
  const transfer_t from = jump_fcontext(self.resumer_context_, nullptr);
  arrive(self.fake_stack_, &self.resumer_stack_.bottom, &self.resumer_stack_.bytes);
  self.resumer_context_ = from.fctx;
}

Fiber& Fiber::current() { return *running; }

}  // namespace cuda_emulator
