#include "harness/base/sha256.h"

#include <sha2.h>

#include <array>
#include <cstdint>
#include <stdexcept>

namespace assay {

std::string sha256(std::string_view bytes) {
  std::array<char, SHA256_DIGEST_STRING_LENGTH> digest{};
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  if (SHA256Data(data, bytes.size(), digest.data()) == nullptr) throw std::runtime_error("SHA-256 failed");
  return digest.data();
}

std::optional<std::string> sha256_of_file(const std::string& path) {
  std::array<char, SHA256_DIGEST_STRING_LENGTH> digest{};
  if (SHA256File(path.c_str(), digest.data()) == nullptr) return std::nullopt;
  return digest.data();
}

}  // namespace assay
