// CRC-32C over a Buffer as a plain function, the same for every server in Node: crc(bytes, crcSoFar) -> number.
// It stands for any program that reads what it gets; it belongs to no stack.
#include "crc32c.h"
#include <node_api.h>
static napi_value Crc(napi_env e, napi_callback_info i) {
  size_t n = 2, len = 0; napi_value a[2], r; uint32_t so_far = 0; void *p = 0;
  if (napi_get_cb_info(e, i, &n, a, 0, 0) || napi_get_buffer_info(e, a[0], &p, &len)) { napi_throw_type_error(e, 0, "crc(buffer, crc)"); return 0; }
  if (n > 1) napi_get_value_uint32(e, a[1], &so_far);
  napi_create_uint32(e, crc32c(so_far, p, len), &r); return r; }
NAPI_MODULE_INIT() { napi_value f; napi_create_function(env, "crc", 3, Crc, 0, &f); return f; }
