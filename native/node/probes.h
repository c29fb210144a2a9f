// Single functions of the core for tests, benches and the differential check against src/wire: no link needed.
#pragma once

#include <napi.h>

namespace usertcp {

void define_probes(Napi::Env env, Napi::Object exports);

}  // namespace usertcp
