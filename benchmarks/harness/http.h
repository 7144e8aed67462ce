// SPDX-License-Identifier: Apache-2.0
// What the two C programs share: a clock, header look-up, and how a send time travels inside a delta.
#ifndef HTTP_H
#define HTTP_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

// A delta's text begins `~NANOSECONDS~`, CLOCK_MONOTONIC.  Both programs run on one machine, so one clock serves both ends.
#define STAMP '~'

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void die(const char *what) {
    perror(what);
    exit(1);
}

static inline void *claim(void *old, size_t size) {
    void *got = realloc(old, size);
    if (!got) die("memory");
    return got;
}

// The value of header `name` in `head`, which ends with an empty line and a zero byte; NULL without it.
static inline const char *header(const char *head, const char *name) {
    size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (!strncasecmp(line, name, length) && line[length] == ':') {
            const char *value = line + length + 1;
            return value + strspn(value, " \t");
        }
    }
    return NULL;
}

#endif
