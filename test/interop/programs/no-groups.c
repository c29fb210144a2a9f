// Loaded before libc: a kernel, or a sandbox, that refuses PACKET_FANOUT.
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kPacket = 263, kFanout = 18 };

int setsockopt(int fd, int level, int name, const void* value, socklen_t bytes) {
  if (level == kPacket && name == kFanout) {
    errno = EPERM;
    return -1;
  }
  return (int)syscall(SYS_setsockopt, fd, level, name, value, (size_t)bytes);
}
