#include "suites/nvlink/pair_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "suites/arrived_bad.h"

namespace assay::nvlink {

void PairWords::add(std::size_t from, std::size_t to, const memory::BadWords& bad, const std::string& by) {
  if (bad.count == 0) return;
  Wrong& wrong = of_[from * gpus_ + to];
  wrong.words.count += bad.count;
  if (wrong.words.first.empty()) wrong.words.first = bad.first;
  wrong.by.insert(by);
}

void PairWords::emit(Context& context, std::size_t a, std::size_t b) const {
  const Part pair = pair_of(context, a, b);
  context.measure_at(pair, "wrong_words", static_cast<double>(of_pair(a, b)), Unit::count);
  std::vector<std::string> texts;
  for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
    const Wrong& wrong = at(from, to);
    if (wrong.words.count == 0) continue;
    texts.push_back(fmt::format("from {} to {}, by {}: {}", context.slot_of(static_cast<int>(from)),
                                context.slot_of(static_cast<int>(to)), fmt::join(wrong.by, ", "),
                                text_of(wrong.words)));
  }
  if (!texts.empty()) context.measure_at(pair, kCulprit, fmt::format("{}", fmt::join(texts, "; ")));
}

void PairWords::emit_what_is_wrong(Context& context) const {
  for (std::size_t a = 0; a < gpus_; ++a) {
    for (std::size_t b = a + 1; b < gpus_; ++b) {
      if (of_pair(a, b) > 0) emit(context, a, b);
    }
  }
}

void PairWords::emit_of_gpu(Context& context, std::size_t gpu) const {
  int others = 0;
  for (std::size_t other = 0; other < gpus_; ++other) {
    if (other != gpu && of_pair(gpu, other) > 0) ++others;
  }
  context.measure_at(context.slot_of(static_cast<int>(gpu)), "wrong_with", others, Unit::count);
}

PairMatrix PairWords::matrix() const {
  PairMatrix matrix("wrong_words", Unit::count, Better::less, gpus_);
  for (std::size_t from = 0; from < gpus_; ++from) {
    for (std::size_t to = 0; to < gpus_; ++to) {
      if (from != to) matrix.set(from, to, static_cast<double>(at(from, to).words.count));
    }
  }
  return matrix;
}

std::vector<Measure> measures_of_pair_words() {
  return {{.name = "wrong_words",
           .meaning = "words of 16 bytes that arrived other than they were sent, looked at by the receiver"},
          {kCulprit, Unit::text, "which direction, by which ways, which words", "", false},
          {.name = "wrong_with", .meaning = "with how many peers words arrived wrong", .of = Of::gpus}};
}

}  // namespace assay::nvlink
