#include "harness/telemetry/sampler.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "harness/ipc/channel.h"
#include "harness/kernel_log/event_digest.h"
#include "harness/node/nvml_client.h"
#include "harness/telemetry/gpu_sampling.h"
#include "harness/telemetry/series_file.h"
#include "harness/telemetry/summary.h"

namespace assay::telemetry {
namespace {

using nlohmann::json;

constexpr int kFlushIntervalMs = 1000;  // what a killed sampler loses of its series
constexpr std::chrono::milliseconds kPollForLastLine{20};
constexpr int kPollsForLastLine = 5;

class NvmlSource : public GpuSource {
 public:
  NvmlSource(NvmlClient& client, int gpu) : client_(client), gpu_(gpu) {}
  GpuReadings readings() override { return client_.readings(gpu_); }
  GpuSample sample(Nanoseconds now) override {
    GpuSample sample = client_.sample(gpu_, now);
    sample.margin_c = Integer::none(kNotAsked);
    if (margin_due_ > now) return sample;
    margin_due_ = now + kMarginEvery;
    sample.margin_c = client_.margin(gpu_);
    return sample;
  }

 private:
  static constexpr Nanoseconds kMarginEvery = kSecond;  // it takes longer than all the rest
  NvmlClient& client_;
  int gpu_;
  Nanoseconds margin_due_ = 0;
};

struct WatchedGpu {
  std::unique_ptr<GpuSampling> watch;
  GpuIdentity identity;           // as last read: what a GPU is called once it no longer answers
  std::vector<GpuSample> window;  // since the last snapshot
};

class Sampler {
 public:
  Sampler(ipc::Channel& channel, SamplerNode& node, const SamplerStart& start,
          std::unique_ptr<NvmlClient> client)
      : channel_(channel),
        node_(node),
        client_(std::move(client)),
        kernel_log_(node.kernel_log(), start.kernel_log_position,
                    [this](KernelEvent event) { before_.add(std::move(event)); }),
        kernel_log_begin_(kernel_log_.position()),
        attributed_(start.attributed) {
    kernel_log_why_not_ = kernel_log_.why_not();
    if (start.kernel_log_position != kernel_log::KernelLog::kFromEnd) {
      const kernel_log::KernelLog whole(node.kernel_log(), kernel_log::KernelLog::kFromEnd,
                                        [&](KernelEvent event) {
                                          if (event.position <= start.run_began)
                                            before_.add(std::move(event));
                                        });
    }
    for (int i = 0; i < client_->device_count(); ++i) {
      WatchedGpu gpu;
      gpu.watch =
          std::make_unique<GpuSampling>(std::make_unique<NvmlSource>(*client_, i), node.clock_of_gpu(i));
      gpus_.push_back(std::move(gpu));
    }
  }

  void serve() {
    for (;;) {
      if (!channel_.wait(kFlushIntervalMs)) {
        for (WatchedGpu& gpu : gpus_) gpu.watch->lose_if_stuck(std::chrono::milliseconds(kCallTimeoutMs));
        collect();
        poll_kernel_log();
        if (file_) file_->flush();
        continue;
      }
      const auto message = channel_.receive();
      if (!message) return;  // the supervisor is gone
      if (message->contains("snapshot")) channel_.send({{"snapshot", snapshot()}});
      if (message->contains("power")) tell_power(message->at("power"));
      if (message->contains("record")) record(message->at("record"));
      if (message->contains("finish")) return finish();
    }
  }

 private:
  /// Moves samples from the threads to the file and to the window of the next snapshot.
  void collect() {
    for (WatchedGpu& gpu : gpus_) {
      for (GpuSample& sample : gpu.watch->take_samples()) {
        if (file_) file_->add(part_of(gpu), sample);
        gpu.window.push_back(std::move(sample));
      }
    }
  }

  /// Often: the kernel's ring holds a few thousand records, and a step may take an hour.
  void poll_kernel_log() {
    kernel_log_.poll([this](KernelEvent event) {
      const auto known = attributed_.find(event.pci_address);
      const auto others = attributed_.find("");
      const auto& mark = known != attributed_.end() ? known : others;
      if (mark == attributed_.end() || event.position > mark->second) events_.add(std::move(event));
    });
  }

  Part part_of(const WatchedGpu& gpu) const {
    const std::string address = gpu.identity.pci_address.value.value_or("");
    const auto found = parts_.find(address);
    return found == parts_.end() ? address : found->second;
  }

  Snapshot snapshot() {
    for (WatchedGpu& gpu : gpus_) gpu.watch->request_readings();
    // Hanging GPUs share one time-out: they all hang at the same time.
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::milliseconds(kCallTimeoutMs);
    Snapshot result;
    result.readings.time = node_.now();
    for (WatchedGpu& gpu : gpus_) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(give_up - std::chrono::steady_clock::now());
      auto readings = gpu.watch->wait_for_readings(std::max(left, std::chrono::milliseconds(1)));
      if (readings) {
        gpu.identity = readings->identity;
      } else {
        readings.emplace();
        readings->identity = gpu.identity;
        readings->lost = "timeout";
      }
      result.readings.gpus.push_back(std::move(*readings));
    }
    result.readings.driver_version = client_->driver_version();
    result.readings.nvml_version = client_->nvml_version();
    result.readings.cuda_driver_version = client_->cuda_driver_version();
    result.readings.confidential_compute = client_->confidential_compute();
    result.readings.simulated = client_->simulated();
    result.readings.events_before = before_.take();  // once
    result.readings.more_events_before = before_.take_uncounted();
    result.readings.kernel_log_missing = kernel_log_why_not_;
    poll_kernel_log();
    // An exception's lines come within milliseconds; one that has no last line is waited for in vain.
    for (int i = 0; i < kPollsForLastLine && events_.awaits_lines(); ++i) {
      std::this_thread::sleep_for(kPollForLastLine);
      poll_kernel_log();
    }
    result.events = events_.take();
    result.events_uncounted = events_.take_uncounted();
    result.kernel_log_missing = kernel_log_.take_loss();
    result.kernel_log_begin = std::exchange(kernel_log_begin_, kernel_log_.position());
    result.kernel_log_position = kernel_log_begin_;
    collect();
    for (WatchedGpu& gpu : gpus_) {
      result.series[gpu.identity.pci_address.value.value_or("")] = summarise(gpu.window, sampling_period_s_);
      gpu.window.clear();
    }
    if (file_) {
      file_->end_stretches();  // a step ends here, or begins
      file_->flush();
    }
    return result;
  }

  void tell_power(const json& request) {
    collect();
    const auto until = request.at("until").get<Nanoseconds>();
    json watts;
    for (const WatchedGpu& gpu : gpus_) {
      if (gpu.identity.pci_address.value != request.at("of").get<std::string>()) continue;
      const Reading<double> mean = mean_power_w(gpu.window, until - kSecond, until);
      if (mean.value) watts = *mean.value;
    }
    channel_.send({{"power", watts}});
  }

  void record(const json& request) {
    try {
      file_.emplace(request.at("path").get<std::string>());
    } catch (const std::runtime_error& error) {
      channel_.send({{"failed", {{"why", error.what()}}}});
      return;
    }
    request.at("parts").get_to(parts_);
    const double hz = request.at("hz").get<double>();
    sampling_period_s_ = hz > 0 ? 1 / hz : 0;
    for (WatchedGpu& gpu : gpus_) gpu.watch->sample_at(hz);
    channel_.send({{"recording", json::object()}});
  }

  void finish() {
    for (WatchedGpu& gpu : gpus_) gpu.watch->sample_at(0);
    collect();
    std::size_t rows = 0;
    if (file_) {
      file_->end_stretches();
      file_->flush();
      rows = file_->rows();
    }
    channel_.send({{"finished", {{"rows", rows}}}});
  }

  ipc::Channel& channel_;
  SamplerNode& node_;
  std::unique_ptr<NvmlClient> client_;
  kernel_log::EventDigest before_;  // the run began
  kernel_log::KernelLog kernel_log_;
  std::int64_t kernel_log_begin_;   // where the next snapshot's events begin
  kernel_log::EventDigest events_;  // since the last snapshot
  std::string kernel_log_why_not_;
  std::map<std::string, std::int64_t> attributed_;
  std::optional<SeriesFile> file_;
  double sampling_period_s_ = 0;
  std::map<std::string, Part> parts_;  // by PCI address
  std::vector<WatchedGpu> gpus_;       // last: its threads end before what they use does
};

}  // namespace

int sampler_main(int fd, const Backend& backend) {
  ipc::Channel channel(fd);
  try {
    const auto message = channel.receive();
    if (!message) return 0;
    const auto start = message->get<SamplerStart>();
    std::string why_not;
    const auto node = backend.sampler_node(start.node);
    auto client = NvmlClient::open(node->management_library(), why_not, node->library_node());
    if (!client) {
      channel.send({{"failed", {{"why", why_not}}}});
      return 0;
    }
    Sampler sampler(channel, *node, start, std::move(client));
    channel.send({{"ready", json::object()}});
    sampler.serve();
  } catch (const std::exception& error) {
    spdlog::error("sampler: {}", error.what());
    try {
      channel.send({{"failed", {{"why", error.what()}}}});
    } catch (const ipc::ProtocolError&) {
      return 1;  // nobody listens any more
    }
    return 1;
  }
  return 0;
}

}  // namespace assay::telemetry
