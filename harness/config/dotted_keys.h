// A guard before toml++ parses: it bounds how deep values nest, and recurses without bound over dotted keys.
#pragma once

#include <string_view>

namespace assay::config {

/// The most dots that stand between two ends of a key in this TOML text, outside of strings and comments: no
/// key has more parts than one above that. Up to the first error of syntax, where the parser stops too.
int longest_dotted_key(std::string_view text);

}  // namespace assay::config
