#include "harness/node_sim/state.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "harness/base/machine_refused.h"

namespace assay::sim {
namespace {

constexpr char kMagic[8] = {'A', 'S', 'S', 'A', 'Y', 'S', 'I', 'M'};

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw std::runtime_error("simulated node state " + path + ": " + what);
}

void initialise_mutex(pthread_mutex_t& mutex) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
}

void initialise(State& state) {
  std::memcpy(state.magic, kMagic, sizeof(kMagic));
  state.version = kStateVersion;
  state.size = sizeof(State);
  initialise_mutex(state.clock.mutex);
  initialise_mutex(state.mutex);
}

State* map(int fd, const std::string& path) {
  const int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
  void* memory = mmap(nullptr, sizeof(State), PROT_READ | PROT_WRITE, flags, fd, 0);
  if (memory == MAP_FAILED) throw MachineRefused(path, errno);
  return static_cast<State*>(memory);
}

}  // namespace

SharedState::SharedState(State* state, std::string path)
    : state_(state, [](State* s) { munmap(s, sizeof(State)); }), path_(std::move(path)) {}

SharedState SharedState::create(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) throw MachineRefused(path, errno);
  // Its blocks too: a disk that is full at the first write into the mapping would end us by SIGBUS.
  if (const int error = posix_fallocate(fd, 0, sizeof(State)); error != 0) {
    close(fd);
    throw MachineRefused(path, error);
  }
  State* state = map(fd, path);
  close(fd);
  initialise(*state);
  return SharedState(state, path);
}

SharedState SharedState::attach(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) throw MachineRefused(path, errno);
  struct stat info {};
  const bool whole = fstat(fd, &info) == 0 && info.st_size >= static_cast<off_t>(sizeof(State));
  if (!whole) {
    close(fd);
    fail("is not one of this version", path);
  }
  SharedState shared(map(fd, path), path);
  close(fd);
  if (std::memcmp(shared->magic, kMagic, sizeof(kMagic)) != 0 || shared->version != kStateVersion ||
      shared->size != sizeof(State)) {
    fail("is not one of this version", path);
  }
  return shared;
}

SharedState SharedState::anonymous() {
  SharedState shared(map(-1, "(anonymous)"), "");
  initialise(*shared);
  return shared;
}

Lock::Lock(pthread_mutex_t& mutex) : mutex_(mutex) {
  // Whoever holds it has a few microseconds of work: to sleep, and be woken, takes longer than that.
  constexpr int kTries = 100;
  int result = EBUSY;
  for (int i = 0; i < kTries && result == EBUSY; ++i) result = pthread_mutex_trylock(&mutex_);
  if (result == EBUSY) result = pthread_mutex_lock(&mutex_);
  if (result == EOWNERDEAD) pthread_mutex_consistent(&mutex_);
}

Lock::~Lock() {
  pthread_mutex_unlock(&mutex_);
}

double fault_parameter(const FaultState& fault, const char* name, double fallback) {
  for (const auto& parameter : fault.parameters) {
    if (std::strncmp(parameter.name, name, sizeof(parameter.name)) == 0) return parameter.value;
  }
  return fallback;
}

std::string_view fault_text(const FaultState& fault, const char* name) {
  for (const auto& text : fault.texts) {
    if (std::strncmp(text.name, name, sizeof(text.name)) == 0)
      return {text.value, strnlen(text.value, sizeof(text.value))};
  }
  return {};
}

const FaultState* find_fault(const State& state, const char* kind, int slot) {
  for (int i = 0; i < state.fault_count; ++i) {
    const FaultState& fault = state.faults[i];
    if (fault.slot == slot && std::strncmp(fault.kind, kind, sizeof(fault.kind)) == 0) return &fault;
  }
  return nullptr;
}

int gpu_index_of_slot(const State& state, int slot) {
  for (int i = 0; i < state.gpu_count; ++i) {
    if (state.constants[i].slot == slot) return i;
  }
  return -1;
}

}  // namespace assay::sim
