// Where limits come from, for whoever reads Chinese: what this project says itself is translated, and
// documents are cited by their own titles.
#pragma once

#include <string>
#include <string_view>

namespace assay {

/// "无公开数据，由本项目设定, 2026-11-28" of "none published: set by this project, 2026-11-28"; as it is in
/// any other language than "zh-CN", and where it begins with none of our own words.
std::string source_in(std::string_view source, std::string_view language);

}  // namespace assay
