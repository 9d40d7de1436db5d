/** @file
 * A parent that keeps the last of its directories, and hands on the others to be read only: of
 * three that lie within each other, the innermost has the least.
 */
#include "turnkey_parent.h"

__attribute__((export_name("_start"))) void _start(void) {
    static char name[4096];
    wasi_fd_t end = 3;
    while (parent_preopen(end, name, sizeof name) == 0) {
        end++;
    }
    nano_child_t child = parent_child();
    parent_bind(child, "class:*", NANO_BINDING_PASS, 0);
    parent_bind(child, "class:network", NANO_BINDING_DENY, WASI_ERRNO_NOTCAPABLE);
    for (wasi_fd_t fd = 3; fd + 1 < end; fd++) {
        nano_cap_t cap;
        if (nano_cap_from_fd(fd, PARENT_READ_ONLY, &cap) != 0) {
            parent_fail("to make a handle of a directory", 0);
        }
        parent_preopen(fd, name, sizeof name);
        parent_grant(child, cap, name);
    }
    parent_run(child);
}
