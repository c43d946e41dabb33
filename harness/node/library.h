// A library that is not ours, opened by path at run time: NVML, cuBLASLt, NCCL.
#pragma once

#include <memory>
#include <string>

namespace assay {

class Library {
 public:
  /// `path` may be a soname, which the loader finds. Null, and the reason in `why_not`, where it cannot be
  /// opened.
  static std::unique_ptr<Library> open(const std::string& path, std::string& why_not);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  /// Null where the library lacks it.
  void* symbol(const char* name) const;
  /// The file that was opened, which a soname does not tell.
  const std::string& file() const { return file_; }
  /// It stays in the process: CUDA calls what a library has registered there when a context ends.
  void keep_loaded() const;
  /// It says of itself that it stands in for the real one: what a simulated node opens, and a real one
  /// refuses.
  bool is_stand_in() const { return symbol("assay_simulated") != nullptr; }

 private:
  Library(void* handle, std::string file) : handle_(handle), file_(std::move(file)) {}
  void* handle_;
  std::string file_;
};

/// A client's table of the functions that it cannot do without derives from it, and finds each of them.
struct LibraryFunctions {
  explicit LibraryFunctions(const Library& opened) : library(opened) {}
  const Library& library;
  std::string missing;  // the first symbol that the library lacks

  template <typename Pointer>
  Pointer find(const char* symbol) {
    const auto pointer = reinterpret_cast<Pointer>(library.symbol(symbol));
    if (pointer == nullptr && missing.empty()) missing = symbol;
    return pointer;
  }
};

}  // namespace assay
