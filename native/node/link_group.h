// The sockets and the lock that links which share an address have in common.
#pragma once

#include <napi.h>

namespace usertcp {

Napi::Value close_sockets(const Napi::CallbackInfo& info);
Napi::Value watch_lock(const Napi::CallbackInfo& info);

}  // namespace usertcp
