/*
 * driver BRIDGE SOCKET: loads the bridge as packetdrill does, and is the peer of a handshake, of data both ways and of a
 * close, with an accept and a read that wait in a second thread. Prints a line for each thing that happened.
 */
#define _GNU_SOURCE
#include "bridge.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct packetdrill_interface face;
static void *user;
static uint32_t irs; /* of the stack */
static const char *LOCAL = "192.168.0.2", *REMOTE = "192.0.2.1";
enum { PORT = 8080, PEER_PORT = 40000, ISS = 1000 };

static uint32_t add(uint32_t sum, const void *bytes, size_t length) {
  const uint8_t *at = bytes;
  for (size_t i = 0; i < length; i++) sum += i & 1 ? at[i] : at[i] << 8;
  return sum;
}

static uint16_t fold(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return htons(~sum);
}

static void put(uint8_t flags, uint32_t seq, const char *text) {
  uint8_t packet[1500] = {0};
  struct iphdr *ip = (struct iphdr *)packet;
  struct tcphdr *tcp = (struct tcphdr *)(packet + 20);
  size_t length = 20 + strlen(text);
  ip->version = 4;
  ip->ihl = 5;
  ip->tot_len = htons(20 + length);
  ip->ttl = 64;
  ip->protocol = IPPROTO_TCP;
  ip->saddr = inet_addr(REMOTE);
  ip->daddr = inet_addr(LOCAL);
  ip->check = fold(add(0, ip, 20));
  tcp->th_sport = htons(PEER_PORT);
  tcp->th_dport = htons(PORT);
  tcp->th_seq = htonl(ISS + seq);
  tcp->th_ack = flags & TH_ACK ? htonl(irs) : 0;
  tcp->th_off = 5;
  tcp->th_flags = flags;
  tcp->th_win = htons(8192);
  memcpy(packet + 40, text, strlen(text));
  tcp->th_sum = fold(add(add(IPPROTO_TCP + length, &ip->saddr, 8), tcp, length));
  printf("in %d\n", face.netdev_send(user, packet, 20 + length));
}

/** Waits for a packet and tells it, numbers counted from the beginning of the connection. */
static void take(uint32_t from) {
  uint8_t packet[65536];
  size_t length = sizeof packet;
  long long time = 0;
  int result = face.netdev_receive(user, packet, &length, &time);
  struct timeval now;
  face.gettimeofday(user, &now, NULL);
  if (length < 40) {
    printf("out %d nothing\n", result);
    return;
  }
  struct tcphdr *tcp = (struct tcphdr *)(packet + 20);
  size_t text = length - 20 - tcp->th_off * 4;
  uint32_t seq = ntohl(tcp->th_seq);
  if (from == 0) irs = from = seq;
  printf("out %d flags %02x seq %u ack %u len %zu %.*s\n", result, tcp->th_flags, seq - from, ntohl(tcp->th_ack) - ISS,
         text, (int)text, packet + 20 + tcp->th_off * 4);
  if (time > now.tv_sec * 1000000LL + now.tv_usec) printf("from the future\n");
  irs = seq + text + (tcp->th_flags & (TH_SYN | TH_FIN) ? 1 : 0);
}

static int listener, child;

/** What packetdrill's second thread does: calls that wait. */
static void *waiting(void *unused) {
  struct sockaddr_in peer;
  socklen_t size = sizeof peer;
  char text[100];
  (void)unused;
  child = face.accept(user, listener, (struct sockaddr *)&peer, &size);
  printf("accept %s from port %d\n", child < 0 ? strerror(errno) : "ok", ntohs(peer.sin_port));
  ssize_t got = face.read(user, child, text, sizeof text);
  printf("read %zd %.*s\n", got, got < 0 ? 0 : (int)got, text);
  return NULL;
}

int main(int count, char **words) {
  if (count < 3) return 2;
  void *library = dlopen(words[1], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  if (library == NULL) return fprintf(stderr, "%s\n", dlerror()), 1;
  void (*init)(const char *, struct packetdrill_interface *) = dlsym(library, "packetdrill_interface_init");
  setvbuf(stdout, NULL, _IOLBF, 0);
  init(words[2], &face);
  user = face.userdata;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = inet_addr(LOCAL)};
  struct timeval before, after;
  pthread_t thread;

  listener = face.socket(user, AF_INET, SOCK_STREAM, IPPROTO_TCP);
  printf("bind %d\n", face.bind(user, listener, (struct sockaddr *)&address, sizeof address));
  printf("listen %d\n", face.listen(user, listener, 5));
  pthread_create(&thread, NULL, waiting, NULL);
  face.gettimeofday(user, &before, NULL);
  face.usleep(user, 3600u * 1000000);
  face.gettimeofday(user, &after, NULL);
  printf("slept %ld\n", (long)(after.tv_sec - before.tv_sec));

  put(TH_SYN, 0, "");
  take(0);
  uint32_t first = irs - 1;
  put(TH_ACK, 1, "");
  face.usleep(user, 1000);
  put(TH_ACK | TH_PUSH, 1, "hello");
  take(first);
  pthread_join(thread, NULL);
  struct iovec pieces[2] = {{"good", 4}, {"bye", 3}};
  printf("writev %zd\n", face.writev(user, child, pieces, 2));
  take(first);
  put(TH_ACK | TH_FIN, 6, "");
  take(first);
  printf("read %zd\n", face.read(user, child, (char[4]){0}, 4));
  printf("close %d\n", face.close(user, child));
  take(first);
  put(TH_ACK, 7, "");
  take(first);
  int again = face.close(user, child);
  printf("close again %d %s\n", again, strerror(errno));
  int pipes[2], none = face.pipe(user, pipes);
  printf("pipe %d %s\n", none, strerror(errno));
  face.free(user);
  return 0;
}
