/*
 * A shared object for `packetdrill --so_filename`: every call and every packet goes over a Unix socket to the process that
 * runs our stack (server.ts), and what it answers is what packetdrill gets. Each thread has a connection of its own, so a
 * call that blocks keeps only its own thread waiting. --so_flags is the path of the socket.
 *
 * A request is: length, operation, four numbers, bytes; a reply: length, result, errno, bytes. Numbers are 32 bits in the
 * byte order of the machine; a length does not count itself.
 */
#define _GNU_SOURCE
#include "bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/un.h>

enum operation {
  OP_HELLO, OP_SOCKET, OP_BIND, OP_LISTEN, OP_ACCEPT, OP_CONNECT, OP_READ, OP_WRITE, OP_FCNTL, OP_IOCTL, OP_CLOSE,
  OP_SHUTDOWN, OP_GETSOCKOPT, OP_SETSOCKOPT, OP_POLL, OP_PACKET_IN, OP_PACKET_OUT, OP_SLEEP, OP_TIME
};

#define MAX_BYTES (1 << 22)
/** Of the numbers that the stack's process gives (sockets.ts). */
#define FIRST_FD 200

struct bridge {
  struct sockaddr_un server;
};

struct reply {
  int32_t result;
  int32_t error;
  uint32_t length;
};

static __thread int line = -1;
/** The one bridge of this process. */
static void *opened;

static void fail(const char *what) {
  fprintf(stderr, "usertcp bridge: %s: %s\n", what, strerror(errno));
  exit(EXIT_FAILURE);
}

static void put(const void *bytes, size_t length) {
  for (const char *at = bytes; length > 0;) {
    ssize_t n = send(line, at, length, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("the stack's process is gone");
    at += n;
    length -= n;
  }
}

static void get(void *bytes, size_t length) {
  for (char *at = bytes; length > 0;) {
    ssize_t n = recv(line, at, length, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("the stack's process is gone");
    at += n;
    length -= n;
  }
}

static void skip(size_t length) {
  char drop[512];
  for (; length > 0; length -= length < sizeof drop ? length : sizeof drop)
    get(drop, length < sizeof drop ? length : sizeof drop);
}

/** One request and its reply, of which up to `room` bytes go to `out`. */
static struct reply ask(struct bridge *b, enum operation op, const int32_t n[4], const void *in, size_t bytes, void *out,
                        size_t room) {
  uint32_t head[6] = {20 + bytes, op, n[0], n[1], n[2], n[3]};
  uint32_t length;
  struct reply reply;
  if (line < 0) {
    line = socket(AF_UNIX, SOCK_STREAM, 0);
    if (line < 0 || connect(line, (struct sockaddr *)&b->server, sizeof b->server) < 0) fail(b->server.sun_path);
    /* Threads of one process meet on one stack. */
    const char *settings = getenv("USERTCP_SYSCTL");
    int32_t hello[4] = {getpid()};
    ask(b, OP_HELLO, hello, settings, settings == NULL ? 0 : strlen(settings), NULL, 0);
  }
  put(head, sizeof head);
  if (bytes > 0) put(in, bytes);
  get(&length, sizeof length);
  get(&reply, 8);
  length -= 8;
  reply.length = length < room ? length : room;
  if (reply.length > 0) get(out, reply.length);
  skip(length - reply.length);
  return reply;
}

#define ASK(op, in, bytes, out, room, ...) ask(userdata, op, (const int32_t[4]){__VA_ARGS__}, in, bytes, out, room)

static int outcome(struct reply reply) {
  if (reply.result < 0) errno = reply.error;
  return reply.result;
}

/** packetdrill closes what a script left open by itself, so there has to be something of that number. */
static int hold(int fd) {
  if (fd < 0) return fd;
  int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, fd);
  close(nothing);
  return fd;
}

static void bridge_free(void *userdata) {
  if (line >= 0) close(line);
  line = -1;
  opened = NULL;
  free(userdata);
}

static int bridge_socket(void *userdata, int domain, int type, int protocol) {
  return hold(outcome(ASK(OP_SOCKET, NULL, 0, NULL, 0, domain, type, protocol)));
}

static int bridge_bind(void *userdata, int fd, const struct sockaddr *address, socklen_t length) {
  return outcome(ASK(OP_BIND, address, length, NULL, 0, fd));
}

static int bridge_listen(void *userdata, int fd, int backlog) {
  return outcome(ASK(OP_LISTEN, NULL, 0, NULL, 0, fd, backlog));
}

static int bridge_accept(void *userdata, int fd, struct sockaddr *address, socklen_t *length) {
  struct reply reply = ASK(OP_ACCEPT, NULL, 0, address, address == NULL || length == NULL ? 0 : *length, fd);
  if (reply.result >= 0 && length != NULL) *length = reply.length;
  return hold(outcome(reply));
}

static int bridge_connect(void *userdata, int fd, const struct sockaddr *address, socklen_t length) {
  return outcome(ASK(OP_CONNECT, address, length, NULL, 0, fd));
}

static ssize_t bridge_recv(void *userdata, int fd, void *bytes, size_t length, int flags) {
  return outcome(ASK(OP_READ, NULL, 0, bytes, length, fd, length, flags));
}

static ssize_t bridge_read(void *userdata, int fd, void *bytes, size_t length) {
  return bridge_recv(userdata, fd, bytes, length, 0);
}

static ssize_t bridge_recvfrom(void *userdata, int fd, void *bytes, size_t length, int flags, struct sockaddr *address,
                               socklen_t *room) {
  if (address != NULL && room != NULL) *room = 0; /* a stream says nothing here */
  return bridge_recv(userdata, fd, bytes, length, flags);
}

static size_t total(const struct iovec *pieces, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count; i++) bytes += pieces[i].iov_len;
  return bytes > MAX_BYTES ? MAX_BYTES : bytes;
}

static ssize_t scatter(void *userdata, int fd, const struct iovec *pieces, int count, int flags) {
  size_t room = total(pieces, count);
  char *bytes = malloc(room + 1);
  ssize_t got = bridge_recv(userdata, fd, bytes, room, flags);
  int error = errno;
  size_t left = got < 0 ? 0 : (size_t)got, at = 0;
  for (int i = 0; i < count && left > 0; i++) {
    size_t n = pieces[i].iov_len < left ? pieces[i].iov_len : left;
    memcpy(pieces[i].iov_base, bytes + at, n);
    at += n;
    left -= n;
  }
  free(bytes);
  errno = error;
  return got;
}

static ssize_t bridge_readv(void *userdata, int fd, const struct iovec *pieces, int count) {
  return scatter(userdata, fd, pieces, count, 0);
}

static ssize_t bridge_recvmsg(void *userdata, int fd, struct msghdr *message, int flags) {
  message->msg_flags = 0;
  message->msg_controllen = 0;
  message->msg_namelen = 0;
  return scatter(userdata, fd, message->msg_iov, message->msg_iovlen, flags);
}

static ssize_t bridge_send(void *userdata, int fd, const void *bytes, size_t length, int flags) {
  return outcome(ASK(OP_WRITE, bytes, length > MAX_BYTES ? MAX_BYTES : length, NULL, 0, fd, flags));
}

static ssize_t bridge_write(void *userdata, int fd, const void *bytes, size_t length) {
  return bridge_send(userdata, fd, bytes, length, 0);
}

static ssize_t bridge_sendto(void *userdata, int fd, const void *bytes, size_t length, int flags,
                             const struct sockaddr *address, socklen_t size) {
  (void)address; /* of a stream it is ignored; TCP Fast Open is refused by its flag */
  (void)size;
  return bridge_send(userdata, fd, bytes, length, flags);
}

static ssize_t gather(void *userdata, int fd, const struct iovec *pieces, int count, int flags) {
  size_t length = total(pieces, count), at = 0;
  char *bytes = malloc(length + 1);
  for (int i = 0; i < count && at < length; i++) {
    size_t n = pieces[i].iov_len < length - at ? pieces[i].iov_len : length - at;
    memcpy(bytes + at, pieces[i].iov_base, n);
    at += n;
  }
  ssize_t sent = bridge_send(userdata, fd, bytes, length, flags);
  int error = errno;
  free(bytes);
  errno = error;
  return sent;
}

static ssize_t bridge_writev(void *userdata, int fd, const struct iovec *pieces, int count) {
  return gather(userdata, fd, pieces, count, 0);
}

static ssize_t bridge_sendmsg(void *userdata, int fd, const struct msghdr *message, int flags) {
  return gather(userdata, fd, message->msg_iov, message->msg_iovlen, flags);
}

static int bridge_fcntl(void *userdata, int fd, int command, ...) {
  va_list more;
  va_start(more, command);
  int value = va_arg(more, int);
  va_end(more);
  return outcome(ASK(OP_FCNTL, NULL, 0, NULL, 0, fd, command, value));
}

static int bridge_ioctl(void *userdata, int fd, unsigned long request, ...) {
  va_list more;
  va_start(more, request);
  int *value = va_arg(more, int *);
  va_end(more);
  return outcome(ASK(OP_IOCTL, NULL, 0, value, sizeof *value, fd, (int32_t)request));
}

static int bridge_close(void *userdata, int fd) {
  if (fd >= FIRST_FD) close(fd);
  return outcome(ASK(OP_CLOSE, NULL, 0, NULL, 0, fd));
}

static int bridge_shutdown(void *userdata, int fd, int how) {
  return outcome(ASK(OP_SHUTDOWN, NULL, 0, NULL, 0, fd, how));
}

static int bridge_getsockopt(void *userdata, int fd, int level, int name, void *value, socklen_t *length) {
  struct reply reply = ASK(OP_GETSOCKOPT, NULL, 0, value, *length, fd, level, name, *length);
  if (reply.result >= 0) *length = reply.length;
  return outcome(reply);
}

static int bridge_setsockopt(void *userdata, int fd, int level, int name, const void *value, socklen_t length) {
  return outcome(ASK(OP_SETSOCKOPT, value, length, NULL, 0, fd, level, name));
}

static int bridge_poll(void *userdata, struct pollfd *fds, nfds_t count, int timeout) {
  size_t bytes = count * sizeof *fds;
  return outcome(ASK(OP_POLL, fds, bytes, fds, bytes, timeout));
}

static int bridge_packet_in(void *userdata, const void *packet, size_t length) {
  return outcome(ASK(OP_PACKET_IN, packet, length, NULL, 0, 0));
}

/** The reply begins with the time; nothing at all means that nothing will come. */
static int bridge_packet_out(void *userdata, void *packet, size_t *length, long long *time) {
  struct iovec into[2] = {{time, sizeof *time}, {packet, *length}};
  size_t room = sizeof *time + *length;
  char *bytes = malloc(room);
  struct reply reply = ASK(OP_PACKET_OUT, NULL, 0, bytes, room, 0);
  *length = reply.length < sizeof *time ? 0 : reply.length - sizeof *time;
  *time = 0;
  if (*length > 0) {
    memcpy(into[0].iov_base, bytes, sizeof *time);
    memcpy(into[1].iov_base, bytes + sizeof *time, *length);
  }
  free(bytes);
  return 0;
}

static int bridge_usleep(void *userdata, useconds_t us) {
  return outcome(ASK(OP_SLEEP, NULL, 0, NULL, 0, (int32_t)us));
}

static int bridge_gettimeofday(void *userdata, struct timeval *time, struct timezone *zone) {
  int64_t now = 0;
  (void)zone;
  ASK(OP_TIME, NULL, 0, &now, sizeof now, 0);
  time->tv_sec = now / 1000000;
  time->tv_usec = now % 1000000;
  return 0;
}

/**
 * For what packetdrill asks behind its own interface, the tcp_info of a script's code: it calls the C library, and finds this
 * instead when the bridge is preloaded, too.
 */
int getsockopt(int fd, int level, int name, void *value, socklen_t *length) {
  if (opened != NULL && fd >= FIRST_FD) return bridge_getsockopt(opened, fd, level, name, value, length);
  return syscall(SYS_getsockopt, fd, level, name, value, length);
}

static int absent(void) {
  errno = ENOSYS;
  return -1;
}

static int bridge_epoll_create(void *userdata, int size) {
  (void)userdata, (void)size;
  return absent();
}

static int bridge_epoll_ctl(void *userdata, int set, int op, int fd, struct epoll_event *event) {
  (void)userdata, (void)set, (void)op, (void)fd, (void)event;
  return absent();
}

static int bridge_epoll_wait(void *userdata, int set, struct epoll_event *events, int most, int timeout) {
  (void)userdata, (void)set, (void)events, (void)most, (void)timeout;
  return absent();
}

static int bridge_pipe(void *userdata, int ends[2]) {
  (void)userdata, (void)ends;
  return absent();
}

static int bridge_splice(void *userdata, int in, loff_t *in_at, int out, loff_t *out_at, size_t length, unsigned flags) {
  (void)userdata, (void)in, (void)in_at, (void)out, (void)out_at, (void)length, (void)flags;
  return absent();
}

void packetdrill_interface_init(const char *flags, struct packetdrill_interface *to) {
  struct bridge *bridge = calloc(1, sizeof *bridge);
  if (flags == NULL || *flags == '\0') {
    fputs("usertcp bridge: --so_flags=PATH of the stack's socket is missing\n", stderr);
    exit(EXIT_FAILURE);
  }
  bridge->server.sun_family = AF_UNIX;
  snprintf(bridge->server.sun_path, sizeof bridge->server.sun_path, "%s", flags);
  opened = bridge;
  *to = (struct packetdrill_interface){
      .userdata = bridge,
      .free = bridge_free,
      .socket = bridge_socket,
      .bind = bridge_bind,
      .listen = bridge_listen,
      .accept = bridge_accept,
      .connect = bridge_connect,
      .read = bridge_read,
      .readv = bridge_readv,
      .recv = bridge_recv,
      .recvfrom = bridge_recvfrom,
      .recvmsg = bridge_recvmsg,
      .write = bridge_write,
      .writev = bridge_writev,
      .send = bridge_send,
      .sendto = bridge_sendto,
      .sendmsg = bridge_sendmsg,
      .fcntl = bridge_fcntl,
      .ioctl = bridge_ioctl,
      .close = bridge_close,
      .shutdown = bridge_shutdown,
      .getsockopt = bridge_getsockopt,
      .setsockopt = bridge_setsockopt,
      .poll = bridge_poll,
      .netdev_send = bridge_packet_in,
      .netdev_receive = bridge_packet_out,
      .usleep = bridge_usleep,
      .gettimeofday = bridge_gettimeofday,
      .epoll_create = bridge_epoll_create,
      .epoll_ctl = bridge_epoll_ctl,
      .epoll_wait = bridge_epoll_wait,
      .pipe = bridge_pipe,
      .splice = bridge_splice,
  };
}
