#include "harness/base/terminal.h"

#include <cerrno>

namespace assay::terminal {

namespace {

int& first_error() {
  static int error = 0;
  return error;
}

void note(bool written) {
  if (!written && first_error() == 0) first_error() = errno != 0 ? errno : EIO;
}

}  // namespace

void write(std::FILE* stream, const std::string& text) {
  if (stream == stdout && first_error() != 0) return;
  const bool written = std::fwrite(text.data(), 1, text.size(), stream) == text.size();
  if (stream == stdout) note(written);
  if (stream == stderr) std::fflush(stream);
}

void out_json(const nlohmann::json& content) {
  write(stdout, visible_json(content) + "\n");
}

void out_page(const std::string& page) {
  write(stdout, page);
}

int out_error() {
  if (first_error() == 0) note(std::fflush(stdout) == 0 && std::ferror(stdout) == 0);
  return first_error() == EPIPE ? 0 : first_error();
}

}  // namespace assay::terminal
