// A program of musl that loads the addon as Node would, and lets it register. What the addon takes from Node is in a file
// of stubs beside this one, made from its list of symbols: each counts its calls and answers napi_ok.
//   musl-host ADDON
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>

extern int calls;

int napi_is_exception_pending(void* env, bool* result) {
  (void)env;
  *result = false;
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  void* addon = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (addon == NULL) {
    printf("%s\n", dlerror());
    return 1;
  }
  int (*version)(void) = (int (*)(void))dlsym(addon, "node_api_module_get_api_version_v1");
  void* (*start)(void*, void*) = (void* (*)(void*, void*))dlsym(addon, "napi_register_module_v1");
  if (version == NULL || start == NULL) return 3;
  start(&calls, &calls);
  printf("Node-API %d, %d calls\n", version(), calls);
  return 0;
}
