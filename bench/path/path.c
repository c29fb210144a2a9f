// path A0 B0 [A1 B1 …]: pairs of TAP devices joined by bad paths, all alike. What a device A_n sends is queued for a
// bottleneck, lost by chance, and reaches B_n after a delay; what comes back is delayed only. Standard input takes lines:
//   set DELAY_US RATE_BPS QUEUE LOSS_PPM SEED    of each lane, each way; counters and queues start from nothing
//   get                                          answers with one JSON line of counters, a lane each
// Each lane draws the same losses: the n-th frame with text is lost on all of them or on none. Frames of less than
// BARE bytes (handshakes, ACKs, ARP) are never lost by chance, so that no run spends its time on a lost SYN.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 1 << 13, FRAME = 1600, LANES = 16, BARE = 200, AT_ONCE = 64 };

struct frame {
  int64_t left, due;  // when its last bit left the bottleneck, when it arrives
  int len;
  uint8_t bytes[FRAME];
};

struct way {
  int from, to;
  int bottleneck;
  struct frame* ring;
  uint64_t head, waiting, tail;  // oldest in flight, oldest still in the queue, next free
  int64_t busy;                  // the bottleneck is, until then
  uint64_t random, frames, text, lost, full;
};

static struct way ways[2 * LANES];
static int count;
static int64_t delay_ns, rate_bps = 1000000000;
static uint64_t queue_limit = 1000, loss_ppm;

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// splitmix64
static uint64_t draw(uint64_t* state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

static int tap(const char* name) {
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) {
    perror(name);
    exit(1);
  }
  return fd;
}

static void take(struct way* w, int64_t now) {
  struct frame spare;
  for (int n = 0; n < AT_ONCE; n++) {
    int fits = w->tail - w->head < SLOTS;
    struct frame* f = fits ? &w->ring[w->tail % SLOTS] : &spare;
    ssize_t len = read(w->from, f->bytes, FRAME);
    if (len <= 0) return;
    w->frames++;
    f->len = (int)len;
    f->left = now;
    if (w->bottleneck) {
      if (len >= BARE) w->text++;
      if (len >= BARE && draw(&w->random) % 1000000 < loss_ppm) {
        w->lost++;
        continue;
      }
      while (w->waiting < w->tail && w->ring[w->waiting % SLOTS].left <= now) w->waiting++;
      if (w->tail - w->waiting > queue_limit) fits = 0;
      if (fits) f->left = w->busy = (w->busy > now ? w->busy : now) + len * 8 * 1000000000LL / rate_bps;
    }
    if (!fits) {
      w->full++;
      continue;
    }
    f->due = f->left + delay_ns;
    w->tail++;
  }
}

static int64_t give(struct way* w, int64_t now) {
  for (; w->head < w->tail; w->head++) {
    struct frame* f = &w->ring[w->head % SLOTS];
    if (f->due > now) return f->due;
    if (write(w->to, f->bytes, f->len) < 0 && errno == EAGAIN) return now + 100000;
  }
  return INT64_MAX;
}

static void set(uint64_t seed) {
  for (int n = 0; n < count; n++) {
    struct way* w = &ways[n];
    w->head = w->waiting = w->tail = 0;
    w->busy = 0;
    w->frames = w->text = w->lost = w->full = 0;
    w->random = seed;
  }
}

static void get(void) {
  for (int n = 0; n < count; n += 2) {
    struct way* w = &ways[n];
    printf("%c{\"frames\":%lu,\"text\":%lu,\"lost\":%lu,\"full\":%lu,\"acks\":%lu}", n ? ',' : '[', w->frames, w->text,
           w->lost, w->full, ways[n + 1].frames);
  }
  printf("]\n");
}

static void command(void) {
  static char line[4096];
  static size_t held;
  ssize_t n = read(0, line + held, sizeof line - 1 - held);
  if (n <= 0) exit(0);
  line[held += n] = 0;
  for (char* end; (end = strchr(line, '\n')); held -= end + 1 - line, memmove(line, end + 1, held + 1)) {
    unsigned long delay, rate, queue, loss, seed;
    if (sscanf(line, "set %lu %lu %lu %lu %lu", &delay, &rate, &queue, &loss, &seed) == 5) {
      delay_ns = (int64_t)delay * 1000;
      rate_bps = (int64_t)rate;
      queue_limit = queue;
      loss_ppm = loss;
      set(seed);
      printf("set\n");
    } else
      get();
    fflush(stdout);
  }
}

int main(int argc, char** argv) {
  if (argc < 3 || argc % 2 == 0 || argc > 2 * LANES + 1) return fprintf(stderr, "path A0 B0 [A1 B1 ...]\n"), 1;
  prctl(PR_SET_TIMERSLACK, 1);
  struct pollfd polled[2 * LANES + 1];
  for (count = 0; count < argc - 1; count += 2) {
    int a = tap(argv[count + 1]), b = tap(argv[count + 2]);
    ways[count] = (struct way){.from = a, .to = b, .bottleneck = 1, .ring = calloc(SLOTS, sizeof(struct frame))};
    ways[count + 1] = (struct way){.from = b, .to = a, .ring = calloc(SLOTS, sizeof(struct frame))};
    polled[count] = (struct pollfd){.fd = a, .events = POLLIN};
    polled[count + 1] = (struct pollfd){.fd = b, .events = POLLIN};
  }
  polled[count] = (struct pollfd){.fd = 0, .events = POLLIN};
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    int64_t next = INT64_MAX, now = now_ns();
    for (int n = 0; n < count; n++) {
      int64_t due = give(&ways[n], now);
      if (due < next) next = due;
    }
    int64_t wait = next == INT64_MAX ? 1000000000LL : next - now_ns();
    if (wait < 0) wait = 0;
    struct timespec timeout = {.tv_sec = wait / 1000000000LL, .tv_nsec = wait % 1000000000LL};
    if (ppoll(polled, count + 1, &timeout, 0) < 0 && errno != EINTR) return 1;
    now = now_ns();
    for (int n = 0; n < count; n++)
      if (polled[n].revents) take(&ways[n], now);
    if (polled[count].revents) command();
  }
}
