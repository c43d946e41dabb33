#include "harness/node_sim/faulty_sms.h"

#include <algorithm>

#include "harness/base/hash.h"

namespace assay::sim {
namespace {

bool matches(const std::optional<unsigned>& wanted, unsigned number) {
  return !wanted || *wanted == number;
}

bool acts(const BadDatapath& bad, const SmConditions& now) {
  const bool in_time = bad.within_s == 0 || now.since_rise_s < bad.within_s;
  return in_time && now.temperature_c >= bad.above_c && now.power_w >= bad.above_w &&
         now.memory_load >= bad.memory_load;
}

}  // namespace

PlantedInSms* PlantedInSms::acting(const SmConditions& now) {
  acting_.clear();
  for (const BadDatapath& bad : planted_) {
    if (acts(bad, now)) acting_.push_back(&bad);
  }
  return acting_.empty() ? nullptr : this;
}

bool PlantedInSms::like_the_others(unsigned sm) const {
  return std::none_of(acting_.begin(), acting_.end(),
                      [&](const BadDatapath* bad) { return bad->sm ? *bad->sm == sm : bad->every > 1; });
}

std::uint64_t PlantedInSms::result(const cuda_emulation::SmPlace& place, Datapath path, unsigned where,
                                   std::uint64_t bits) {
  for (const BadDatapath* bad : acting_) {
    if (bad->path != path || !matches(bad->sm, place.sm) ||
        !matches(bad->sub_partition, place.sub_partition) || !matches(bad->where, where))
      continue;
    const std::uint64_t random = mix(random_.load(std::memory_order_relaxed) + 1);
    random_.store(random, std::memory_order_relaxed);
    if (random % bad->every != 0) continue;
    const std::uint64_t mask = std::uint64_t{1} << bad->bit;
    switch (bad->gives) {
      case BadDatapath::Gives::zero:
        bits &= ~mask;
        break;
      case BadDatapath::Gives::one:
        bits |= mask;
        break;
      case BadDatapath::Gives::inverted:
        bits ^= mask;
        break;
    }
  }
  return bits;
}

}  // namespace assay::sim
