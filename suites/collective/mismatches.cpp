#include "suites/collective/mismatches.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace assay::collective {
namespace {

constexpr std::size_t kMostBits = 8;

/// What all of them have in common, if they do.
template <typename Of>
std::optional<std::uint64_t> common(const Mismatches& wrong, const Of& of) {
  const std::uint64_t first = of(wrong.first.front().element);
  const bool all = std::all_of(wrong.first.begin(), wrong.first.end(),
                               [&](const Mismatch& mismatch) { return of(mismatch.element) == first; });
  return all ? std::optional<std::uint64_t>(first) : std::nullopt;
}

}  // namespace

Layout layout_of(const Mismatches& wrong, const nccl::Request& request, int channels) {
  Layout layout;
  layout.channels = channels;
  if (wrong.first.empty()) return layout;
  std::uint64_t run = 0;
  for (std::size_t i = 0; i < wrong.first.size(); ++i) {
    const std::uint64_t gap = i == 0 ? 0 : wrong.first[i].element - wrong.first[i - 1].element;
    layout.stride = std::gcd(layout.stride, gap);
    run = gap == 1 ? run + 1 : 1;
    if (run == 1) ++layout.runs;
    layout.longest_run = std::max(layout.longest_run, run);
  }
  layout.block = common(wrong, [&](std::uint64_t element) { return element / request.count; });
  if (channels <= 0) return layout;
  const auto shares = static_cast<std::uint64_t>(channels);
  const std::uint64_t share = (request.count + shares - 1) / shares;
  layout.channel = common(wrong, [&](std::uint64_t element) { return element % request.count / share; });
  return layout;
}

std::string text_of(const Mismatches& wrong, const Layout& layout) {
  if (wrong.count == 0) return fmt::format("{} words around it changed", wrong.outside);
  std::string text = fmt::format("{} elements wrong", wrong.count);
  if (wrong.outside > 0) text += fmt::format(", and {} words around them changed", wrong.outside);
  if (wrong.first.empty()) return text;
  const Mismatch& first = wrong.first.front();
  text +=
      fmt::format(", the first {}: {:#x} where {:#x} should be", first.element, first.actual, first.expected);
  std::uint64_t changed = 0;
  for (const Mismatch& mismatch : wrong.first) changed |= mismatch.expected ^ mismatch.actual;
  std::vector<int> bits;
  for (int bit = 0; bit < 64; ++bit) {
    if ((changed >> bit & 1) != 0) bits.push_back(bit);
  }
  text += bits.size() > kMostBits ? fmt::format(", {} bits of them", bits.size())
                                  : fmt::format(", bits {}", fmt::join(bits, " "));
  if (layout.longest_run > 1) text += fmt::format(", up to {} next to one another", layout.longest_run);
  if (layout.stride > 1) text += fmt::format(", always a multiple of {} apart", layout.stride);
  if (layout.channel && wrong.count > 1)
    text += fmt::format(", all in channel {} of {}", *layout.channel, layout.channels);
  return text;
}

void to_json(nlohmann::json& j, const Layout& layout) {
  j = {{"stride", layout.stride}, {"runs", layout.runs}, {"longest_run", layout.longest_run}};
  if (layout.block) j["block"] = *layout.block;
  if (layout.channels > 0) j["channels"] = layout.channels;
  if (layout.channel) j["channel"] = *layout.channel;
}

}  // namespace assay::collective
