// What the sampler costs beside the work it watches: its share of one core at 10 Hz for eight GPUs, on the
// real clock and through the stand-in management library. A real driver's calls come on top.
#include <benchmark/benchmark.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "harness/ipc/channel.h"
#include "harness/node_real/real_backend.h"
#include "harness/telemetry/sampler.h"
#include "harness/testing/scratch_folder.h"

namespace assay::telemetry {
namespace {

constexpr int kGpus = 8;
constexpr double kHz = 10;
constexpr std::chrono::seconds kDuration{10};
constexpr int kAnswerTimeoutMs = 10'000;

/// sampler_main in a process of its own, so that its processor time is its own.
class SamplerProcess {
 public:
  SamplerProcess() : sockets_(ipc::make_socket_pair()), channel_(sockets_.parent.get()), pid_(fork()) {
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
      sockets_.parent.close();
      _exit(sampler_main(sockets_.child.get(), real_backend()));
    }
    sockets_.child.close();
    ask(SamplerStart{real_sampler_address("/dev/null", ASSAY_SIMULATED_NVML)}, "ready");
  }
  ~SamplerProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  SamplerProcess(const SamplerProcess&) = delete;
  SamplerProcess& operator=(const SamplerProcess&) = delete;

  nlohmann::json ask(const nlohmann::json& message, const char* answer_name) {
    channel_.send(message);
    if (!channel_.wait(kAnswerTimeoutMs)) throw std::runtime_error("the sampler does not answer");
    const std::optional<nlohmann::json> answer = channel_.receive();
    if (!answer) throw std::runtime_error("the sampler has ended");
    if (!answer->contains(answer_name)) throw std::runtime_error("the sampler answered " + answer->dump());
    return answer->at(answer_name);
  }

  /// Of all its threads.
  double processor_seconds() const {
    clockid_t clock{};
    timespec time{};
    if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &time) != 0)
      throw std::runtime_error("the sampler's processor time cannot be read");
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }

 private:
  ipc::SocketPair sockets_;
  ipc::Channel channel_;
  pid_t pid_;
};

void sampler(benchmark::State& state) {
  using std::chrono::steady_clock;
  while (state.KeepRunning()) {
    try {
      SamplerProcess process;
      const testing_tools::ScratchFolder scratch;
      const std::string series = scratch / "telemetry.csv.zst";
      process.ask({{"record", {{"path", series}, {"hz", kHz}, {"parts", nlohmann::json::object()}}}},
                  "recording");
      const double processor_before = process.processor_seconds();
      const auto before = steady_clock::now();
      // In the supervisor's rhythm: it asks for a snapshot around every step.
      while (steady_clock::now() - before < kDuration) {
        usleep(1'000'000);
        process.ask({{"snapshot", nlohmann::json::object()}}, "snapshot");
      }
      const double seconds = std::chrono::duration<double>(steady_clock::now() - before).count();
      state.counters["core_share"] = (process.processor_seconds() - processor_before) / seconds;
      const auto rows =
          process.ask({{"finish", nlohmann::json::object()}}, "finished").at("rows").get<double>();
      state.counters["sample_share"] = rows / (kGpus * kHz * seconds);
      state.SetIterationTime(seconds);
    } catch (const std::exception& error) {
      state.SkipWithError(error.what());
    }
  }
}
BENCHMARK(sampler)->Name("sampler_10hz_8_gpus")->Iterations(1)->Repetitions(3)->UseManualTime();

}  // namespace
}  // namespace assay::telemetry
