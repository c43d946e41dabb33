// The supervisor's end of the sampler.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "harness/ipc/child.h"
#include "harness/kernel_log/before.h"
#include "harness/model/event_catalogue.h"
#include "harness/telemetry/sampler.h"

namespace assay::run {

/// The management library cannot be used: no driver, the wrong library, no answer. what() is for people.
class NoManagementLibrary : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class SamplerClient {
 public:
  /// Over a sampler that runs already.
  explicit SamplerClient(std::unique_ptr<ipc::Child> child, EventCatalogue catalogue = {})
      : child_(std::move(child)), catalogue_(std::move(catalogue)) {}
  /// Spawns the sampler and waits until it has opened the library. Throws NoManagementLibrary. What the
  /// kernel's log says is looked up in `catalogue`.
  static SamplerClient start(const telemetry::SamplerStart& start, const ipc::ChildFiles& files,
                             EventCatalogue catalogue = {});

  /// Starts the series. The sampler is lost when the telemetry file cannot be written.
  void record(const std::string& path, double hz, const std::map<std::string, Part>& parts);

  /// Nothing once the sampler is dead: why_lost() says how.
  std::optional<telemetry::Snapshot> snapshot();
  /// Mean of the samples of this GPU in the second before `until`, by the node's clock. Nothing where there
  /// are none, or nobody answers.
  std::optional<double> mean_power_w(const std::string& pci_address, Nanoseconds until);
  const std::string& why_lost() const { return why_lost_; }
  bool alive() const { return child_ != nullptr; }
  pid_t pid() const { return child_ ? child_->pid() : 0; }
  /// For poll(): readable when it died unasked.
  int fd() const { return child_ ? child_->fd() : -1; }
  /// The sampler's channel has something that was not asked for: it ended.
  void notice_end();

  /// Writes out its series and ends it. Why the series is not whole; empty where it is, or where the sampler
  /// was lost before.
  std::string finish();

 private:
  /// The next message, or nothing after `timeout_ms`, at its death, or at nonsense: then why_lost() is set.
  std::optional<nlohmann::json> ask(const nlohmann::json& message, int timeout_ms);
  void lose(const std::string& why);

  std::unique_ptr<ipc::Child> child_;
  ipc::FrameDecoder decoder_;
  std::string why_lost_;
  EventCatalogue catalogue_;
  kernel_log::Before before_;
};

}  // namespace assay::run
