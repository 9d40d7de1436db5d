/** @file
 * A parent that says on standard error what its child calls: the function, some of its arguments,
 * and what it answered. It changes nothing.
 */
#include "turnkey_parent.h"
#include "filter_wasi_snapshot_preview1.h"

/** What is known of the call that is carried out: begun by its filter, said when it has ended. */
static struct {
    char text[256];
    uint32_t used;
} arguments;

static void add_bytes(const char *bytes, uint32_t len) {
    for (uint32_t i = 0; i < len && arguments.used < sizeof arguments.text; i++) {
        // Whatever a child is called, it cannot make a line of its own.
        char is_plain = bytes[i] >= ' ' && bytes[i] <= '~';
        arguments.text[arguments.used++] = is_plain ? bytes[i] : '?';
    }
}

static void add(const char *text) {
    add_bytes(text, parent_len(text));
}

static int32_t add_number(const char *what, uint64_t number) {
    char digits[20];
    uint32_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    add(" ");
    add(what);
    add(" ");
    add_bytes(digits + first, sizeof digits - first);
    return 0;
}

static int32_t add_path(const char *path, uint32_t len) {
    add(" \"");
    add_bytes(path, len);
    add("\"");
    return 0;
}

static void ended(const char *name, uint32_t errno_) {
    parent_say(name);
    parent_say_bytes(arguments.text, arguments.used);
    parent_say(" = ");
    if (errno_ == UINT32_MAX) {
        parent_say("the end");
    } else {
        parent_say_errno(errno_);
    }
    parent_say("\n");
    arguments.used = 0;
}

#define AFTER(name)                                                                                \
    void after_##name(uint32_t context, uint32_t call, uint32_t errno_) {                          \
        (void)context;                                                                             \
        (void)call;                                                                                \
        ended(#name, errno_);                                                                      \
    }
WASI_EACH_FUNCTION(AFTER)

int32_t filter_fd_close(uint32_t context, uint32_t call, wasi_fd_t fd) {
    (void)context;
    (void)call;
    return add_number("fd", fd);
}

int32_t filter_fd_read(uint32_t context, uint32_t call, wasi_fd_t fd, const wasi_iovec_t *iovs,
                       uint32_t iovs_len, wasi_size_t *retptr0) {
    (void)context;
    (void)call;
    (void)retptr0;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < iovs_len; i++) {
        bytes += iovs[i].buf_len;
    }
    add_number("fd", fd);
    return add_number("bytes", bytes);
}

int32_t filter_fd_write(uint32_t context, uint32_t call, wasi_fd_t fd, const wasi_ciovec_t *iovs,
                        uint32_t iovs_len, wasi_size_t *retptr0) {
    (void)context;
    (void)call;
    (void)retptr0;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < iovs_len; i++) {
        bytes += iovs[i].buf_len;
    }
    add_number("fd", fd);
    return add_number("bytes", bytes);
}

int32_t filter_path_open(uint32_t context, uint32_t call, wasi_fd_t fd, wasi_lookupflags_t dirflags,
                         const char *path, uint32_t path_len, wasi_oflags_t oflags,
                         wasi_rights_t fs_rights_base, wasi_rights_t fs_rights_inheriting,
                         wasi_fdflags_t fdflags, wasi_fd_t *retptr0) {
    (void)context;
    (void)call;
    (void)dirflags;
    (void)oflags;
    (void)fs_rights_base;
    (void)fs_rights_inheriting;
    (void)fdflags;
    (void)retptr0;
    add_number("fd", fd);
    return add_path(path, path_len);
}

int32_t filter_random_get(uint32_t context, uint32_t call, uint8_t *buf, wasi_size_t buf_len) {
    (void)context;
    (void)call;
    (void)buf;
    return add_number("bytes", buf_len);
}

int32_t filter_proc_exit(uint32_t context, uint32_t call, wasi_exitcode_t rval) {
    (void)context;
    (void)call;
    return add_number("code", rval);
}

__attribute__((export_name("_start"))) void _start(void) {
    static const char *const classes[] = {
        "class:args", "class:environ", "class:clock",  "class:fd",      "class:files",
        "class:poll", "class:process", "class:random", "class:network",
    };
    nano_child_t child = parent_child();
    parent_bind(child, "class:*", NANO_BINDING_PASS, 0);
    for (uint32_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        parent_bind(child, classes[i], NANO_BINDING_FILTER, 0);
    }
    parent_grant_all(child, PARENT_ALL);
    parent_run(child);
}
