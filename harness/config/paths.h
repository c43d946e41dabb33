// Where configurations are found.
#pragma once

#include <string>
#include <vector>

namespace assay::config {

/// The configs/ folder: beside the binary (../share/assay/configs, then ./configs), or the source tree that
/// it was built from.
std::string configs_folder();
/// The same for a binary that stands in this folder.
std::string configs_folder_of(const std::string& binary_folder);

/// A name ("quick") becomes configs/<kind>/quick.toml; anything with a slash or ending in .toml is taken as a
/// path.
std::string resolve(const std::string& kind, const std::string& name_or_path);

/// Of a file in configs/sim/: a plant is what nodes are made of, and none.
bool is_plant(const std::string& name);

/// What can be chosen of configs/<kind>/ by its name, sorted.
std::vector<std::string> names(const std::string& kind);
/// Names of the *.toml files in any folder, sorted; none where it does not exist.
std::vector<std::string> names_in(const std::string& folder);
/// What the author of this path may have meant: files beside it of the same kind.
std::vector<std::string> siblings(const std::string& path);

}  // namespace assay::config
