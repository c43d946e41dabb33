// What a check declares of itself.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/model/finding_code.h"
#include "harness/model/placement.h"
#include "harness/model/units.h"
#include "harness/model/work.h"

namespace assay {

class Context;

/// What a check works on. Only plan/placing.h asks for it.
enum class Scope {
  node,        // one worker, no GPU
  gpu,         // one worker a GPU, all in parallel
  gpu_serial,  // one worker a GPU, one after another
  pair,        // one worker a pair of GPUs that sees both; all pairs, in rounds in which no GPU is in two
  ranks,       // one worker a GPU, all in parallel, able to meet
  all_gpus,    // one worker that sees them all
  all_pairs,   // the same, for what is between two of them: where there are two at least
};

/// "gpu_serial".
std::string_view name_of(Scope scope);

/// One of several ways in which a check is run, each a stage of its own, in processes of its own.
struct Variant {
  std::string name;  // [a-z0-9_]+
  std::map<std::string, std::string> environment;
};

/// A measure that says what of the part is bad, in words: a check that can tell declares it as text that is
/// not judged, and emits it where a judged value of the same part is bad. The finding shows it.
inline constexpr const char* kCulprit = "culprit";
/// The same for a reader of Chinese, where the check has it.
inline constexpr const char* kCulpritInChinese = "culprit_in_chinese";
/// Name of the evidence that a check leaves for who goes on with it after a kill (Context::begun()).
inline constexpr const char* kBegun = "begun";

/// Whose values a measure is, of a check whose one step is the node's (scopes node, ranks, all_gpus,
/// all_pairs).
enum class Of {
  parts,  // every slot of the SKU; of scope all_pairs every pair of them
  gpus,   // every slot
  pairs,  // every two of them
  switches,
  node,
};

/// A value that a check promises to emit for each of its parts.
struct Measure {
  std::string name;  // [a-z0-9_]+
  Unit unit = Unit::count;
  std::string meaning;       // what was measured, over what, which statistic
  std::string subcomponent;  // "hbm": the value belongs to gpuN/hbm; empty: to the step's own part
  /// False: recorded for people, needs no limit, and its absence does not make the run incomplete.
  bool judged = true;
  Of of = Of::parts;
  /// The part has many of the subcomponent: "sm" stands for sm0, sm1, ... A value is emitted by measure_at()
  /// for those that there is something to say of, and its absence says nothing: another measure says how many
  /// were looked at.
  bool numbered = false;
  /// Not every node has what it is read from: it is judged where it was measured, and its absence says
  /// nothing.
  bool may_lack = false;
};

struct Check {
  std::string name;  // "memory.sweep": its file is suites/memory/sweep.cpp
  std::string summary;
  Scope scope = Scope::gpu;
  std::vector<Measure> measures;
  std::vector<FindingCode> findings;  // that it can lead to; class, action and texts: configs/findings/
  void (*run)(Context&) = nullptr;
  /// For who chooses: what it finds, and what it would be taken to find and does not. Self-tests say neither.
  std::string detects = {}, misses = {};
  /// Where its device half has been seen to work: "never run on a GPU", or the evidence under
  /// reports/evidence/. Empty for a check that launches nothing.
  std::string device_evidence;
  /// Empty: it is run in one way.
  std::vector<Variant> variants;
  /// It calls Context::stay() between the two halves of its work, so that a profile can let it stay over
  /// other stages.
  bool stays = false;
  /// It asks for Context::cublaslt(): a real node without it is refused before anything has run.
  bool uses_cublaslt = false;
  /// The same of Context::nccl().
  bool uses_nccl = false;
  /// Of scope ranks: it calls Context::ranks(). Of checks that overlap only the first may.
  bool meets = true;
  /// It is a follow-up.
  std::optional<Condition> follows;
  /// What it works at: bodies that overlap there share it. Who works with a peer declares NVLink both ways,
  /// who copies from or to the host its memory, too. Transfers of less than 50 us need no word; anything else
  /// that is not declared is an error under simulation.
  std::vector<Resource> loads = {};
  /// Of its time, for how much it loads these fully: less where it rests in between. For the plan's estimate
  /// of energy alone.
  double at_work = 1;
  /// Of one worker's part of it: how long it takes at this speed, its contexts left out, when it is asked to
  /// work for `duration_s`. Null: it launches nothing, and takes what it is asked.
  double (*device_seconds)(const DeviceSpeed& speed, double duration_s) = nullptr;
};

}  // namespace assay
