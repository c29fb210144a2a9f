{
  "targets": [{
    "target_name": "usertcp",
    "sources": ["<!@(cat native/sources.txt)"],
    "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
    # Swallow: a worker that is being terminated cannot be thrown at any more, and need not be.
    "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
    # With it the names of some functions are those that only glibc has.
    "defines!": ["_FILE_OFFSET_BITS=64"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-O3"],
    "cflags_cc": ["-std=c++20", "-O2", "-Wall", "-Wextra", "-fvisibility=hidden", "-fno-threadsafe-statics"],
    # runtime.cc is all it needs of libstdc++ (ADR 36).
    "ldflags": ["-Wl,--as-needed"]
  }]
}
