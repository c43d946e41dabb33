#include "harness/run/worker_context.h"

#include <stdexcept>
#include <utility>

#include "harness/base/hex.h"
#include "harness/model/values.h"
#include "harness/run/attachment.h"
#include "harness/run/memory_share.h"
#include "harness/run/worker_error.h"

namespace assay::run {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kProgressInterval{100};  // a display is not redrawn more often

}  // namespace

WorkerContext::WorkerContext(WorkerPipe& pipe, const Check& check, const Assignment& assignment,
                             std::size_t body, WorkerNode& node, bool& said_error)
    : pipe_(pipe), check_(check), assignment_(assignment), body_(body), node_(node), said_error_(said_error) {
  for (const Device& device : assignment.devices) {
    gpus_.push_back(with_memory_share(node.open_gpu(device.slot, device.pci_address, mine().seed, body),
                                      mine().memory_share));
  }
}

Gpu& WorkerContext::gpu(int device) {
  if (device < 0 || device >= devices())
    throw std::logic_error(check_.name + " has no GPU number " + std::to_string(device));
  return *gpus_[static_cast<std::size_t>(device)];
}

const Part& WorkerContext::slot_of(int device) const {
  return assignment_.devices.at(static_cast<std::size_t>(device)).slot;
}

const std::string& WorkerContext::pci_address_of(int device) const {
  return assignment_.devices.at(static_cast<std::size_t>(device)).pci_address;
}

const CublasLt& WorkerContext::cublaslt() {
  if (!check_.uses_cublaslt) throw std::logic_error(check_.name + " does not say that it uses cuBLASLt");
  if (cublaslt_ == nullptr) {
    std::string why_not;
    if (auto library = node_.cublaslt(why_not)) cublaslt_ = CublasLt::open(std::move(library), why_not);
    if (cublaslt_ == nullptr) throw DeviceError(codes::library_missing, "cuBLASLt: " + why_not);
  }
  return *cublaslt_;
}

const Nccl& WorkerContext::nccl() {
  if (!check_.uses_nccl) throw std::logic_error(check_.name + " does not say that it uses NCCL");
  if (nccl_ == nullptr) {
    std::string why_not;
    if (auto library = node_.nccl(why_not)) nccl_ = Nccl::open(std::move(library), why_not);
    if (nccl_ == nullptr) throw DeviceError(codes::library_missing, "NCCL: " + why_not);
  }
  return *nccl_;
}

void WorkerContext::stay() {
  pipe_.ask(body_, "stay", json::object(), "go_on");
}

const NodeReadings& WorkerContext::look_again() {
  if (check_.scope != Scope::node) throw std::logic_error(check_.name + " is no check of the node");
  newer_ = pipe_.ask(body_, "look_again", json::object(), "readings").get<NodeReadings>();
  return *newer_;
}

std::optional<double> WorkerContext::power_w() {
  const json watts = pipe_.ask(body_, "power", {{"until", clock().now()}}, "power");
  return watts.is_number() ? std::optional(watts.get<double>()) : std::nullopt;
}

std::vector<std::string> WorkerContext::exchange(const std::string& mine, double most_s) {
  std::vector<std::string> blobs;
  for (const json& blob :
       pipe_.ask(body_, "exchange", {{"blob", to_hex(mine)}, {"within_s", most_s}}, "exchange"))
    blobs.push_back(from_hex(blob.get<std::string>()));
  return blobs;
}

std::vector<SlotInventory> WorkerContext::slots() const {
  std::vector<SlotInventory> result;
  for (const Device& device : assignment_.slots) result.push_back({device.slot, find(device.pci_address)});
  return result;
}

void WorkerContext::measure(const std::string& name, double value, Unit unit) {
  measure_at(own_part(name), name, value, unit);
}

void WorkerContext::measure(const std::string& name, const std::string& value) {
  measure_at(own_part(name), name, value);
}

void WorkerContext::measure_at(const Part& part, const std::string& name, double value, Unit unit) {
  send_measure(part, name, value_to_json(value), unit);
}

void WorkerContext::measure_at(const Part& part, const std::string& name, const std::string& value) {
  send_measure(part, name, value, Unit::text);
}

void WorkerContext::say_before_throwing(const DeviceError& error) {
  send_error(pipe_, assignment_, body_, error);
  said_error_ = true;
}

void WorkerContext::evidence(const std::string& name, const json& content) {
  pipe_.send(body_, "evidence", {{"name", name}, {"content", content}});
}

void WorkerContext::attach(const std::string& name, const std::string& type, const std::string& path) {
  send_attachment(name, type, copy_attachment(path, mine().attachments, name));
}

void WorkerContext::attach_text(const std::string& name, const std::string& type, const std::string& text) {
  send_attachment(name, type, write_attachment(text, mine().attachments, name));
}

void WorkerContext::send_attachment(const std::string& name, const std::string& type,
                                    const std::string& file) {
  pipe_.send(body_, "attach", {{"name", name}, {"type", type}, {"file", file}});
}

void WorkerContext::log(const std::string& message) {
  pipe_.send(body_, "log", {{"message", message}});
}

void WorkerContext::progress(double fraction) {
  const auto now = std::chrono::steady_clock::now();
  if (fraction < 1 && now - last_progress_ < kProgressInterval) return;
  last_progress_ = now;
  pipe_.send(body_, "progress", {{"fraction", fraction}});
}

const GpuReadings* WorkerContext::find(const std::string& pci_address) const {
  for (const GpuReadings& gpu : readings().gpus) {
    if (!pci_address.empty() && gpu.identity.pci_address.value == pci_address) return &gpu;
  }
  return nullptr;
}

Part WorkerContext::own_part(const std::string& measure) const {
  for (const Measure& declared : check_.measures) {
    if (declared.name == measure) return assignment_.part.below(declared.subcomponent);
  }
  return assignment_.part;
}

void WorkerContext::send_measure(const Part& part, const std::string& name, json value, Unit unit) {
  pipe_.send(body_, "measure",
             {{"name", name}, {"value", std::move(value)}, {"unit", symbol(unit)}, {"part", part}});
}

}  // namespace assay::run
