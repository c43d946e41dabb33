#include "harness/run/worker.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cmath>
#include <new>
#include <optional>
#include <stdexcept>

#include "harness/check.h"
#include "harness/run/channel.h"
#include "harness/run/worker_node.h"

namespace assay::run {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kProgressInterval{100};  // a display is not redrawn more often

json number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

class PipeRanks : public Ranks {
 public:
  PipeRanks(Channel& channel, const Assignment& assignment) : channel_(channel), assignment_(assignment) {}
  int rank() const override { return assignment_.rank; }
  int count() const override { return assignment_.ranks; }

  std::vector<std::string> exchange(const std::string& mine) override {
    channel_.send({{"exchange", {{"blob", mine}}}});
    const auto reply = channel_.receive();
    if (!reply) throw ProtocolError("the supervisor is gone");
    return reply->at("exchange").get<std::vector<std::string>>();
  }

 private:
  Channel& channel_;
  const Assignment& assignment_;
};

class PipeContext : public Context {
 public:
  PipeContext(Channel& channel, const Check& check, const Assignment& assignment)
      : channel_(channel), check_(check), assignment_(assignment), clock_(open_clock(assignment.node)) {
    if (check.scope != Scope::node) gpu_ = open_gpu(assignment, *clock_);
    if (check.scope == Scope::ranks) ranks_.emplace(channel, assignment);
  }

  const Part& part() const override { return assignment_.part; }
  Gpu& gpu() override {
    if (!gpu_) throw std::logic_error(check_.name + " has scope node and no GPU");
    return *gpu_;
  }
  Ranks& ranks() override {
    if (!ranks_) throw std::logic_error(check_.name + " does not have scope ranks");
    return *ranks_;
  }
  Clock& clock() override { return *clock_; }
  const NodeReadings& readings() const override { return assignment_.readings; }

  std::vector<SlotInventory> slots() const override {
    std::vector<SlotInventory> result;
    for (const auto& [part, pci_address] : assignment_.slots) result.push_back({part, find(pci_address)});
    return result;
  }

  std::uint64_t seed() const override { return assignment_.seed; }
  double duration_s() const override { return assignment_.duration_s; }

  void measure(const std::string& name, double value, Unit unit) override {
    measure_at(own_part(name), name, value, unit);
  }
  void measure(const std::string& name, const std::string& value) override {
    measure_at(own_part(name), name, value);
  }
  void measure_at(const Part& part, const std::string& name, double value, Unit unit) override {
    send_measure(part, name, number(value), unit);
  }
  void measure_at(const Part& part, const std::string& name, const std::string& value) override {
    send_measure(part, name, value, Unit::text);
  }

  void evidence(const std::string& name, const json& content) override {
    channel_.send({{"evidence", {{"name", name}, {"content", content}}}});
  }
  void log(const std::string& message) override { channel_.send({{"log", {{"message", message}}}}); }
  void progress(double fraction) override {
    const auto now = std::chrono::steady_clock::now();
    if (fraction < 1 && now - last_progress_ < kProgressInterval) return;
    last_progress_ = now;
    channel_.send({{"progress", {{"fraction", fraction}}}});
  }
  void send_raw(const std::string& bytes) override { channel_.send_raw(bytes); }

 private:
  const GpuReadings* find(const std::string& pci_address) const {
    for (const GpuReadings& gpu : assignment_.readings.gpus) {
      if (!pci_address.empty() && gpu.identity.pci_address.value == pci_address) return &gpu;
    }
    return nullptr;
  }

  Part own_part(const std::string& name) const {
    for (const Measure& measure : check_.measures) {
      if (measure.name == name && !measure.subcomponent.empty())
        return assignment_.part + "/" + measure.subcomponent;
    }
    return assignment_.part;
  }

  void send_measure(const Part& part, const std::string& name, json value, Unit unit) {
    channel_.send(
        {{"measure", {{"name", name}, {"value", std::move(value)}, {"unit", symbol(unit)}, {"part", part}}}});
  }

  std::chrono::steady_clock::time_point last_progress_;
  Channel& channel_;
  const Check& check_;
  const Assignment& assignment_;
  std::unique_ptr<Clock> clock_;
  std::unique_ptr<Gpu> gpu_;
  std::optional<PipeRanks> ranks_;
};

void send_error(Channel& channel, const std::string& symptom, const std::string& message) {
  spdlog::error("{}: {}", symptom, message);
  channel.send({{"error", {{"symptom", symptom}, {"message", message}}}});
}

void run_check(Channel& channel, const Assignment& assignment) {
  const Check* check = find_check(assignment.check);
  if (check == nullptr) throw std::invalid_argument("no check named " + assignment.check);
  try {
    PipeContext context(channel, *check, assignment);
    check->run(context);
  } catch (const DeviceError& error) {
    send_error(channel, error.code(), error.what());
  } catch (const std::bad_alloc&) {
    send_error(channel, "harness.out_of_memory", "the worker could not allocate host memory");
  }
}

}  // namespace

void to_json(json& j, const Assignment& a) {
  j = {{"check", a.check},
       {"part", a.part},
       {"pci_address", a.pci_address},
       {"seed", a.seed},
       {"duration_s", a.duration_s},
       {"rank", a.rank},
       {"ranks", a.ranks},
       {"node", {{"simulated", a.node.simulated}, {"state_path", a.node.state_path}, {"seat", a.node.seat}}},
       {"slots", a.slots},
       {"readings", a.readings}};
}

void from_json(const json& j, Assignment& a) {
  j.at("check").get_to(a.check);
  j.at("part").get_to(a.part);
  j.at("pci_address").get_to(a.pci_address);
  j.at("seed").get_to(a.seed);
  j.at("duration_s").get_to(a.duration_s);
  j.at("rank").get_to(a.rank);
  j.at("ranks").get_to(a.ranks);
  const json& node = j.at("node");
  node.at("simulated").get_to(a.node.simulated);
  node.at("state_path").get_to(a.node.state_path);
  node.at("seat").get_to(a.node.seat);
  j.at("slots").get_to(a.slots);
  j.at("readings").get_to(a.readings);
}

int worker_main(int fd) {
  Channel channel(fd);
  try {
    const auto start = channel.receive();
    if (!start) return 0;  // the supervisor went away before there was anything to do
    try {
      run_check(channel, start->get<Assignment>());
    } catch (const ProtocolError&) {
      throw;
    } catch (const std::exception& error) {
      send_error(channel, "harness.check_error", error.what());
    }
    channel.send({{"done", json::object()}});
  } catch (const ProtocolError&) {
    return 1;  // nobody listens any more
  }
  return 0;
}

}  // namespace assay::run
