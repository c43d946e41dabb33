// What checks detect, worked out by fault models instead of claimed.
#pragma once

#include <string>
#include <vector>

namespace assay {

struct CoverageTable {
  struct Row {
    std::string fault;           // model, and where it lies
    std::vector<double> shares;  // by column: of the faults that were tried, how many were seen; 0 to 1
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
