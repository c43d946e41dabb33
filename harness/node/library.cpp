#include "harness/node/library.h"

#include <dlfcn.h>
#include <link.h>

namespace assay {

std::unique_ptr<Library> Library::open(const std::string& path, std::string& why_not) {
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* const message = dlerror();
    why_not = message != nullptr ? message : "unknown dlopen error";
    return nullptr;
  }
  link_map* map = nullptr;
  const bool known = dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map->l_name[0] != '\0';
  return std::unique_ptr<Library>(new Library(handle, known ? map->l_name : path));
}

Library::~Library() {
  dlclose(handle_);
}

void Library::keep_loaded() const {
  dlopen(file_.c_str(), RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

void* Library::symbol(const char* name) const {
  return dlsym(handle_, name);
}

}  // namespace assay
