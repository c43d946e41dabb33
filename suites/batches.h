// How much a check asks of the device at once that repeats the same for as long as the profile says. What is
// read back between batches, and looked at, costs little against long ones; short ones show progress, and how
// a rate goes.
#pragma once

namespace assay {

class Batches {
 public:
  /// So many batches of equal length are wanted, and `fewest` are made even where the duration is too short
  /// for them. None is of more than `most` repetitions, nor longer than kLongestBatch_s.
  Batches(double duration_s, int wanted, int fewest, int most);

  /// How many repetitions come next, each of which takes so long; 0: enough. The last batch ends about when
  /// the duration does: what would be short of a quarter of a batch is left out.
  int next(double elapsed_s, double each_s);

  static constexpr double kLongestBatch_s = 4;

 private:
  double duration_s_, batch_s_;
  int fewest_, most_, begun_ = 0;
};

}  // namespace assay
