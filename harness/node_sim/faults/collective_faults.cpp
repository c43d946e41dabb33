// Faults of collectives: data that arrive changed, ranks that are slow, stuck or gone.
#include <fmt/format.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/node_sim/faults/fault_kind.h"
#include "harness/node_sim/sim_kernel_log.h"

namespace assay::sim {
namespace {

using cuda_emulation::Arriving;
using cuda_emulation::Obstacle;

const std::vector<std::string> kAlgorithms{"", "RING", "TREE", "NVLS", "P2P"};
const std::vector<std::string> kProtocols{"", "LL", "LL128", "SIMPLE"};

config::FaultParameter text(const char* name, const char* meaning, const std::vector<std::string>& choices) {
  return {.name = name, .meaning = meaning, .unit = Unit::text, .fallback_text = "", .choices = choices};
}

bool is(std::string_view wanted, std::string_view word) {
  return wanted.empty() || wanted == word;
}

double parameter(const Calling& calling, const char* name) {
  return fault_parameter(calling.fault, name, 0);
}

config::FaultParameter of_rank() {
  return {"rank",      "of those that share the GPU, only this one of the communicator; -1: all",
          Unit::count, -1,
          15,          -1};
}

bool is_its_rank(const Calling& calling) {
  const double rank = parameter(calling, "rank");
  return rank < 0 || rank == static_cast<double>(calling.call.rank);
}

/// Whether the fault acts in such a call.
bool concerns(const Calling& calling) {
  return is_its_rank(calling) && is(fault_text(calling.fault, "algorithm"), calling.call.algorithm) &&
         is(fault_text(calling.fault, "protocol"), calling.call.protocol) &&
         is(fault_text(calling.fault, "datatype"), calling.call.type);
}

void flip(const Arriving& data, std::uint64_t element, std::uint64_t bit) {
  if (element < data.first || element >= data.first + data.count) return;
  auto* const bytes = static_cast<unsigned char*>(data.data) + (element - data.first) * data.element_bytes;
  bytes[bit / 8 % data.element_bytes] ^= static_cast<unsigned char>(1u << (bit % 8));
}

const RegisteredFault collective_corrupts{
    {"collective_corrupts",
     "what the GPU receives in collectives arrives changed, and nothing notices",
     "gpu",
     {{"call", "only in this one of a communicator, from 0; -1: in all", Unit::count, -1, 1e9, -1},
      {"step", "only what has gone over so many ways; 0: whatever", Unit::count, 0, 64, 0},
      {"element", "of the buffer, from its beginning; -1: the last, where their number is odd", Unit::count,
       -1, 1e12, 5},
      {"bit", "of the element", Unit::count, 0, 63, 1},
      of_rank(),
      text("algorithm", "only by this one", kAlgorithms),
      text("protocol", "only by this one", kProtocols),
      text("datatype", "only of this one, as NCCL names it", {})}},
    {.on_arrival = [](const Calling& calling, const Arriving& data) {
      const double call = parameter(calling, "call"), step = parameter(calling, "step"),
                   element = parameter(calling, "element");
      if (!concerns(calling) || (call >= 0 && call != static_cast<double>(calling.call.number))) return;
      if (step != 0 && step != data.step) return;
      if (element < 0 && data.elements % 2 == 0) return;
      flip(data, element < 0 ? data.elements - 1 : static_cast<std::uint64_t>(element),
           static_cast<std::uint64_t>(parameter(calling, "bit")));
    }}};

const RegisteredFault collective_slow{
    {"collective_slow",
     "the GPU is slow inside collectives",
     "gpu",
     {{"factor", "of the healthy rate, what is left", Unit::ratio, 0.01, 1, 0.5},
      of_rank(),
      text("algorithm", "only by this one", kAlgorithms)}},
    {.share_in_call = [](const Calling& calling) {
      return concerns(calling) ? parameter(calling, "factor") : 1;
    }}};

const RegisteredFault collective_late{
    {"collective_late",
     "the GPU's process is slow to begin collectives, as on a processor core that is held down",
     "gpu",
     {{"delay", "of each call", Unit::milliseconds, 0.001, 1e5, 0.2}}},
    {.late_by = [](const Calling& calling) { return parameter(calling, "delay") * 1e-3; }}};

bool is_collective(const Calling& calling) {
  return *calling.call.algorithm != '\0';
}

bool is_its_call(const Calling& calling) {
  return is_its_rank(calling) && is_collective(calling) &&
         parameter(calling, "call") == static_cast<double>(calling.call.number);
}

Obstacle stuck(const Calling& calling) {
  const std::string_view where = fault_text(calling.fault, "where"), function = calling.call.function;
  if (!is_its_rank(calling)) return Obstacle::none;
  if (where == "init") return function == "Init" ? Obstacle::hangs : Obstacle::none;
  if (function == "Abort") return parameter(calling, "abort") != 0 ? Obstacle::hangs : Obstacle::none;
  if (where == "finalize") return function == "Finalize" ? Obstacle::hangs : Obstacle::none;
  if (!is_its_call(calling)) return Obstacle::none;
  if (where == "before") return Obstacle::never_enters;
  return where == "count" ? Obstacle::another_count : Obstacle::hangs;
}

const RegisteredFault collective_stuck{
    {.name = "collective_stuck",
     .summary = "the GPU's rank never gets on",
     .target = "gpu",
     .parameters = {text("where",
                         "\"\": inside a collective; before it; with another count than the others; in init "
                         "or finalize of the communicator",
                         {"", "before", "count", "init", "finalize"}),
                    {"call", "in this one of a communicator, from 0", Unit::count, 0, 1e9, 3},
                    {"abort", "1: the rank hangs once more where it is aborted", Unit::count, 0, 1, 0},
                    of_rank()},
     .ends_workers = true},
    {.on_entry = stuck}};

const RegisteredFault collective_kills{
    {.name = "collective_kills",
     .summary = "the worker of this GPU dies in the middle of a collective",
     .target = "gpu",
     .parameters = {{"call", "in this one of a communicator, from 0", Unit::count, 0, 1e9, 3}, of_rank()},
     .ends_workers = true},
    {.on_entry = [](const Calling& calling) {
      if (is_its_call(calling)) std::raise(SIGKILL);
      return Obstacle::none;
    }}};

/// Hopper's line of it has seven words of registers; bit 16 of the first is one of those that NVIDIA's Xid
/// catalogue has hardware checked for.
const RegisteredFault nvlink_fails{
    {.name = "nvlink_fails",
     .summary = "an NVLink of the GPU fails in the middle of a collective, for good",
     .target = "gpu",
     .parameters = {{"call", "in this one of a communicator, from 0", Unit::count, 0, 1e9, 3},
                    {"link", "which", Unit::count, 0, kNvlinks - 1, 7},
                    of_rank()},
     .ends_workers = true},
    {.on_entry = [](const Calling& calling) {
      const auto number = static_cast<int>(parameter(calling, "link"));
      const Lock lock(calling.state.mutex);
      Nvlink& link = calling.state.dynamic[calling.gpu].nvlinks[number];
      if (!is_its_call(calling) || link.active == 0) return Obstacle::none;
      link.active = 0;
      log_xid(calling.state, calling.gpu, 74, true,
              fmt::format("NVLink: fatal error detected on link {}(0x10000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0)",
                          number));
      return Obstacle::link_fails;
    }}};

const RegisteredFault collective_fails{
    {.name = "collective_fails",
     .summary = "NCCL gives an error of its own where this GPU's rank calls it",
     .target = "gpu",
     .parameters = {{.name = "function",
                     .meaning = "by which it is called",
                     .unit = Unit::text,
                     .fallback_text = "AllReduce",
                     .choices = {"AllReduce", "AllGather", "Broadcast", "Reduce", "ReduceScatter", "AlltoAll",
                                 "Init"}},
                    text("lack", "what it complains of: \"shm\", that /dev/shm has no room", {"", "shm"})}},
    {.on_entry = [](const Calling& calling) {
      const bool before_it = !is_collective(calling);
      if (!before_it || fault_text(calling.fault, "function") != calling.call.function) return Obstacle::none;
      return fault_text(calling.fault, "lack") == "shm" ? Obstacle::no_shared_memory
                                                        : Obstacle::reported_failure;
    }}};

const RegisteredFault nccl_heeds_nothing{
    {"nccl_heeds_nothing",
     "NCCL takes the algorithms that it wants, whatever its environment says",
     "node",
     {}},
    {.in_node = [](State& state, const FaultState&) { state.nccl_heeds_nothing = 1; }}};

/// The files of the node look for it (simulated_files.cpp).
const RegisteredFault nccl_settings{{"nccl_settings",
                                     "the machine has an /etc/nccl.conf; NCCL does not heed it here",
                                     "node",
                                     {{.name = "line",
                                       .meaning = "of that file",
                                       .unit = Unit::text,
                                       .fallback_text = "NCCL_P2P_DISABLE=1"}}},
                                    {}};

const RegisteredFault no_multicast{
    {"no_multicast", "the NVSwitches do not send to all nor add up, and NCCL goes without", "node", {}},
    {.in_node = [](State& state, const FaultState&) { state.multicast_lost = 1; }}};

}  // namespace
}  // namespace assay::sim
