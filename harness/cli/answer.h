// What a verb answers, on standard output. An answer that cannot be written does not end the verb: what it
// did and its exit code stand, and main() says what became of the answer.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace assay::cli {

void answer(std::string_view text);

template <typename... Arguments>
void answer(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  answer(std::string_view(fmt::format(format, std::forward<Arguments>(arguments)...)));
}

/// Hands over what is still buffered. The errno of the first write that failed, or 0. A reader that left
/// (assay report RUN | head -1) has had what it wanted: that is no failure.
int flush_answer();

}  // namespace assay::cli
