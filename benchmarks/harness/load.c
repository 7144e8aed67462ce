// SPDX-License-Identifier: Apache-2.0
// The load: chat completions over kept-alive HTTP/1.1 connections, one thread.  Loopback only; ends by itself.
//
//   load URL BODIES [-f HEADERS] [-c CONNECTIONS] [-s SECONDS] [-w WARM-UP SECONDS] [-r PER SECOND] [-H 'Name: value']…
//
// BODIES holds one JSON body a line, sent in turn, and HEADERS one header a line, each sent with every so-manieth of them.  Without -r each connection asks again as soon as it is answered (closed loop).
// With -r requests fall due at a constant rate whatever becomes of those before, and time counts from when each fell due (open
// loop), so a gateway that stalls is charged for everybody who had to wait.
//
// Prints `begin` when the warm-up is over, `end` when the time is up, and one line of JSON; times in microseconds.
#define _GNU_SOURCE
#include "http.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, READ_SIZE = 65536, HEAD_MAX = 16384, LINE_MAX_BYTES = 64, PATIENCE_NS = 20000000 };

typedef struct {
    uint64_t *values;
    size_t count, cap;
} Samples;

typedef struct {
    char *bytes;
    size_t size;
} Request;

enum Phase { HEAD, SIZED, UNTIL_CLOSE, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER };

typedef struct {
    int fd;  // -1: not connected
    bool busy, connecting, wants_write, close_after;
    const Request *request;
    size_t sent;
    uint64_t due, first_byte;
    // The answer so far.
    enum Phase phase;
    char head[HEAD_MAX + 1];
    size_t head_size, left;  // `left` in the body or in the chunk
    int status;
    char line[LINE_MAX_BYTES + 1];  // a chunk's size, a trailer
    size_t line_size;
    // The stream inside the body: the beginning of a line, and a stamp being read.
    char event[16];
    size_t event_size;
    bool event_stream, done, in_stamp;
    uint64_t stamp;
    unsigned digits;
} Connection;

static int poller;
static struct sockaddr_in there;
static Request *requests;
static size_t request_count, next_request;
static bool measuring;
static Samples latency, first_byte, delta;
static unsigned long answered, refused, broken, cut_short, events_seen;
static char first_refusal[400];

static void add(Samples *s, uint64_t value) {
    if (s->count == s->cap) s->values = claim(s->values, (s->cap = s->cap ? 2 * s->cap : 65536) * sizeof *s->values);
    s->values[s->count++] = value;
}

static int by_size(const void *a, const void *b) {
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void print_samples(const char *name, Samples *s) {
    static const struct { const char *name; double share; } marks[] = {{"p50", .5}, {"p90", .9}, {"p99", .99}, {"max", 1}};
    qsort(s->values, s->count, sizeof *s->values, by_size);
    printf(",\"%s\":{\"count\":%zu", name, s->count);
    for (size_t i = 0; s->count && i < sizeof marks / sizeof *marks; i++)
        printf(",\"%s\":%.1f", marks[i].name, (double)s->values[(size_t)ceil(marks[i].share * (double)s->count) - 1] / 1e3);
    printf("}");
}

static void hang_up(Connection *c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->busy = c->connecting = false;
}

static void fail(Connection *c) {
    broken += measuring;
    hang_up(c);
}

static void watch(Connection *c, int change, bool write) {
    struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.ptr = c};
    if (change == EPOLL_CTL_ADD || write != c->wants_write) epoll_ctl(poller, change, c->fd, &event);
    c->wants_write = write;
}

static void send_rest(Connection *c) {
    while (c->sent < c->request->size) {
        ssize_t sent = send(c->fd, c->request->bytes + c->sent, c->request->size - c->sent, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return fail(c);
        if (sent < 0) break;
        c->sent += (size_t)sent;
    }
    watch(c, EPOLL_CTL_MOD, c->sent < c->request->size);
}

static void connect_to(Connection *c) {
    int yes = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) die("load: socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(c->fd, (void *)&there, sizeof there) && errno != EINPROGRESS) return fail(c);
    c->connecting = true;
    watch(c, EPOLL_CTL_ADD, true);
}

static void ask(Connection *c, uint64_t due) {
    c->request = &requests[next_request++ % request_count];
    c->busy = true;
    c->due = due;
    c->first_byte = 0;
    c->sent = c->head_size = c->line_size = c->event_size = 0;
    c->phase = HEAD;
    c->digits = 0;
    c->close_after = c->event_stream = c->done = c->in_stamp = false;
    if (c->fd < 0) connect_to(c);
    else send_rest(c);
}

static void note_refusal(const Connection *c) {
    if (*first_refusal) return;
    size_t at = 0;
    for (const char *from = c->head; *from && at < sizeof first_refusal - 1; from++)
        first_refusal[at++] = isprint((unsigned char)*from) && *from != '"' && *from != '\\' ? *from : ' ';
}

static void finish(Connection *c) {
    uint64_t now = now_ns();
    c->busy = false;
    if (measuring && c->status == 200) {
        answered++;
        cut_short += c->event_stream && !c->done;
        add(&latency, now - c->due);
        add(&first_byte, (c->first_byte ? c->first_byte : now) - c->due);
    } else if (measuring) {
        refused++;
        note_refusal(c);
    }
    if (c->close_after) hang_up(c);
}

// Counts `data:` lines, sees `data: [DONE]`, and takes the age of every stamp; all of it wherever pieces are cut.
static void read_stream(Connection *c, const char *bytes, size_t size, uint64_t now) {
    static const char data[] = "data:", end[] = "data: [DONE]";
    for (size_t i = 0; i < size; i++) {
        char byte = bytes[i];
        if (byte == '\n') {
            c->event_size = 0;
        } else if (c->event_size < sizeof end - 1) {
            c->event[c->event_size++] = byte;
            events_seen += measuring && c->event_size == sizeof data - 1 && !memcmp(c->event, data, sizeof data - 1);
            c->done |= c->event_size == sizeof end - 1 && !memcmp(c->event, end, sizeof end - 1);
        }
        if (byte == STAMP) {
            if (measuring && c->in_stamp && c->digits && c->stamp <= now) add(&delta, now - c->stamp);
            c->in_stamp = !(c->in_stamp && c->digits);
            c->stamp = c->digits = 0;
        } else if (c->in_stamp) {
            c->in_stamp = isdigit((unsigned char)byte);
            c->stamp = 10 * c->stamp + (uint64_t)(byte - '0');
            c->digits++;
        }
    }
}

static void body(Connection *c, const char *bytes, size_t size, uint64_t now) {
    if (size && !c->first_byte) c->first_byte = now;
    if (c->event_stream) read_stream(c, bytes, size, now);
    if (c->status != 200 && c->head_size < HEAD_MAX) {  // kept to be shown
        size_t kept = size < HEAD_MAX - c->head_size ? size : HEAD_MAX - c->head_size;
        memcpy(c->head + c->head_size, bytes, kept);
        c->head[c->head_size += kept] = 0;
    }
}

// What the head says of the body.  True: there is none.
static bool read_head(Connection *c) {
    const char *value;
    c->status = atoi(c->head + sizeof "HTTP/1.1");
    c->close_after = (value = header(c->head, "connection")) && !strncasecmp(value, "close", 5);
    c->event_stream = (value = header(c->head, "content-type")) && !strncasecmp(value, "text/event-stream", 17);
    if ((value = header(c->head, "content-length"))) {
        c->phase = SIZED;
        c->left = strtoul(value, NULL, 10);
        return c->left == 0;
    }
    if ((value = header(c->head, "transfer-encoding")) && !strncasecmp(value, "chunked", 7)) c->phase = CHUNK_SIZE;
    else c->phase = UNTIL_CLOSE, c->close_after = true;
    return false;
}

// True once the answer is whole.
static bool read_answer(Connection *c, const char *bytes, size_t size, uint64_t now) {
    while (size) {
        size_t taken = 1;
        switch (c->phase) {
        case HEAD:
            if (c->head_size == HEAD_MAX) return fail(c), false;
            c->head[c->head_size++] = *bytes;
            c->head[c->head_size] = 0;
            if (*bytes == '\n' && c->head_size >= 4 && !memcmp(c->head + c->head_size - 4, "\r\n\r\n", 4) && read_head(c)) return true;
            break;
        case UNTIL_CLOSE:
            body(c, bytes, taken = size, now);
            break;
        case SIZED:
        case CHUNK:
            taken = size < c->left ? size : c->left;
            body(c, bytes, taken, now);
            c->left -= taken;
            if (c->left == 0 && c->phase == SIZED) return true;
            if (c->left == 0) c->phase = CHUNK_END;
            break;
        case CHUNK_END:
            if (*bytes == '\n') c->phase = CHUNK_SIZE;
            break;
        case CHUNK_SIZE:
        case TRAILER:
            if (*bytes != '\n') {
                if (*bytes != '\r' && c->line_size < LINE_MAX_BYTES) c->line[c->line_size++] = *bytes;
                break;
            }
            c->line[c->line_size] = 0;
            if (c->phase == TRAILER && c->line_size == 0) return true;
            if (c->phase == CHUNK_SIZE) c->phase = (c->left = strtoul(c->line, NULL, 16)) ? CHUNK : TRAILER;
            c->line_size = 0;
            break;
        }
        bytes += taken;
        size -= taken;
    }
    return false;
}

static void readable(Connection *c) {
    static char piece[READ_SIZE];
    ssize_t got = recv(c->fd, piece, sizeof piece, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got > 0) {
        if (c->busy && read_answer(c, piece, (size_t)got, now_ns())) finish(c);
    } else if (!c->busy) {
        hang_up(c);
    } else if (got == 0 && c->phase == UNTIL_CLOSE) {
        finish(c);
    } else {
        fail(c);
    }
}

// Each line of the file becomes a whole request, made before the clock starts.
static void prepare(const char *path, const char *turns_path, const char *target, const char *host, const char *headers) {
    char *line = NULL, **turns = NULL;
    size_t cap = 0, turn_count = 0;
    ssize_t size;
    FILE *file;
    if (turns_path) {
        if (!(file = fopen(turns_path, "r"))) die(turns_path);
        while ((size = getline(&line, &cap, file)) > 0) {
            if (line[size - 1] == '\n') line[--size] = 0;
            if (!size) continue;
            turns = claim(turns, (turn_count + 1) * sizeof *turns);
            if (!(turns[turn_count++] = strdup(line))) die("memory");
        }
        fclose(file);
    }
    if (!(file = fopen(path, "r"))) die(path);
    while ((size = getline(&line, &cap, file)) > 0) {
        if (line[size - 1] == '\n') size--;
        if (!size) continue;
        char head[HEAD_MAX];
        const char *turn = turn_count ? turns[request_count % turn_count] : "";
        int head_size = snprintf(head, sizeof head,
                                 "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n%s%s%sContent-Length: %zd\r\n\r\n",
                                 target, host, headers, turn, turn_count ? "\r\n" : "", size);
        requests = claim(requests, (request_count + 1) * sizeof *requests);
        Request *made = &requests[request_count++];
        made->bytes = claim(NULL, made->size = (size_t)head_size + (size_t)size);
        memcpy(made->bytes, head, (size_t)head_size);
        memcpy(made->bytes + head_size, line, (size_t)size);
    }
    fclose(file);
    free(line);
    for (size_t i = 0; i < turn_count; i++) free(turns[i]);
    free(turns);
    if (!request_count) exit((fprintf(stderr, "load: no body in %s\n", path), 2));
}

int main(int count, char **arguments) {
    int connections = 64, option, port;
    double seconds = 2, warm = 0.5, rate = 0;
    const char *turns = NULL;
    char headers[4096] = "", address[64], target[512], host[80];
    while ((option = getopt(count, arguments, "c:s:w:r:f:H:")) != -1) {
        if (option == 'c') connections = atoi(optarg);
        else if (option == 's') seconds = atof(optarg);
        else if (option == 'w') warm = atof(optarg);
        else if (option == 'r') rate = atof(optarg);
        else if (option == 'f') turns = optarg;
        else if (option == 'H' && strlen(headers) + strlen(optarg) + 3 < sizeof headers) strcat(strcat(headers, optarg), "\r\n");
        else return 2;
    }
    if (count - optind != 2 || connections < 1 || sscanf(arguments[optind], "http://%63[^:/]:%d%511s", address, &port, target) != 3)
        return fprintf(stderr, "usage: load http://127.0.0.1:PORT/PATH BODIES [-f HEADERS] [-c N] [-s S] [-w S] [-r N] [-H 'Name: value']\n"), 2;
    there = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, address, &there.sin_addr) != 1 || ntohl(there.sin_addr.s_addr) >> 24 != 127)
        return fprintf(stderr, "load: only this machine (127.0.0.0/8) may be loaded\n"), 2;
    snprintf(host, sizeof host, "%s:%d", address, port);
    prepare(arguments[optind + 1], turns, target, host, headers);

    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1000);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    poller = epoll_create1(0);
    Connection *all = calloc((size_t)connections, sizeof *all);
    if (!all) die("memory");
    for (int i = 0; i < connections; i++) all[i].fd = -1;
    uint64_t due = now_ns(), begin = due + (uint64_t)(warm * 1e9), end = begin + (uint64_t)(seconds * 1e9), begun = 0, now;
    uint64_t period = rate > 0 ? (uint64_t)(1e9 / rate) : 0;
    struct epoll_event events[EVENTS];
    while ((now = now_ns()) < end) {
        if (!measuring && now >= begin) {
            measuring = true;
            begun = now;
            puts("begin");
            fflush(stdout);
        }
        for (int i = 0; i < connections && (!rate || due <= now); i++) {
            if (all[i].busy) continue;
            ask(&all[i], rate ? due : now);
            due += period;
        }
        uint64_t wake = rate && due > now && due < end ? due : end;
        struct timespec patience = {.tv_sec = 0, .tv_nsec = (long)(wake - now < PATIENCE_NS ? wake - now : PATIENCE_NS)};
        int ready = epoll_pwait2(poller, events, EVENTS, &patience, NULL);
        for (int i = 0; i < ready; i++) {
            Connection *c = events[i].data.ptr;
            if (c->connecting && (events[i].events & (EPOLLERR | EPOLLHUP))) {
                fail(c);
                continue;
            }
            if (events[i].events & EPOLLOUT) {
                c->connecting = false;
                if (c->busy) send_rest(c);
            }
            if (c->fd >= 0 && (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))) readable(c);
        }
    }
    puts("end");
    fflush(stdout);
    double took = (double)(now - begun) / 1e9;
    unsigned long waiting = rate && end > due ? (unsigned long)((end - due) / period) : 0;  // fell due and were never sent
    printf("{\"seconds\":%.4f,\"answered\":%lu,\"refused\":%lu,\"broken\":%lu,\"cut_short\":%lu,\"events\":%lu,\"waiting\":%lu,\"first_refusal\":\"%s\"",
           took, answered, refused, broken, cut_short, events_seen, waiting, first_refusal);
    print_samples("latency", &latency);
    print_samples("first_byte", &first_byte);
    print_samples("delta", &delta);
    puts("}");
    return 0;
}
