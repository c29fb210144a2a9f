// One instance for each environment (main thread, every worker): there is no state outside of it.
#include <napi.h>

#include "block_pool.h"
#include "heap_top.h"
#include "link_group.h"
#include "link_wrap.h"
#include "probes.h"
#include "turn.h"

namespace usertcp {

class Addon final : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports) {
    keep_top_of_heap();
    exports.Set("PacketLink", LinkWrap::define(env, "PacketLink", LinkKind::kPacket));
    exports.Set("TapLink", LinkWrap::define(env, "TapLink", LinkKind::kTap));
    exports.Set("BlockPool", BlockPool::define(env));
    exports.Set("closeSockets", Napi::Function::New<close_sockets>(env, "closeSockets"));
    exports.Set("watchLock", Napi::Function::New<watch_lock>(env, "watchLock"));
    exports.Set("release", Napi::Function::New<release>(env, "release"));
    Turn::define(env, exports);
    define_probes(env, exports);
  }
};

NODE_API_NAMED_ADDON(usertcp, Addon)

}  // namespace usertcp
