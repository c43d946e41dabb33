# cmake -D CONFIGS=folder -D FILES=list -D OUTPUT=file -P: the files' SHA-256 as C++ (harness/config/shipped_files.h).
set(entries)
foreach(file IN LISTS FILES)
  file(SHA256 ${file} hash)
  file(RELATIVE_PATH name ${CONFIGS} ${file})
  string(APPEND entries "      {\"${name}\", \"${hash}\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"harness/config/shipped_files.h\"

namespace assay::config {

const std::vector<ShippedFile>& shipped_files() {
  static const std::vector<ShippedFile> files{
${entries}  };
  return files;
}

}  // namespace assay::config
")
