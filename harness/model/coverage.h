// What checks detect, worked out by fault models instead of claimed, and what they do of all that can be
// done.
#pragma once

#include <string>
#include <vector>

namespace assay {

struct CoverageTable {
  struct Row {
    std::string fault;           // model, and where it lies; or what is combined
    std::vector<double> shares;  // by column: of what was tried or can be done, how much was seen or is done;
                                 // 0 to 1, or NaN where there is nothing
  };
  std::string title;
  std::vector<std::string> columns;
  std::vector<Row> rows;
};

struct Coverage {
  std::string check;  // "memory.sweep"
  std::vector<CoverageTable> tables;
  std::vector<std::string> not_covered;  // by any of it, and what is known of that
};

}  // namespace assay
