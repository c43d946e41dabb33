#include "suites/collective/choices.h"

namespace assay::collective {
namespace {

bool has_algorithm(nccl::Collective collective) {
  return nccl::reduces(collective) || collective == nccl::Collective::all_gather ||
         collective == nccl::Collective::broadcast;
}

}  // namespace

void Choices::add(nccl::Collective collective, const std::vector<NcclChoice>& said, const std::string& text) {
  if (said.empty() && ranks_ > 1 && has_algorithm(collective))
    otherwise_.push_back(text + ": NCCL said nothing");
  for (const NcclChoice& choice : said) {
    ++counts_[choice.function + " " + choice.algorithm + " " + choice.protocol];
    const bool as_asked = way_ == Way::by_itself ||
                          (choice.algorithm == algorithm_of(way_) && choice.protocol == protocol_of(way_));
    if (!as_asked) otherwise_.push_back(text + ": " + choice.algorithm + " " + choice.protocol);
  }
}

}  // namespace assay::collective
