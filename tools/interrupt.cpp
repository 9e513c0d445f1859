#include "tenbin/tools/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <string_view>

namespace tenbin::tools {

namespace {

// Read by the handler, which may only call functions that are async-signal-safe.
std::string exit_message;
std::atomic<int> patient = 0;
std::atomic<int> received = 0;

void write_error(std::string_view text) {
  // Nothing can be done about an error here.
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

[[noreturn]] void leave(int signal) {
  write_error(exit_message);
  ::_exit(128 + signal);
}

void handle(int signal) {
  const bool first = received == 0;
  received = signal;
  if (patient == 0 || !first) leave(signal);
  write_error("\ntenbin: interrupted; ends after the running pass over the rows. Ctrl-C again: at once\n");
}

void install(const std::string& message, bool finish_first) {
  exit_message = "\ntenbin: " + message + '\n';
  patient = finish_first ? 1 : 0;
  struct sigaction action = {};
  action.sa_handler = handle;
  for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
}

}  // namespace

void exit_on_interrupt(const std::string& message) { install(message, false); }

void finish_on_interrupt(const std::string& message) { install(message, true); }

bool interrupted() { return received != 0; }

void exit_interrupted() { leave(received); }

}  // namespace tenbin::tools
