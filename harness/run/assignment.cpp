#include "harness/run/assignment.h"

#include <fmt/format.h>

#include "harness/base/hash.h"

namespace assay::run {

using nlohmann::json;

static void to_json(json& j, const Device& device) {
  j = {{"slot", device.slot}, {"pci_address", device.pci_address}};
}

static void from_json(const json& j, Device& device) {
  j.at("slot").get_to(device.slot);
  j.at("pci_address").get_to(device.pci_address);
}

static void to_json(json& j, const BodyAssignment& body) {
  j = {{"check", body.check},
       {"variant", body.variant},
       {"seed", body.seed},
       {"duration_s", body.duration_s},
       {"memory_share", body.memory_share},
       {"attachments", body.attachments},
       {"begun", body.begun}};
}

static void from_json(const json& j, BodyAssignment& body) {
  j.at("check").get_to(body.check);
  j.at("variant").get_to(body.variant);
  j.at("seed").get_to(body.seed);
  j.at("duration_s").get_to(body.duration_s);
  j.at("memory_share").get_to(body.memory_share);
  j.at("attachments").get_to(body.attachments);
  body.begun = j.at("begun");
}

void to_json(json& j, const Assignment& a) {
  j = {{"part", a.part},
       {"placement", a.placement},
       {"bodies", a.bodies},
       {"devices", a.devices},
       {"rank", a.rank},
       {"ranks", a.ranks},
       {"node", a.node},
       {"slots", a.slots},
       {"readings", a.readings},
       {"settling", a.settling},
       {"ranks_of_a_gpu", a.ranks_of_a_gpu}};
}

void from_json(const json& j, Assignment& a) {
  j.at("part").get_to(a.part);
  j.at("placement").get_to(a.placement);
  j.at("bodies").get_to(a.bodies);
  j.at("devices").get_to(a.devices);
  j.at("rank").get_to(a.rank);
  j.at("ranks").get_to(a.ranks);
  a.node = j.at("node");
  j.at("slots").get_to(a.slots);
  j.at("readings").get_to(a.readings);
  j.at("settling").get_to(a.settling);
  j.at("ranks_of_a_gpu").get_to(a.ranks_of_a_gpu);
}

std::uint64_t seed_of(std::uint64_t run_seed, int stage, const std::string& check, const std::string& variant,
                      const Part& part, int measurement, int among_its_gpus) {
  return hash_text(run_seed,
                   fmt::format("{}/{}{}{}/{}/{}{}", stage, check, variant.empty() ? "" : ".", variant, part,
                               measurement, among_its_gpus == 0 ? "" : fmt::format("/{}", among_its_gpus)));
}

}  // namespace assay::run
