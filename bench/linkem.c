/*
 * linkem: an emulated network link between two network namespaces.
 *
 *   linkem [options] NS_A NS_B [-- COMMAND ...]
 *
 * Creates NS_A and NS_B if they are missing, puts a TUN device in each
 * (10.77.0.1 in NS_A, 10.77.0.2 in NS_B, MTU 1500) and carries IP packets
 * between them in user space, applying to each direction on its own:
 *
 *   --rate MBIT      link rate, 0 = unlimited          (default 0)
 *   --delay MS       one-way propagation delay         (default 0)
 *   --jitter MS      uniform extra delay, may reorder  (default 0)
 *   --loss P         random loss probability 0..1      (default 0)
 *   --burst N        mean length of a loss burst       (default 1: independent)
 *   --dup P          duplication probability           (default 0)
 *   --reorder P      a packet skips the delay          (default 0)
 *   --corrupt P      flip one payload bit and mend no checksum (default 0)
 *   --queue BYTES    bottleneck queue, drop-tail       (default 2 x BDP, >= 256 KiB)
 *   --mtu BYTES      device MTU                        (default 1500)
 *   --seed N         random seed                       (default 1)
 *   --stats FILE     write JSON counters at exit       (default: standard error)
 *   --outage A:B     every A ms, drop everything for B ms
 *   --subnet N       devices linkN with 10.77.N.1 and .2 (default 0), so that
 *                    one namespace can have several links
 *
 * With a COMMAND, runs it (with NS_A, NS_B, IP_A and IP_B in its environment),
 * exits with its status and removes the namespaces that it made; without one
 * it says "ready" on standard output once the link is there and runs until
 * SIGINT or SIGTERM; for each SIGUSR1 it prints its counters as one line of
 * JSON. Segmentation offloads never cross a TUN device, so every loss is the
 * loss of one MTU-sized packet.
 *
 * Build: cc -O2 -pthread -o linkem linkem.c      Run as root.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    double rate_bps, delay_ns, jitter_ns, loss, burst, dup, reorder, corrupt;
    long queue_bytes;
    int mtu;
    uint64_t seed;
    double outage_every_ns, outage_for_ns;
} Link;

typedef struct {
    uint64_t due_ns, order;
    int len;
    unsigned char *data;
} Packet;

typedef struct {
    const char *name;
    int in_fd, out_fd;
    Link link;
    uint64_t rng;
    int in_burst;
    uint64_t busy_until_ns, order;
    Packet *heap;
    int heap_len, heap_cap;
    uint64_t packets_in, bytes_in, packets_out, bytes_out;
    uint64_t lost, queue_drops, outage_drops, duplicated, reordered, corrupted;
} Direction;

static atomic_int stopping;
static uint64_t started_ns;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static double random_unit(Direction *d) {
    d->rng ^= d->rng << 13;
    d->rng ^= d->rng >> 7;
    d->rng ^= d->rng << 17;
    return (double)(d->rng >> 11) / 9007199254740992.0;
}

static int before(const Packet *a, const Packet *b) {
    return a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->order < b->order);
}

static void heap_push(Direction *d, Packet p) {
    if (d->heap_len == d->heap_cap) {
        d->heap_cap = d->heap_cap ? d->heap_cap * 2 : 4096;
        d->heap = realloc(d->heap, sizeof(Packet) * (size_t)d->heap_cap);
        if (!d->heap) abort();
    }
    int i = d->heap_len++;
    while (i > 0 && before(&p, &d->heap[(i - 1) / 2])) {
        d->heap[i] = d->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    d->heap[i] = p;
}

static Packet heap_pop(Direction *d) {
    Packet top = d->heap[0], last = d->heap[--d->heap_len];
    int i = 0;
    for (;;) {
        int child = 2 * i + 1;
        if (child >= d->heap_len) break;
        if (child + 1 < d->heap_len && before(&d->heap[child + 1], &d->heap[child])) child++;
        if (!before(&d->heap[child], &last)) break;
        d->heap[i] = d->heap[child];
        i = child;
    }
    d->heap[i] = last;
    return top;
}

static void schedule(Direction *d, const unsigned char *bytes, int len, uint64_t due) {
    unsigned char *copy = malloc((size_t)len);
    if (!copy) abort();
    memcpy(copy, bytes, (size_t)len);
    heap_push(d, (Packet){due, d->order++, len, copy});
}

static int is_lost(Direction *d) {
    const Link *l = &d->link;
    if (l->loss <= 0) return 0;
    if (l->burst <= 1) return random_unit(d) < l->loss;
    double leave = 1.0 / l->burst, enter = l->loss * leave / (1.0 - l->loss);
    d->in_burst = d->in_burst ? random_unit(d) >= leave : random_unit(d) < enter;
    return d->in_burst;
}

static void accept_packet(Direction *d, unsigned char *bytes, int len, uint64_t now) {
    const Link *l = &d->link;
    d->packets_in++;
    d->bytes_in += (uint64_t)len;
    if (l->outage_for_ns > 0) {
        double phase = (double)((now - started_ns) % (uint64_t)l->outage_every_ns);
        if (phase >= l->outage_every_ns - l->outage_for_ns) { d->outage_drops++; return; }
    }
    uint64_t departs = now;
    if (l->rate_bps > 0) {
        if (d->busy_until_ns < now) d->busy_until_ns = now;
        double queued = (double)(d->busy_until_ns - now) * l->rate_bps / 8e9;
        if (queued + len > (double)l->queue_bytes) { d->queue_drops++; return; }
        d->busy_until_ns += (uint64_t)(len * 8e9 / l->rate_bps);
        departs = d->busy_until_ns;
    }
    if (is_lost(d)) { d->lost++; return; }
    if (l->corrupt > 0 && len > 48 && random_unit(d) < l->corrupt) {
        bytes[40 + (int)(random_unit(d) * (len - 40))] ^= (unsigned char)(1u << (int)(random_unit(d) * 8));
        d->corrupted++;
    }
    uint64_t due = departs + (uint64_t)(l->delay_ns + (l->jitter_ns > 0 ? random_unit(d) * l->jitter_ns : 0));
    if (l->reorder > 0 && random_unit(d) < l->reorder) { due = departs; d->reordered++; }
    schedule(d, bytes, len, due);
    if (l->dup > 0 && random_unit(d) < l->dup) { schedule(d, bytes, len, due); d->duplicated++; }
}

static void *carry(void *arg) {
    Direction *d = arg;
    static __thread unsigned char buffer[65536];
    while (!atomic_load(&stopping)) {
        uint64_t now = now_ns();
        for (int i = 0; i < 256; i++) {
            ssize_t n = read(d->in_fd, buffer, sizeof buffer);
            if (n <= 0) break;
            accept_packet(d, buffer, (int)n, now);
        }
        now = now_ns();
        while (d->heap_len && d->heap[0].due_ns <= now) {
            Packet p = heap_pop(d);
            if (write(d->out_fd, p.data, (size_t)p.len) == p.len) {
                d->packets_out++;
                d->bytes_out += (uint64_t)p.len;
            }
            free(p.data);
        }
        uint64_t wait = 50000000ull;
        now = now_ns();
        if (d->heap_len) wait = d->heap[0].due_ns > now ? d->heap[0].due_ns - now : 0;
        if (wait > 50000000ull) wait = 50000000ull;
        struct timespec t = {0, (long)wait};
        struct pollfd p = {d->in_fd, POLLIN, 0};
        if (wait) ppoll(&p, 1, &t, NULL);
    }
    return NULL;
}

static void run(const char *format, const char *a, const char *b) {
    char command[512];
    snprintf(command, sizeof command, format, a, b);
    if (system(command) != 0) fprintf(stderr, "linkem: failed: %s\n", command);
}

static int ns_exists(const char *ns) {
    char path[256];
    snprintf(path, sizeof path, "/run/netns/%s", ns);
    return access(path, F_OK) == 0;
}

static int open_tun(const char *ns, int subnet, int host, int mtu) {
    char path[256], text[64], device[32];
    snprintf(path, sizeof path, "/run/netns/%s", ns);
    int home = open("/proc/self/ns/net", O_RDONLY), there = open(path, O_RDONLY);
    if (there < 0 || setns(there, CLONE_NEWNET) != 0) { perror(path); exit(2); }
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    struct ifreq request = {0};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    snprintf(device, sizeof device, "link%d", subnet);
    strcpy(request.ifr_name, device);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) { perror("linkem: TUN device"); exit(2); }
    setns(home, CLONE_NEWNET);
    close(home);
    close(there);
    run("ip -n %s link set lo up", ns, "");
    snprintf(text, sizeof text, "%s mtu %d", device, mtu);
    run("ip -n %s link set %s txqueuelen 10000 up", ns, text);
    snprintf(text, sizeof text, "10.77.%d.%d/24 dev %s", subnet, host, device);
    run("ip -n %s addr add %s", ns, text);
    return fd;
}

static void print_direction(FILE *f, const Direction *d, const char *end) {
    fprintf(f,
            "\"%s\": {\"packets_in\": %lu, \"bytes_in\": %lu, \"packets_out\": %lu, \"bytes_out\": %lu, "
            "\"lost\": %lu, \"queue_drops\": %lu, \"outage_drops\": %lu, \"duplicated\": %lu, \"reordered\": %lu, \"corrupted\": %lu}%s",
            d->name, d->packets_in, d->bytes_in, d->packets_out, d->bytes_out, d->lost, d->queue_drops,
            d->outage_drops, d->duplicated, d->reordered, d->corrupted, end);
}

static void print_counters(FILE *f, const Direction *directions) {
    fprintf(f, "{");
    print_direction(f, &directions[0], ", ");
    print_direction(f, &directions[1], "}\n");
    fflush(f);
}

static void on_signal(int s) { (void)s; atomic_store(&stopping, 1); }

/* The threads that carry are not disturbed: signals wait for this one. */
static void serve_signals(const Direction *directions, const sigset_t *signals) {
    puts("ready");
    fflush(stdout);
    for (int s = 0; sigwait(signals, &s) == 0 && s == SIGUSR1;) print_counters(stdout, directions);
    atomic_store(&stopping, 1);
}

static void usage(void) {
    fprintf(stderr, "usage: linkem [--rate MBIT] [--delay MS] [--jitter MS] [--loss P] [--burst N] [--dup P] [--reorder P]\n"
                    "              [--corrupt P] [--queue BYTES] [--mtu BYTES] [--seed N] [--outage A:B] [--subnet N] [--stats FILE] NS_A NS_B [-- COMMAND ...]\n");
    exit(2);
}

int main(int argc, char **argv) {
    Link link = {.burst = 1, .mtu = 1500, .seed = 1};
    const char *stats = NULL, *names[2] = {0};
    char **command = NULL;
    int named = 0, subnet = 0;
    for (int i = 1; i < argc; i++) {
        const char *o = argv[i], *v = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(o, "--")) { command = argv + i + 1; break; }
        if (o[0] != '-') { if (named == 2) usage(); names[named++] = o; continue; }
        if (!v) usage();
        i++;
        if (!strcmp(o, "--rate")) link.rate_bps = atof(v) * 1e6;
        else if (!strcmp(o, "--delay")) link.delay_ns = atof(v) * 1e6;
        else if (!strcmp(o, "--jitter")) link.jitter_ns = atof(v) * 1e6;
        else if (!strcmp(o, "--loss")) link.loss = atof(v);
        else if (!strcmp(o, "--burst")) link.burst = atof(v);
        else if (!strcmp(o, "--dup")) link.dup = atof(v);
        else if (!strcmp(o, "--reorder")) link.reorder = atof(v);
        else if (!strcmp(o, "--corrupt")) link.corrupt = atof(v);
        else if (!strcmp(o, "--queue")) link.queue_bytes = atol(v);
        else if (!strcmp(o, "--mtu")) link.mtu = atoi(v);
        else if (!strcmp(o, "--seed")) link.seed = strtoull(v, NULL, 10);
        else if (!strcmp(o, "--subnet")) subnet = atoi(v);
        else if (!strcmp(o, "--stats")) stats = v;
        else if (!strcmp(o, "--outage")) {
            double every, length;
            if (sscanf(v, "%lf:%lf", &every, &length) != 2 || every <= 0) usage();
            link.outage_every_ns = every * 1e6;
            link.outage_for_ns = length * 1e6;
        } else usage();
    }
    if (named != 2 || subnet < 0 || subnet > 255) usage();
    if (link.queue_bytes == 0) {
        link.queue_bytes = (long)(2 * link.rate_bps / 8 * (2 * link.delay_ns / 1e9));
        if (link.queue_bytes < 262144) link.queue_bytes = 262144;
    }
    int made[2];
    for (int i = 0; i < 2; i++) {
        made[i] = !ns_exists(names[i]);
        if (made[i]) run("ip netns add %s", names[i], "");
    }
    int a = open_tun(names[0], subnet, 1, link.mtu), b = open_tun(names[1], subnet, 2, link.mtu);
    Direction directions[2] = {
        {.name = "a_to_b", .in_fd = a, .out_fd = b, .link = link, .rng = link.seed * 0x9E3779B97F4A7C15ull + 1},
        {.name = "b_to_a", .in_fd = b, .out_fd = a, .link = link, .rng = link.seed * 0xD1B54A32D192ED03ull + 7},
    };
    started_ns = now_ns();
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    if (command && command[0]) {
        signal(SIGINT, on_signal);
        signal(SIGTERM, on_signal);
    } else pthread_sigmask(SIG_BLOCK, &signals, NULL);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, carry, &directions[i]);
    int status = 0;
    if (command && command[0]) {
        setenv("NS_A", names[0], 1);
        setenv("NS_B", names[1], 1);
        char address[32];
        snprintf(address, sizeof address, "10.77.%d.1", subnet);
        setenv("IP_A", address, 1);
        snprintf(address, sizeof address, "10.77.%d.2", subnet);
        setenv("IP_B", address, 1);
        pid_t child = fork();
        if (child == 0) { execvp(command[0], command); perror(command[0]); _exit(127); }
        waitpid(child, &status, 0);
        status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        atomic_store(&stopping, 1);
    } else serve_signals(directions, &signals);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    FILE *f = stats ? fopen(stats, "w") : stderr;
    if (f) {
        print_counters(f, directions);
        if (stats) fclose(f);
    }
    for (int i = 0; i < 2; i++) if (made[i]) run("ip netns del %s", names[i], "");
    return status;
}
