/** @file
 * A parent that serves its child's files, clocks and random numbers itself, by its own: the child
 * finds every directory that the parent was given, under the same name.
 *
 * The environment decides about the rest:
 *
 *   TURNKEY_PARENT_CLOCK=frozen:2019-11-12T00:00:00Z   time passes by waiting alone, and at once
 *   TURNKEY_PARENT_RANDOM=seed:0                       the same numbers each time
 *   TURNKEY_PARENT_FILES=read-only                     nothing can be changed
 *
 * The number of an object is the parent's own descriptor, and the flags below.
 */
#include "turnkey_parent.h"
#include "moment.h"
#include "seeded.h"

/** The object is a stream. */
#define STREAM (UINT64_C(1) << 32)
/** The object could not be opened; its lower half is the errno. It is there to be looked at. */
#define CLOSED (UINT64_C(1) << 33)

#define MOST_NAME 4096

static int32_t answer(wasi_errno_t errno_) {
    return -(int32_t)errno_;
}

static int32_t counted(wasi_errno_t errno_, wasi_size_t count) {
    return errno_ == 0 ? (int32_t)count : answer(errno_);
}

/** Why an object cannot be used; 0 if it can. */
static wasi_errno_t flaw(serve_object_t object) {
    return object & CLOSED ? (wasi_errno_t)object : WASI_ERRNO_SUCCESS;
}

static void describe(serve_entry_t *entry, const wasi_filestat_t *stat) {
    entry->size = stat->size;
    entry->inode = stat->ino;
    entry->links = stat->nlink;
    entry->accessed = stat->atim;
    entry->modified = stat->mtim;
    entry->changed = stat->ctim;
    entry->filetype = stat->filetype;
}

/* ---- Directories. ---- */

/** Opens what lies under a name with as many rights as there can be. */
static wasi_errno_t open(wasi_fd_t dir, const char *name, uint32_t len, wasi_oflags_t oflags,
                         wasi_filetype_t filetype, wasi_fd_t *fd) {
    wasi_fdstat_t stat;
    wasi_errno_t errno_ = wasi_fd_fdstat_get(dir, &stat);
    if (errno_ != 0) {
        return errno_;
    }
    wasi_rights_t all = stat.fs_rights_inheriting;
    wasi_rights_t reading = all & ~(WASI_RIGHTS_FD_WRITE | WASI_RIGHTS_FD_ALLOCATE |
                                    WASI_RIGHTS_FD_FILESTAT_SET_SIZE);
    switch (filetype) {
    case WASI_FILETYPE_DIRECTORY:
        return wasi_path_open(dir, 0, name, len, WASI_OFLAGS_DIRECTORY,
                              reading & ~WASI_RIGHTS_FD_READ, all, 0, fd);
    case WASI_FILETYPE_REGULAR_FILE:
        errno_ = wasi_path_open(dir, 0, name, len, oflags, all, all, 0, fd);
        if (errno_ == 0 || oflags != 0) {
            return errno_;
        }
        return wasi_path_open(dir, 0, name, len, 0, reading, all, 0, fd);
    default:
        errno_ = wasi_path_open(dir, 0, name, len, 0, all, all, WASI_FDFLAGS_NONBLOCK, fd);
        return errno_ == 0 ? 0
                           : wasi_path_open(dir, 0, name, len, 0, reading, all,
                                            WASI_FDFLAGS_NONBLOCK, fd);
    }
}

int32_t serve_dir_open(serve_context_t context, serve_object_t dir, const char *name,
                       uint32_t name_len, serve_entry_t *entry) {
    (void)context;
    wasi_filestat_t stat;
    wasi_errno_t errno_ = flaw(dir);
    if (errno_ == 0) {
        errno_ = wasi_path_filestat_get((wasi_fd_t)dir, 0, name, name_len, &stat);
    }
    if (errno_ != 0) {
        return answer(errno_);
    }
    describe(entry, &stat);
    if (stat.filetype == WASI_FILETYPE_SYMBOLIC_LINK) {
        return 0;
    }
    wasi_fd_t fd;
    errno_ = open((wasi_fd_t)dir, name, name_len, 0, stat.filetype, &fd);
    if (errno_ == WASI_ERRNO_NOENT || errno_ == WASI_ERRNO_MFILE || errno_ == WASI_ERRNO_NFILE) {
        return answer(errno_);
    }
    entry->object = errno_ == 0 ? fd : CLOSED | errno_;
    if (stat.filetype != WASI_FILETYPE_DIRECTORY && stat.filetype != WASI_FILETYPE_REGULAR_FILE) {
        entry->object |= STREAM;
    }
    return 0;
}

int32_t serve_dir_create(serve_context_t context, serve_object_t dir, const char *name,
                         uint32_t name_len, serve_entry_t *entry) {
    (void)context;
    wasi_fd_t fd;
    wasi_filestat_t stat;
    wasi_errno_t errno_ = open((wasi_fd_t)dir, name, name_len, WASI_OFLAGS_CREAT | WASI_OFLAGS_EXCL,
                               WASI_FILETYPE_REGULAR_FILE, &fd);
    if (errno_ != 0) {
        return answer(errno_);
    }
    errno_ = wasi_fd_filestat_get(fd, &stat);
    if (errno_ != 0) {
        wasi_fd_close(fd);
        return answer(errno_);
    }
    describe(entry, &stat);
    entry->object = fd;
    return 0;
}

int32_t serve_dir_readlink(serve_context_t context, serve_object_t dir, const char *name,
                           uint32_t name_len, uint8_t *buffer, serve_size_t length) {
    (void)context;
    wasi_size_t used = 0;
    wasi_errno_t errno_ =
        wasi_path_readlink((wasi_fd_t)dir, name, name_len, buffer, length, &used);
    return counted(errno_, used);
}

int32_t serve_dir_list(serve_context_t context, serve_object_t dir, const char *after,
                       uint32_t after_len, uint8_t *buffer, serve_size_t length) {
    (void)context;
    static uint8_t entries[1 << 14];
    parent_list_t list = parent_list(after, after_len, buffer, length);
    wasi_dircookie_t cookie = 0;
    wasi_size_t used = sizeof entries;
    while (used == sizeof entries) {
        wasi_errno_t errno_ =
            wasi_fd_readdir((wasi_fd_t)dir, entries, sizeof entries, cookie, &used);
        if (errno_ != 0) {
            return answer(errno_);
        }
        wasi_dirent_t head;
        for (uint32_t at = 0; at + sizeof head <= used; at += sizeof head + head.d_namlen) {
            __builtin_memcpy(&head, entries + at, sizeof head);
            if (head.d_namlen > used - at - sizeof head) {
                break;
            }
            cookie = head.d_next;
            const char *name = (const char *)entries + at + sizeof head;
            if (parent_is(name, head.d_namlen, ".") || parent_is(name, head.d_namlen, "..")) {
                continue;
            }
            if (!parent_list_add(&list, name, head.d_namlen, head.d_ino, head.d_type)) {
                return (int32_t)list.used;
            }
        }
    }
    return (int32_t)list.used;
}

int32_t serve_dir_mkdir(serve_context_t context, serve_object_t dir, const char *name,
                        uint32_t name_len) {
    (void)context;
    return answer(wasi_path_create_directory((wasi_fd_t)dir, name, name_len));
}

int32_t serve_dir_rmdir(serve_context_t context, serve_object_t dir, const char *name,
                        uint32_t name_len) {
    (void)context;
    return answer(wasi_path_remove_directory((wasi_fd_t)dir, name, name_len));
}

int32_t serve_dir_unlink(serve_context_t context, serve_object_t dir, const char *name,
                         uint32_t name_len) {
    (void)context;
    return answer(wasi_path_unlink_file((wasi_fd_t)dir, name, name_len));
}

int32_t serve_dir_symlink(serve_context_t context, serve_object_t dir, const char *text,
                          uint32_t text_len, const char *name, uint32_t name_len) {
    (void)context;
    return answer(wasi_path_symlink(text, text_len, (wasi_fd_t)dir, name, name_len));
}

int32_t serve_dir_link(serve_context_t context, serve_object_t dir, const char *name,
                       uint32_t name_len, serve_object_t to_dir, const char *to_name,
                       uint32_t to_name_len) {
    (void)context;
    return answer(wasi_path_link((wasi_fd_t)dir, 0, name, name_len, (wasi_fd_t)to_dir, to_name,
                                 to_name_len));
}

int32_t serve_dir_rename(serve_context_t context, serve_object_t dir, const char *name,
                         uint32_t name_len, serve_object_t to_dir, const char *to_name,
                         uint32_t to_name_len) {
    (void)context;
    return answer(wasi_path_rename((wasi_fd_t)dir, name, name_len, (wasi_fd_t)to_dir, to_name,
                                   to_name_len));
}

int32_t serve_dir_times(serve_context_t context, serve_object_t dir, const char *name,
                        uint32_t name_len, serve_timestamp_t accessed, serve_timestamp_t modified,
                        serve_fstflags_t flags) {
    (void)context;
    return answer(wasi_path_filestat_set_times((wasi_fd_t)dir, 0, name, name_len, accessed,
                                               modified, flags));
}

/* ---- Objects. ---- */

int32_t serve_obj_stat(serve_context_t context, serve_object_t object, serve_entry_t *entry) {
    (void)context;
    wasi_filestat_t stat;
    wasi_errno_t errno_ = flaw(object);
    if (errno_ == 0) {
        errno_ = wasi_fd_filestat_get((wasi_fd_t)object, &stat);
    }
    if (errno_ == 0) {
        describe(entry, &stat);
    }
    return answer(errno_);
}

int32_t serve_obj_read(serve_context_t context, serve_object_t object, serve_filesize_t offset,
                       uint8_t *buffer, serve_size_t length) {
    (void)context;
    wasi_iovec_t whole = {buffer, length};
    wasi_size_t count = 0;
    wasi_errno_t errno_ = flaw(object);
    if (errno_ == 0) {
        errno_ = object & STREAM ? wasi_fd_read((wasi_fd_t)object, &whole, 1, &count)
                                 : wasi_fd_pread((wasi_fd_t)object, &whole, 1, offset, &count);
    }
    return counted(errno_, count);
}

int32_t serve_obj_write(serve_context_t context, serve_object_t object, serve_filesize_t offset,
                        const uint8_t *buffer, serve_size_t length) {
    (void)context;
    wasi_ciovec_t whole = {buffer, length};
    wasi_size_t count = 0;
    wasi_errno_t errno_ = flaw(object);
    if (errno_ == 0) {
        errno_ = object & STREAM ? wasi_fd_write((wasi_fd_t)object, &whole, 1, &count)
                                 : wasi_fd_pwrite((wasi_fd_t)object, &whole, 1, offset, &count);
    }
    return counted(errno_, count);
}

int64_t serve_obj_append(serve_context_t context, serve_object_t object, const uint8_t *buffer,
                         serve_size_t length) {
    (void)context;
    wasi_fd_t fd = (wasi_fd_t)object;
    wasi_filesize_t end = 0;
    wasi_errno_t errno_ = flaw(object);
    if (errno_ == 0) {
        errno_ = wasi_fd_fdstat_set_flags(fd, WASI_FDFLAGS_APPEND);
    }
    if (errno_ != 0) {
        return answer(errno_);
    }
    wasi_ciovec_t rest = {buffer, length};
    while (rest.buf_len > 0 && errno_ == 0) {
        wasi_size_t count = 0;
        errno_ = wasi_fd_write(fd, &rest, 1, &count);
        rest.buf += count;
        rest.buf_len -= count;
    }
    wasi_fd_fdstat_set_flags(fd, 0);
    if (errno_ == 0) {
        errno_ = wasi_fd_tell(fd, &end);
    }
    return errno_ == 0 ? (int64_t)end : answer(errno_);
}

int32_t serve_obj_resize(serve_context_t context, serve_object_t object, serve_filesize_t size) {
    (void)context;
    wasi_errno_t errno_ = flaw(object);
    return answer(errno_ ? errno_ : wasi_fd_filestat_set_size((wasi_fd_t)object, size));
}

int32_t serve_obj_times(serve_context_t context, serve_object_t object,
                        serve_timestamp_t accessed, serve_timestamp_t modified,
                        serve_fstflags_t flags) {
    (void)context;
    wasi_errno_t errno_ = flaw(object);
    return answer(errno_ ? errno_
                         : wasi_fd_filestat_set_times((wasi_fd_t)object, accessed, modified, flags));
}

int32_t serve_obj_sync(serve_context_t context, serve_object_t object,
                       serve_durability_t durability) {
    (void)context;
    wasi_errno_t errno_ = flaw(object);
    if (errno_ == 0) {
        errno_ = durability == SERVE_DURABILITY_DATA ? wasi_fd_datasync((wasi_fd_t)object)
                                                     : wasi_fd_sync((wasi_fd_t)object);
    }
    return answer(errno_);
}

int32_t serve_obj_drop(serve_context_t context, serve_object_t object) {
    (void)context;
    return flaw(object) ? 0 : answer(wasi_fd_close((wasi_fd_t)object));
}

/* ---- Clocks and random numbers. ---- */

/** Whether time passes by waiting alone, when it began, and how much has passed. */
static int is_frozen;
static uint64_t began;
static uint64_t waited;

int64_t serve_clock_now(serve_context_t context, serve_clockid_t clock) {
    (void)context;
    if (is_frozen) {
        return (int64_t)(clock == SERVE_CLOCKID_REALTIME ? began + waited : waited);
    }
    wasi_timestamp_t now = 0;
    wasi_errno_t errno_ = wasi_clock_time_get(clock, 1, &now);
    return errno_ == 0 ? (int64_t)now : answer(errno_);
}

int64_t serve_clock_res(serve_context_t context, serve_clockid_t clock) {
    (void)context;
    wasi_timestamp_t step = 1;
    wasi_errno_t errno_ = is_frozen ? 0 : wasi_clock_res_get(clock, &step);
    return errno_ == 0 ? (int64_t)step : answer(errno_);
}

int64_t serve_sleep_until(serve_context_t context, serve_timestamp_t deadline) {
    int64_t now = serve_clock_now(context, SERVE_CLOCKID_MONOTONIC);
    if (now < 0 || deadline <= (uint64_t)now) {
        return now < 0 ? now : 0;
    }
    if (!is_frozen) {
        return (int64_t)(deadline - (uint64_t)now);
    }
    waited = deadline;
    return 0;
}

static int is_seeded;
static seeded_t seeded;

int32_t serve_rng_fill(serve_context_t context, uint8_t *buffer, serve_size_t length) {
    (void)context;
    if (is_seeded) {
        seeded_fill(&seeded, buffer, length);
        return 0;
    }
    return answer(wasi_random_get(buffer, length));
}

/* ---- What it begins with. ---- */

static nano_rights_t options(void) {
    char value[64];
    if (parent_env("TURNKEY_PARENT_CLOCK", value, sizeof value)) {
        is_frozen = moment_read(value, "frozen:", &began);
        if (!is_frozen) {
            parent_fail("TURNKEY_PARENT_CLOCK is no `frozen:2019-11-12T00:00:00Z`", 0);
        }
    }
    if (parent_env("TURNKEY_PARENT_RANDOM", value, sizeof value)) {
        uint64_t seed = 0;
        is_seeded = seeded_read(value, "seed:", &seed);
        if (!is_seeded) {
            parent_fail("TURNKEY_PARENT_RANDOM is no `seed:0`", 0);
        }
        seeded_begin(&seeded, seed);
    }
    if (parent_env("TURNKEY_PARENT_FILES", value, sizeof value)) {
        if (!parent_is(value, parent_len(value), "read-only")) {
            parent_fail("TURNKEY_PARENT_FILES is no `read-only`", 0);
        }
        return PARENT_READ_ONLY;
    }
    return PARENT_ALL;
}

__attribute__((export_name("_start"))) void _start(void) {
    static char name[MOST_NAME];
    nano_rights_t rights = options();
    nano_child_t child = parent_child();
    parent_bind(child, "class:*", NANO_BINDING_PASS, 0);
    parent_bind(child, "class:clock", NANO_BINDING_SERVE, 0);
    parent_bind(child, "class:random", NANO_BINDING_SERVE, 0);
    for (wasi_fd_t fd = 3; parent_preopen(fd, name, sizeof name) == 0; fd++) {
        nano_cap_t cap = 0;
        if (name[0] != '\0') {
            cap = parent_serve(NANO_KIND_DIR, 0, fd, rights);
        } else if (nano_cap_from_fd(fd, PARENT_ALL, &cap) != 0) {
            continue;
        }
        parent_grant(child, cap, name);
    }
    parent_run(child);
}
