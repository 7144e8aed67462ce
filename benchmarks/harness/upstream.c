// SPDX-License-Identifier: Apache-2.0
// The upstream that every gateway forwards to: OpenAI's chat completions on 127.0.0.1, cheap enough never to be the limit.
//
//   upstream PORT [MARK]
//   POST anything                  a chat.completion of about 1.1 KB; with "stream":true DELTAS deltas, the finish with usage, [DONE]
//   GET /control?gap=US&deltas=N   microseconds between deltas (0: all at once), number of deltas; answers with the counters
//   GET anything                   the counters: requests, streams, and `marked`: request bodies in which MARK stood
//
// An answer quotes the beginning of the last message, so that a gateway which hid something has something to bring back.
#define _GNU_SOURCE
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 512, HEAD_MAX = 16384, REQUEST_MAX = 1 << 20, QUOTE_MAX = 160, QUOTED_IN = 4, TEXT_BYTES = 560 };

typedef struct Connection {
    int fd;
    char *in, *out;
    size_t in_size, in_cap, out_size, out_sent, out_cap;
    bool streaming, wants_write;
    int delta;
    char quote[QUOTE_MAX + 1];
    uint64_t due;
    struct Connection *earlier, *later;  // in the queue of paced streams
} Connection;

static int poller;
static long gap_us = 0, deltas = 50;
static const char *mark = "";
static unsigned long requests, streams, marked;

// Every stream has the same gap and is put back at now + gap, so arrival order is due order and a list does for a heap.
static Connection *first, *last;

static void enqueue(Connection *c) {
    c->due = now_ns() + (uint64_t)gap_us * 1000u;
    c->earlier = last;
    c->later = NULL;
    *(last ? &last->later : &first) = c;
    last = c;
}

static void dequeue(Connection *c) {
    if (c != first && !c->earlier) return;  // not in it
    *(c->earlier ? &c->earlier->later : &first) = c->later;
    *(c->later ? &c->later->earlier : &last) = c->earlier;
    c->earlier = c->later = NULL;
}

static void hang_up(Connection *c) {
    dequeue(c);
    close(c->fd);
    free(c->in);
    free(c->out);
    free(c);
}

static void watch(Connection *c, bool write) {
    if (c->wants_write == write) return;
    c->wants_write = write;
    struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
}

// False when the peer is gone; what the socket would not take waits for it to be writable.
static bool flush(Connection *c) {
    while (c->out_sent < c->out_size) {
        ssize_t sent = send(c->fd, c->out + c->out_sent, c->out_size - c->out_sent, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return false;
        if (sent < 0) break;
        c->out_sent += (size_t)sent;
    }
    if (c->out_sent == c->out_size) c->out_sent = c->out_size = 0;
    watch(c, c->out_size > 0);
    return true;
}

static void put(Connection *c, const char *bytes, size_t size) {
    if (c->out_size + size > c->out_cap) c->out = claim(c->out, c->out_cap = 2 * (c->out_size + size));
    memcpy(c->out + c->out_size, bytes, size);
    c->out_size += size;
}

static void put_json(Connection *c, const char *body, size_t size) {
    char head[160];
    int length = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", size);
    put(c, head, (size_t)length);
    put(c, body, size);
}

// The beginning of the last `"content":"…"`, as it stands in the JSON: whole characters, no escapes, at most QUOTE_MAX bytes.
static void quote_of(Connection *c, const char *body, size_t size) {
    static const char opening[] = "\"content\":";
    const char *end = body + size, *at = body, *found = NULL;
    while ((at = memmem(at, (size_t)(end - at), opening, sizeof opening - 1))) found = at += sizeof opening - 1;
    size_t length = 0;
    if (found) {
        while (found < end && *found == ' ') found++;
        if (found < end && *found++ == '"') {
            while (length < QUOTE_MAX && found + length < end && found[length] != '"' && found[length] != '\\') length++;
            while (length && found + length < end && ((unsigned char)found[length] & 0xC0) == 0x80) length--;
            memcpy(c->quote, found, length);
        }
    }
    c->quote[length] = 0;
}

static void answer_whole(Connection *c) {
    static const char filler[] = "The quick brown fox jumps over the lazy dog. ";
    char text[TEXT_BYTES + 1], body[2048];
    size_t at = (size_t)snprintf(text, sizeof text, "%s ", c->quote);
    for (size_t i = 0; at < TEXT_BYTES; i++) text[at++] = filler[i % (sizeof filler - 1)];
    text[at] = 0;
    int size = snprintf(body, sizeof body,
        "{\"id\":\"chatcmpl-bench000000000000000000000000\",\"object\":\"chat.completion\",\"created\":1760000000,\"model\":\"bench\","
        "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\",\"refusal\":null,\"annotations\":[]},"
        "\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":240,\"completion_tokens\":120,\"total_tokens\":360,"
        "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0,"
        "\"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}},\"service_tier\":\"default\","
        "\"system_fingerprint\":\"fp_bench\"}", text);
    put_json(c, body, (size_t)size);
}

// A cut between characters, near share/QUOTED_IN of the quote.
static size_t cut(const char *quote, int share) {
    size_t at = strlen(quote) * (size_t)share / QUOTED_IN;
    while (at && ((unsigned char)quote[at] & 0xC0) == 0x80) at--;
    return at;
}

// Delta 0 and those after the quote carry a stamp; the QUOTED_IN between them carry the quote, cut where it falls.
static void put_delta(Connection *c) {
    static const char head[] =
        "data: {\"id\":\"chatcmpl-bench000000000000000000000000\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,"
        "\"model\":\"bench\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\",\"choices\":[{\"index\":0,\"delta\":{";
    char event[1024], piece[1200];
    int size, number = c->delta++;
    if (number >= deltas) {
        size = snprintf(event, sizeof event,
            "%s},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":240,\"completion_tokens\":50,"
            "\"total_tokens\":290}}\n\ndata: [DONE]\n\n", head);
        c->streaming = false;
    } else {
        char text[QUOTE_MAX + 1];
        if (number >= 1 && number <= QUOTED_IN) {
            size_t from = cut(c->quote, number - 1), to = cut(c->quote, number);
            snprintf(text, sizeof text, "%.*s", (int)(to - from), c->quote + from);
        } else {
            snprintf(text, sizeof text, "%c%llu%cfox ", STAMP, (unsigned long long)now_ns(), STAMP);
        }
        size = snprintf(event, sizeof event, "%s%s\"content\":\"%s\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n", head,
            number == 0 ? "\"role\":\"assistant\"," : "", text);
    }
    size = snprintf(piece, sizeof piece, "%x\r\n%s\r\n%s", (unsigned)size, event, c->streaming ? "" : "0\r\n\r\n");
    put(c, piece, (size_t)size);
}

static void start_stream(Connection *c) {
    static const char head[] =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
    streams++;
    c->streaming = true;
    c->delta = 0;
    put(c, head, sizeof head - 1);
    do put_delta(c);
    while (c->streaming && gap_us == 0);
    if (c->streaming) enqueue(c);
}

static void answer_get(Connection *c, const char *head) {
    char body[160];
    const char *end = strchr(head, '\r'), *asked;
    if (!strncmp(head, "GET /control?", 13)) {
        if ((asked = strstr(head, "gap=")) && asked < end) gap_us = atol(asked + 4);
        if ((asked = strstr(head, "deltas=")) && asked < end) deltas = atol(asked + 7);
    }
    int size = snprintf(body, sizeof body, "{\"requests\":%lu,\"streams\":%lu,\"marked\":%lu}", requests, streams, marked);
    put_json(c, body, (size_t)size);
}

// Answers the whole requests at the front of the buffer; a stream under way holds those behind it back.  False: not HTTP as we take it.
static bool serve(Connection *c) {
    while (!c->streaming && c->in_size) {
        char *end = memmem(c->in, c->in_size, "\r\n\r\n", 4);
        if (!end) return c->in_size < HEAD_MAX;
        char *body = end + 4, kept = *body;
        *body = 0;
        const char *length = header(c->in, "content-length");
        bool chunked = header(c->in, "transfer-encoding") != NULL, get = !strncmp(c->in, "GET ", 4);
        size_t body_size = length ? strtoul(length, NULL, 10) : 0, whole = (size_t)(body - c->in) + body_size;
        if (chunked || whole > REQUEST_MAX) return false;
        if (get) answer_get(c, c->in);
        *body = kept;
        if (c->in_size < whole) return true;
        if (!get) {
            requests++;
            marked += *mark && memmem(body, body_size, mark, strlen(mark));
            quote_of(c, body, body_size);
            if (memmem(body, body_size, "\"stream\":true", 13) || memmem(body, body_size, "\"stream\": true", 14)) start_stream(c);
            else answer_whole(c);
        }
        memmove(c->in, c->in + whole, c->in_size -= whole);
    }
    return true;
}

static bool readable(Connection *c) {
    if (c->in_cap - c->in_size < HEAD_MAX) c->in = claim(c->in, 1 + (c->in_cap = 2 * c->in_cap + HEAD_MAX));
    ssize_t got = recv(c->fd, c->in + c->in_size, c->in_cap - c->in_size, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) return false;
    if (got > 0) c->in_size += (size_t)got;
    c->in[c->in_size] = 0;
    return serve(c) && flush(c);
}

static void welcome(int door) {
    int yes = 1, fd;
    while ((fd = accept4(door, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        Connection *c = claim(NULL, sizeof *c);
        *c = (Connection){.fd = fd};
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
    }
}

int main(int count, char **arguments) {
    if (count < 2) return fprintf(stderr, "usage: upstream PORT [MARK]\n"), 2;
    if (count > 2) mark = arguments[2];
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1000);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(door, (void *)&here, sizeof here) || listen(door, 4096)) die("upstream: cannot listen");
    poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    epoll_ctl(poller, EPOLL_CTL_ADD, door, &event);
    for (;;) {
        struct timespec wait, *patience = NULL;
        if (first) {
            uint64_t now = now_ns(), left = first->due > now ? first->due - now : 0;
            wait = (struct timespec){.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};
            patience = &wait;
        }
        int ready = epoll_pwait2(poller, events, EVENTS, patience, NULL);
        for (int i = 0; i < ready; i++) {
            Connection *c = events[i].data.ptr;
            if (!c) welcome(door);
            else if (((events[i].events & EPOLLOUT) && !flush(c)) || ((events[i].events & ~(uint32_t)EPOLLOUT) && !readable(c))) hang_up(c);
        }
        for (uint64_t now = now_ns(); first && first->due <= now;) {
            Connection *c = first;
            dequeue(c);
            put_delta(c);
            if (c->streaming) enqueue(c);
            if (!flush(c) || (!c->streaming && !(serve(c) && flush(c)))) hang_up(c);
        }
    }
}
