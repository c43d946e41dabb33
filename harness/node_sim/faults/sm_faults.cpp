// Faults of multiprocessors (SMs): results with a wrong bit.
#include "harness/node_sim/cublaslt_host.h"
#include "harness/node_sim/faults/fault_kind.h"

namespace assay::sim {
namespace {

using config::FaultParameter;

constexpr double kMostSm = 255, kEverySubPartition = kSubPartitions;

std::vector<FaultParameter> with_conditions(std::vector<FaultParameter> own) {
  const std::vector<FaultParameter> common{
      {"sm", "its number, as %smid", Unit::count, 0, kMostSm, 57},
      {"every_sm", "1: in all of them", Unit::count, 0, 1, 0},
      {"sub_partition", "0 to 3; 4: in all four", Unit::count, 0, kEverySubPartition, kEverySubPartition},
      {"bit", "of the result", Unit::count, 0, 63, 5},
      {"gives", "0, 1; 2: the other value", Unit::count, 0, 2, 2},
      {"every", "of so many results, one is wrong, drawn at random", Unit::count, 1, 1e9, 1},
      {"above", "wrong only while the GPU is warmer", Unit::celsius, -50, 150, -50},
      {"above_power", "wrong only while the GPU draws more", Unit::watts, 0, 1000, 0},
      {"after_rest", "wrong only for so long after the GPU has come from rest to work; 0: always",
       Unit::seconds, 0, 3600, 0},
      {"beside_memory", "wrong only while so much of the memory's bandwidth is in use", Unit::ratio, 0, 1,
       0}};
  own.insert(own.end(), common.begin(), common.end());
  return own;
}

BadDatapath bad_datapath(const FaultState& fault, Datapath path) {
  const auto number = [&](const char* name) {
    return static_cast<unsigned>(fault_parameter(fault, name, 0));
  };
  BadDatapath bad;
  bad.path = path;
  if (number("every_sm") == 0) bad.sm = number("sm");
  if (number("sub_partition") < kSubPartitions) bad.sub_partition = number("sub_partition");
  bad.bit = static_cast<int>(number("bit"));
  bad.gives = static_cast<BadDatapath::Gives>(number("gives"));
  bad.every = static_cast<std::uint64_t>(fault_parameter(fault, "every", 1));
  bad.above_c = fault_parameter(fault, "above", bad.above_c);
  bad.above_w = fault_parameter(fault, "above_power", 0);
  bad.within_s = fault_parameter(fault, "after_rest", 0);
  bad.memory_load = fault_parameter(fault, "beside_memory", 0);
  return bad;
}

/// Those that have results.
std::vector<std::string> datapath_names() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kDatapaths; ++i) {
    const auto path = static_cast<Datapath>(i);
    if (path != Datapath::registers && path != Datapath::shared) names.emplace_back(name_of(path));
  }
  return names;
}

FaultParameter whose_results() {
  return {.name = "datapath",
          .meaning = "whose results",
          .unit = Unit::text,
          .fallback_text = "tensor_bf16",
          .choices = datapath_names()};
}

Datapath datapath_of(const FaultState& fault) {
  return datapath_named(fault_text(fault, "datapath")).value_or(Datapath::tensor_bf16);
}

const RegisteredFault sm_result{
    {"sm_result", "a multiprocessor gets a bit of one datapath's results wrong; no counter shows it", "gpu",
     with_conditions({whose_results()})},
    {.in_sms = [](const FaultState& fault, std::vector<BadDatapath>& bad) {
      bad.push_back(bad_datapath(fault, datapath_of(fault)));
    }}};

const RegisteredFault sm_register{
    {"sm_register", "a register of a multiprocessor's threads holds a bit wrongly", "gpu",
     with_conditions({{"register", "its number among those that a thread holds", Unit::count, 0, 255, 17}})},
    {.in_sms = [](const FaultState& fault, std::vector<BadDatapath>& bad) {
      bad.push_back(bad_datapath(fault, Datapath::registers));
      bad.back().where = static_cast<unsigned>(fault_parameter(fault, "register", 0));
    }}};

const RegisteredFault sm_shared_bank{
    {"sm_shared_bank", "a bank of a multiprocessor's shared memory reads a bit wrongly", "gpu",
     with_conditions({{"bank", "of 32, each of four bytes", Unit::count, 0, 31, 13}})},
    {.in_sms = [](const FaultState& fault, std::vector<BadDatapath>& bad) {
      bad.push_back(bad_datapath(fault, Datapath::shared));
      bad.back().where = static_cast<unsigned>(fault_parameter(fault, "bank", 0));
    }}};

const RegisteredFault library_result{
    {"library_result",
     "results of the tensor cores come out with a bit wrong where NVIDIA's own kernels use them, and are "
     "right "
     "where ours do",
     "gpu", with_conditions({whose_results()})},
    {.in_sms = [](const FaultState& fault, std::vector<BadDatapath>& bad) {
      bad.push_back(bad_datapath(fault, datapath_of(fault)));
      bad.back().where = cublaslt::kOfTheLibrary;
    }}};

const RegisteredFault tensor_slow{
    {"tensor_slow",
     "the tensor cores deliver a part of their rate, at the same clock",
     "gpu",
     {{"factor", "share that is left", Unit::ratio, 0.01, 0.99, 0.85}}},
    {.share_of = [](const FaultState& fault, WorkKind kind) {
      return resource_of(kind) == Resource::tensor_cores ? fault_parameter(fault, "factor", 1) : 1;
    }}};

}  // namespace
}  // namespace assay::sim
