// All that Assay says on standard output and standard error. Nothing else writes there.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <type_traits>
#include <utility>

#include "harness/base/text.h"

namespace assay::terminal {

/// An argument as it is shown: text is data.
template <typename T>
auto shown(const T& argument) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return visible(argument);
  } else if constexpr (std::is_arithmetic_v<T>) {
    return argument;
  } else {
    return visible(fmt::format("{}", argument));
  }
}

template <typename... Arguments>
using Format = fmt::format_string<decltype(shown(std::declval<const Arguments&>()))...>;

void write(std::FILE* stream, const std::string& text);

/// On standard output. The format is the layout and is ours; what its arguments hold cannot change it.
template <typename... Arguments>
void out(Format<Arguments...> format, const Arguments&... arguments) {
  write(stdout, fmt::format(format, shown(arguments)...));
}

/// On standard error, at once.
template <typename... Arguments>
void err(Format<Arguments...> format, const Arguments&... arguments) {
  write(stderr, fmt::format(format, shown(arguments)...));
}

void out_json(const nlohmann::json& content);

/// A report or a help page: what is data in it has been made visible where it was laid out.
void out_page(const std::string& page);

/// Hands over what is still buffered. The errno of the first write that failed, or 0: an answer that cannot
/// be written does not end the verb, what it did and its exit code stand. A reader that left (assay report
/// RUN | head -1) has had what it wanted: that is no failure.
int out_error();

}  // namespace assay::terminal
