// Errors of configuration files, collected: a person mends a file once, not error by error.
#pragma once

#include <string>
#include <vector>

namespace assay::config {

struct Diagnostic {
  std::string file;
  int line = 0, column = 0;  // 1-based; 0: the file as a whole
  std::string message;
};

class Diagnostics {
 public:
  void add(Diagnostic diagnostic) { list_.push_back(std::move(diagnostic)); }
  bool empty() const { return list_.empty(); }
  const std::vector<Diagnostic>& list() const { return list_; }
  /// "configs/skus/x.toml:12:1: unknown key 'mim'; did you mean 'min'?"
  std::vector<std::string> lines() const;
  std::string text() const;

 private:
  std::vector<Diagnostic> list_;
};

}  // namespace assay::config
