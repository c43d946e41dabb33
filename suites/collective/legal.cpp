#include "suites/collective/legal.h"

#include <stdexcept>

namespace assay::collective {
namespace {

using nccl::Collective;
using nccl::DataType;
using nccl::Op;

constexpr const char* kNames[kWays] = {"by_itself", "ring_ll",    "ring_ll128",  "ring_simple",
                                       "tree_ll",   "tree_ll128", "tree_simple", "nvls"};
constexpr const char* kAlgorithms[kWays] = {"", "RING", "RING", "RING", "TREE", "TREE", "TREE", "NVLS"};
constexpr const char* kProtocols[kWays] = {"", "LL", "LL128", "SIMPLE", "LL", "LL128", "SIMPLE", "SIMPLE"};

bool switches_reduce(DataType type, Op op) {
  switch (type) {
    case DataType::i32:
    case DataType::u32:
    case DataType::i64:
    case DataType::u64:
    case DataType::f16:
    case DataType::bf16:
      return op == Op::sum || op == Op::min || op == Op::max;
    case DataType::f32:
    case DataType::f64:
      return op == Op::sum;
    default:
      return false;
  }
}

bool has_way(Way way, Collective collective, bool a_node_each) {
  const std::string algorithm = algorithm_of(way);
  if (a_node_each && (algorithm == "NVLS" || protocol_of(way) == "LL128")) return false;
  if (algorithm == "TREE") return collective == Collective::all_reduce;
  if (algorithm == "NVLS")
    return collective == Collective::all_reduce || collective == Collective::reduce_scatter ||
           collective == Collective::all_gather;
  if (algorithm == "RING")
    return nccl::reduces(collective) || collective == Collective::all_gather ||
           collective == Collective::broadcast;
  return true;
}

}  // namespace

const char* name_of(Way way) {
  return kNames[static_cast<int>(way)];
}

Way way_named(const std::string& name) {
  for (const Way way : kAllWays) {
    if (name == name_of(way)) return way;
  }
  throw std::invalid_argument("NCCL is not made to work " + name);
}

std::string algorithm_of(Way way) {
  return kAlgorithms[static_cast<int>(way)];
}

std::string protocol_of(Way way) {
  return kProtocols[static_cast<int>(way)];
}

namespace {

bool is_integer(DataType type) {
  return type <= DataType::u64;
}

}  // namespace

bool is_legal(Way way, Collective collective, DataType type, Op op, const Arrangement& of) {
  const int ranks = of.ranks;
  if (ranks < 2 && way != Way::by_itself) return false;  // a copy, by no algorithm
  if (!has_way(way, collective, of.a_node_each)) return false;
  if (!nccl::reduces(collective)) return op == Op::sum;
  if (op == Op::avg && ((ranks & (ranks - 1)) != 0 || (ranks < 2 && !is_integer(type)))) return false;
  return way != Way::nvls || switches_reduce(type, op);
}

/// No user's setting reaches it: the workers' environment has none of NCCL's, and files of settings are
/// replaced (src/misc/param.cc: initEnv), but for /etc/nccl.conf, which is always read and therefore
/// recorded.
std::map<std::string, std::string> environment_of(Way way) {
  std::map<std::string, std::string> all{
      {"NCCL_CONF_FILE", "/dev/null"},
      {"NCCL_ENV_PLUGIN", "none"},
      {"NCCL_NET_PLUGIN", "none"},
      {"NCCL_TUNER_PLUGIN", "none"},
      {"NCCL_PROFILER_PLUGIN", "STATIC_PLUGIN"},
      {"NCCL_NET", "Socket"},
      {"NCCL_IB_DISABLE", "1"},
      {"NCCL_SOCKET_IFNAME", "lo"},
      {"NCCL_MNNVL_ENABLE", "0"},
      {"NCCL_CTA_POLICY", "0"},
      // A multicast that cannot be bound is to fail where it is what is tested, instead of another way being
      // taken.
      {"NCCL_NVLS_ENABLE", way == Way::nvls ? "1" : "2"},
  };
  if (way == Way::by_itself) return all;
  all["NCCL_ALGO"] = algorithm_of(way);
  all["NCCL_PROTO"] = protocol_of(way);
  return all;
}

std::vector<Variant> variants_of_all_ways() {
  std::vector<Variant> all;
  for (const Way way : kAllWays) all.push_back({name_of(way), environment_of(way)});
  return all;
}

}  // namespace assay::collective
