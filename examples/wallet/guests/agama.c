/** @file
 * The wallet. It holds the seed, in its memory and in the file `seed.txt` of its first directory.
 * Its child, easydex, is handed its streams and every function that it holds, but no file.
 */
#include "turnkey_describe.h"
#include "turnkey_parent.h"
#include "wallet.h"

TURNKEY_DESCRIBE(OFFERED, AGAMA)

#define ROOT 3

static char seed[64];

/** Room for what easydex asks with. */
__attribute__((export_name("virt_alloc"))) void *virt_alloc(uint32_t size, uint32_t align) {
    static _Alignas(8) uint8_t room[256];
    return size <= sizeof room && align <= 8 ? room : NULL;
}

/** Answers easydex, which asks for more than it was handed: no. */
__attribute__((export_name("ask"))) int32_t ask(const char *class, uint32_t len) {
    parent_say("easydex (agama > easydex) asks for ");
    parent_say_bytes(class, len);
    parent_say(": agama holds it, does not grant it\n");
    return WASI_ERRNO_ACCES;
}

static void read_seed(void) {
    static const char name[] = "seed.txt";
    wasi_fd_t fd;
    wasi_errno_t errno_ = wasi_path_open(ROOT, 0, name, sizeof name - 1, 0, WASI_RIGHTS_FD_READ, 0,
                                         0, &fd);
    if (errno_ != 0) {
        parent_fail(name, errno_);
    }
    wasi_iovec_t into = {(uint8_t *)seed, sizeof seed};
    wasi_size_t len;
    errno_ = wasi_fd_read(fd, &into, 1, &len);
    if (errno_ != 0) {
        parent_fail(name, errno_);
    }
}

__attribute__((export_name("_start"))) void _start(void) {
    read_seed();
    nano_child_t easydex = parent_child();
    parent_bind(easydex, "class:*", NANO_BINDING_PASS, 0);
    nano_errno_t errno_ = nano_child_connect(easydex, "agama", 5, "ask", 3, -1, "ask", 3);
    if (errno_ != 0) {
        parent_fail("to be asked", errno_);
    }
    parent_run(easydex);
}
