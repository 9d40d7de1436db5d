/** @file
 * What a guest in C checks with. It comes after the header of a snapshot.
 *
 * A check has a number, from 1 on. The first that fails is named in one line
 * on stderr, and the guest exits with its number.
 */
#ifndef CHECK_H
#define CHECK_H

#ifndef WASI_MODULE
#error "include the header of a snapshot before"
#endif

/** Compilers call these two by themselves. */
void *memset(void *to, int byte, size_t len) {
    unsigned char *bytes = to;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (unsigned char)byte;
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t len) {
    unsigned char *bytes = to;
    const unsigned char *others = from;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = others[i];
    }
    return to;
}

/** The length of a text without its NUL, in bytes. */
static inline uint32_t length(const char *text) {
    uint32_t len = 0;
    while (text[len] != '\0') {
        len++;
    }
    return len;
}

/** Whether some bytes are those of a text, without its NUL. */
static inline int is_text(const void *bytes, uint32_t len, const char *text) {
    const char *others = bytes;
    for (uint32_t i = 0; i < len; i++) {
        if (text[i] == '\0' || others[i] != text[i]) {
            return 0;
        }
    }
    return text[len] == '\0';
}

/** Writes bytes, and gives up where it cannot: there is nobody to tell. */
static inline void say_bytes(wasi_fd_t fd, const void *bytes, uint32_t len) {
    wasi_ciovec_t rest = {bytes, len};
    while (rest.buf_len > 0) {
        wasi_size_t written = 0;
        if (wasi_fd_write(fd, &rest, 1, &written) != WASI_ERRNO_SUCCESS || written == 0) {
            return;
        }
        rest.buf += written;
        rest.buf_len -= written;
    }
}

/** Writes a text. */
static inline void say(wasi_fd_t fd, const char *text) {
    say_bytes(fd, text, length(text));
}

/** Writes a number in decimal digits. */
static inline void say_number(wasi_fd_t fd, uint64_t number) {
    char digits[20];
    uint32_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    say_bytes(fd, digits + first, sizeof digits - first);
}

static inline void say_failed(uint32_t number, const char *what) {
    say(2, "check ");
    say_number(2, number);
    say(2, " failed: ");
    say(2, what);
}

/** A check that something holds. */
static inline void check(uint32_t number, const char *what, int holds) {
    if (!holds) {
        say_failed(number, what);
        say(2, "\n");
        wasi_proc_exit(number);
    }
}

/** A check that two numbers are the same; an errno and the one that is due, mostly. */
static inline void expect(uint32_t number, const char *what, uint64_t found, uint64_t wanted) {
    if (found != wanted) {
        say_failed(number, what);
        say(2, ": ");
        say_number(2, found);
        say(2, " instead of ");
        say_number(2, wanted);
        say(2, "\n");
        wasi_proc_exit(number);
    }
}

#endif
