// Groups of calls: of each thread, nested, launched as the outermost ends (group.cc).
#pragma once

#include <cstdint>
#include <vector>

#include "harness/node_sim/nccl_library/objects.h"

namespace assay::nccl {

/// A call that was made in a group.
struct Task {
  Comm comm;
  Stream stream;
  Function function;
  DataType type;
  Reduction reduction;
  int peer;  // or root
  std::uint64_t count;
  const void* send;
  void* receive;
};

class Group {
 public:
  static Group& mine();

  void start() { ++depth_; }
  /// invalid_usage where no group is open. The outermost launches, unless a call within failed: then none is.
  Result end();
  void add(const Task& task) { tasks_.push_back(task); }
  /// Outermost or not: what a call within came to.
  Result remember(Result result);

 private:
  Result launch();

  int depth_ = 0;
  Result error_ = Result::success;
  std::vector<Task> tasks_;
};

}  // namespace assay::nccl
