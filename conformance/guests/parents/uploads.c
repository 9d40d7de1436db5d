/** @file
 * A parent that holds all of a directory, its first, and grants its child `uploads` in it, which the
 * child finds as `/`: no path leads the child out of there. All calls it passes on.
 */
#include "turnkey_parent.h"

#define APP 3

__attribute__((export_name("_start"))) void _start(void) {
    static const char below[] = "uploads";
    nano_cap_t app, uploads;
    nano_child_t child = parent_child();
    parent_bind(child, "class:*", NANO_BINDING_PASS, 0);
    nano_errno_t errno_ = nano_cap_from_fd(APP, PARENT_ALL, &app);
    if (errno_ == 0) {
        errno_ = nano_cap_attenuate(app, PARENT_ALL, 0, below, sizeof below - 1, UINT64_MAX,
                                    &uploads);
    }
    if (errno_ != 0) {
        parent_fail("there is no directory `uploads` in its first", errno_);
    }
    parent_grant(child, uploads, "/");
    parent_run(child);
}
