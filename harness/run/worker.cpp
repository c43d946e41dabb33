#include "harness/run/worker.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

#include "harness/model/finding_codes.h"
#include "harness/run/worker_context.h"

namespace assay::run {
namespace {

/// `part`: the slot that it came from, where it is one of several, or all that it can have come from.
void send_error(WorkerPipe& pipe, std::size_t body, const FindingCode& symptom, const std::string& message,
                const Part& part = {}) {
  spdlog::error("{}: {}", symptom, message);
  nlohmann::json content{{"symptom", symptom}, {"message", message}};
  if (!part.empty()) content["part"] = part;
  pipe.send(body, "error", std::move(content));
}

Part slot_at(const std::vector<Device>& devices, const std::string& pci_address) {
  for (const Device& device : devices) {
    if (!pci_address.empty() && device.pci_address == pci_address) return device.slot;
  }
  return {};
}

/// The GPU that it names, which in collectives can be another worker's. What hangs or fails there is else
/// nobody's in particular.
Part part_of(const Assignment& assignment, const DeviceError& error) {
  const bool of_all = FindingCode(error.code()).area() == FindingCode(codes::collective_hung).area();
  if (!of_all) return slot_at(assignment.devices, error.pci_address());
  const Part named = slot_at(assignment.slots, error.pci_address());
  return named.empty() ? assignment.placement : named;
}

/// Ranks can meet without touching one another's memory.
bool works_with_peers(const std::string& name) {
  const Check* check = find_check(name);
  return check == nullptr || std::count(check->loads.begin(), check->loads.end(), Resource::nvlink_in) > 0;
}

/// False when nobody listens any more. `left`: bodies that have not ended.
bool run_body(WorkerPipe& pipe, const Assignment& assignment, std::size_t body, WorkerNode& node,
              std::atomic<std::size_t>& left) {
  bool heard = true;
  try {
    try {
      const std::string& name = assignment.bodies[body].check;
      node.body_begins(body, name);
      const Check* check = find_check(name);
      if (check == nullptr) throw std::invalid_argument("no check named " + name);
      WorkerContext context(pipe, *check, assignment, body, node);
      check->run(context);
    } catch (const ipc::ProtocolError&) {
      throw;
    } catch (const DeviceError& error) {
      const bool among_peers = assignment.devices.size() > 1 ||
                               (assignment.ranks > 1 && works_with_peers(assignment.bodies[body].check));
      if (among_peers && error.code() == codes::contained_error) {
        // It may be any peer's, or of what lies between: the devices' own words say whose.
        send_error(pipe, body, codes::contained_among_peers, error.what(), assignment.placement);
      } else {
        send_error(pipe, body, error.code(), error.what(), part_of(assignment, error));
      }
    } catch (const std::bad_alloc&) {
      send_error(pipe, body, codes::out_of_memory, "the worker could not allocate host memory");
    } catch (const std::exception& error) {
      send_error(pipe, body, codes::check_error, error.what());
    }
  } catch (const ipc::ProtocolError&) {
    heard = false;
  }
  if (--left > 0) node.body_done(body);  // the last one holds time until the process has ended
  return heard;
}

/// False when nobody listens any more.
bool run_bodies(ipc::Channel& channel, const Assignment& assignment, const Backend& backend) {
  WorkerPipe pipe(channel, assignment.bodies.size());
  const auto node = backend.worker_node(assignment.node);
  std::atomic<bool> heard = true;
  std::atomic<std::size_t> left = assignment.bodies.size();
  std::vector<std::thread> others;
  for (std::size_t body = 1; body < assignment.bodies.size(); ++body) {
    others.emplace_back([&, body] {
      if (!run_body(pipe, assignment, body, *node, left)) heard = false;
    });
  }
  if (!run_body(pipe, assignment, 0, *node, left)) heard = false;
  for (std::thread& other : others) other.join();
  return heard;
}

}  // namespace

int worker_main(int fd, const Backend& backend) {
  ipc::Channel channel(fd);
  try {
    const auto start = channel.receive();
    if (!start) return 0;  // the supervisor went away before there was anything to do
    try {
      if (!run_bodies(channel, start->get<Assignment>(), backend)) return 1;
    } catch (const ipc::ProtocolError&) {
      throw;
    } catch (const std::exception& error) {  // before any check was there to blame
      channel.send({{"error", {{"symptom", codes::check_error}, {"message", error.what()}}}});
    }
    channel.send({{"done", nlohmann::json::object()}});
  } catch (const ipc::ProtocolError&) {
    return 1;  // nobody listens any more
  }
  return 0;
}

}  // namespace assay::run
