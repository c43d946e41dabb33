// Whole files, written to their end and read back.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace assay {

/// These two return the errno of what went wrong, or 0: every caller has an error of its own to make of it.
int write_all(int descriptor, std::string_view bytes);

/// The directory entry of `path` survives a power cut.
int sync_folder_of(const std::string& path);

/// What write_file() writes until it is whole; a kill leaves it behind.
inline constexpr const char* kUnfinishedExtension = ".tmp";

/// Writes the whole file to the disk and renames it into place: after a power cut it is the old or the new
/// one. Throws MachineRefused.
void write_file(const std::string& path, const std::string& content);

/// The same, of JSON.
void write_json(const std::string& path, const nlohmann::json& content);

/// Throws MachineRefused.
std::string read_file(const std::string& path);
/// Throws MachineRefused, or std::runtime_error with the path for what is no JSON.
nlohmann::json read_json(const std::string& path);

}  // namespace assay
