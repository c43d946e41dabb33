// What progress says, by language: formats of fmt with named arguments.
#pragma once

#include <string_view>

namespace assay::run {

struct ProgressWords {
  const char* started;    // {at} {stages} {check} {attempt} {where} {left}
  const char* drawn;      // {at} {stages} {check} {bar} {percent} {left}
  const char* ended;      // {at} {stages} {check} {result} {seconds}
  const char* attempt;    // {attempt}
  const char* parts;      // {count}
  const char* ranks;      // {count}: of one GPU
  const char* simulated;  // behind {left}
  const char* measured;
  const char* failed;  // {count}: steps
  /// Of durations.
  const char *hours, *minutes, *seconds;  // {h} {min} {s}
};

/// English for a language that has none.
const ProgressWords& progress_words(std::string_view language);

}  // namespace assay::run
