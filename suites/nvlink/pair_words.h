// What arrived wrong between GPUs: how much, by which ways, and which words first.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "harness/check.h"
#include "kernels/bad_words.h"
#include "suites/nvlink/pair_matrix.h"

namespace assay::nvlink {

class PairWords {
 public:
  explicit PairWords(std::size_t gpus) : gpus_(gpus), of_(gpus * gpus) {}

  /// `by`: "stores", for people.
  void add(std::size_t from, std::size_t to, const memory::BadWords& bad, const std::string& by);

  /// Emits wrong_words of the pair and, where there are some, the culprit.
  void emit(Context& context, std::size_t a, std::size_t b) const;
  /// Of those pairs where there are some: what was found before a device gave up stands.
  void emit_what_is_wrong(Context& context) const;
  /// Emits wrong_with of the GPU: with how many others words arrived wrong.
  void emit_of_gpu(Context& context, std::size_t gpu) const;
  PairMatrix matrix() const;

 private:
  struct Wrong {
    memory::BadWords words;
    std::set<std::string> by;
  };
  const Wrong& at(std::size_t from, std::size_t to) const { return of_[from * gpus_ + to]; }
  std::uint64_t of_pair(std::size_t a, std::size_t b) const {
    return at(a, b).words.count + at(b, a).words.count;
  }

  std::size_t gpus_;
  std::vector<Wrong> of_;  // by number of the sender, then of the receiver
};

/// To be declared by who emits them.
std::vector<Measure> measures_of_pair_words();

}  // namespace assay::nvlink
