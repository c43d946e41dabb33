#include "harness/telemetry/series_reader.h"

#include <zstd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <vector>

namespace assay::telemetry {
namespace {

struct FreeStream {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// Chunks of the text, as they come.
void decompress(const std::string& path, const std::function<void(std::string_view)>& take) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": " + std::strerror(errno));
  const std::unique_ptr<ZSTD_DCtx, FreeStream> context(ZSTD_createDCtx());
  std::vector<char> compressed(ZSTD_DStreamInSize()), text(ZSTD_DStreamOutSize());
  bool any = false;
  while (file.read(compressed.data(), static_cast<std::streamsize>(compressed.size())), file.gcount() > 0) {
    ZSTD_inBuffer in{compressed.data(), static_cast<std::size_t>(file.gcount()), 0};
    for (bool full = false; in.pos < in.size || full;) {
      ZSTD_outBuffer out{text.data(), text.size(), 0};
      const std::size_t left = ZSTD_decompressStream(context.get(), &out, &in);
      if (ZSTD_isError(left)) {
        if (!any) throw std::runtime_error(path + ": " + ZSTD_getErrorName(left));
        return;  // what a killed sampler has left of its last frame
      }
      any = true;
      full = out.pos == out.size;
      take({text.data(), out.pos});
    }
  }
}

/// Nothing for the header.
bool take_apart(std::string_view text, SeriesLine& line) {
  const std::size_t first = text.find(','), second = text.find(',', first + 1);
  if (second == std::string_view::npos) return false;
  const auto parsed = std::from_chars(text.data(), text.data() + first, line.time);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + first) return false;
  line.part = std::string(text.substr(first + 1, second - first - 1));
  line.text = text;
  return true;
}

}  // namespace

void for_each_line(const std::string& path, const std::function<void(const SeriesLine&)>& take) {
  std::string begun;
  decompress(path, [&](std::string_view chunk) {
    for (std::size_t end = chunk.find('\n'); end != std::string_view::npos; end = chunk.find('\n')) {
      begun += chunk.substr(0, end);
      chunk.remove_prefix(end + 1);
      SeriesLine line{};
      if (take_apart(begun, line)) take(line);
      begun.clear();
    }
    begun += chunk;
  });
}

}  // namespace assay::telemetry
