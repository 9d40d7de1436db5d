/** @file
 * A parent that serves its child a stream, as descriptor 3: what the child writes there it can read
 * again, up to four bytes at a time. After a `.` nothing more comes.
 */
#include "turnkey_objects.h"

static uint8_t kept[4];
static uint32_t used;
static int has_ended;

static int32_t echo_write(parent_object_t *object, uint64_t offset, const uint8_t *bytes,
                          uint32_t len) {
    (void)object, (void)offset;
    uint32_t count = 0;
    while (count < len && used < sizeof kept && !has_ended) {
        has_ended = bytes[count] == '.';
        kept[used++] = bytes[count++];
    }
    return count > 0 || len == 0 ? (int32_t)count : -WASI_ERRNO_AGAIN;
}

static int32_t echo_read(parent_object_t *object, uint64_t offset, uint8_t *buffer, uint32_t len) {
    (void)object, (void)offset;
    int32_t count = parent_read(kept, used, 0, buffer, len);
    for (uint32_t i = (uint32_t)count; i < used; i++) {
        kept[i - (uint32_t)count] = kept[i];
    }
    used -= (uint32_t)count;
    return count > 0 || has_ended ? count : -WASI_ERRNO_AGAIN;
}

static int32_t echo_poll(parent_object_t *object, serve_interest_t interest) {
    (void)object;
    int is_ready = interest == SERVE_INTEREST_READ ? used > 0 || has_ended : used < sizeof kept;
    return (is_ready ? (int32_t)SERVE_READINESS_READY : 0) |
           (has_ended ? (int32_t)SERVE_READINESS_HANGUP : 0);
}

static const parent_ops_t echo_ops = {.read = echo_read, .write = echo_write, .poll = echo_poll};
static parent_object_t echo = {&echo_ops, {.filetype = SERVE_FILETYPE_UNKNOWN}};

__attribute__((export_name("_start"))) void _start(void) {
    nano_child_t child = parent_child();
    parent_bind(child, "class:*", NANO_BINDING_PASS, 0);
    parent_grant(child, parent_serve_object(&echo, PARENT_ALL), NULL);
    parent_run(child);
}
