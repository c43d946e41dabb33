#include "harness/cli/answer.h"

#include <cerrno>
#include <cstdio>

namespace assay::cli {
namespace {

int& first_error() {
  static int error = 0;
  return error;
}

void note(bool written) {
  if (!written && first_error() == 0) first_error() = errno != 0 ? errno : EIO;
}

}  // namespace

void answer(std::string_view text) {
  if (first_error() == 0) note(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

int flush_answer() {
  if (first_error() == 0) note(std::fflush(stdout) == 0 && std::ferror(stdout) == 0);
  return first_error() == EPIPE ? 0 : first_error();
}

}  // namespace assay::cli
