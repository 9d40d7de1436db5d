/** @file
 * What makes a parent of nanoprocesses short to write: it starts a child the common way, and has
 * words for what goes wrong.
 *
 * It is freestanding C11 for clang's wasm32 target, with a C library or without. Its other half is
 * `turnkey_parent.c`, which also exports `virt_scratch`, unless the parent defines that itself.
 * Whatever cannot be done is said on standard error, and the parent exits.
 */
#ifndef TURNKEY_PARENT_H
#define TURNKEY_PARENT_H

#include "nanoprocess_0.h"
#include "nanoprocess_serve_0.h"
#include "wasi_snapshot_preview1.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What the parent exits with if the child asks for what it is not given. Nothing has run. */
#define PARENT_EXIT_REFUSED 3

/** What the parent exits with if the child was ended, as a shell tells of an abort. */
#define PARENT_EXIT_ENDED 134

/** What the parent exits with if it cannot do what it is there for. */
#define PARENT_EXIT_FAILED 125

/** Variables whose names begin so are for the parent, and are not handed on. */
#define PARENT_OWN_ENV "TURNKEY_PARENT_"

/** All rights. */
#define PARENT_ALL UINT64_MAX

/** The rights to what can only be read. */
#define PARENT_READ_ONLY                                                                           \
    (WASI_RIGHTS_FD_READ | WASI_RIGHTS_FD_SEEK | WASI_RIGHTS_FD_TELL | WASI_RIGHTS_FD_ADVISE |     \
     WASI_RIGHTS_FD_READDIR | WASI_RIGHTS_FD_FILESTAT_GET | WASI_RIGHTS_FD_FDSTAT_SET_FLAGS |      \
     WASI_RIGHTS_PATH_OPEN | WASI_RIGHTS_PATH_READLINK | WASI_RIGHTS_PATH_FILESTAT_GET |           \
     WASI_RIGHTS_POLL_FD_READWRITE)

/* ---- A child, the common way. ---- */

/**
 * Makes a child of the parent's module 0, and hands on the modules behind that, the arguments, the
 * environment and the standard streams. It is bound to nothing, and granted no directory.
 */
nano_child_t parent_child(void);

/** Binds a function, `class:` and a class, or `class:*`. */
void parent_bind(nano_child_t child, const char *what, nano_binding_t binding, nano_tag_t tag);

/** Grants a handle under a name, or under none if that is `NULL`, and lets it go. */
void parent_grant(nano_child_t child, nano_cap_t cap, const char *name);

/**
 * Hands on everything that the parent has open behind the standard streams: what it is, with these
 * rights, and preopens under their names.
 */
void parent_grant_all(nano_child_t child, nano_rights_t rights);

/** Links a child. What is missing is said in words, and the parent exits. */
void parent_link(nano_child_t child);

/** Calls `_start` of a child that is linked, and answers the code that the parent is to exit with. */
uint32_t parent_start(nano_child_t child);

/** Links and starts a child, lets it go, and exits as it did. */
_Noreturn void parent_run(nano_child_t child);

/**
 * The name of a preopen, written to a buffer with a NUL. Answers `badf` behind the last descriptor,
 * and the empty name for what is open and no preopen.
 */
wasi_errno_t parent_preopen(wasi_fd_t fd, char *name, uint32_t size);

/** Copies the value of an environment variable, with a NUL. Answers whether there is one. */
int parent_env(const char *name, char *value, uint32_t size);

/** A handle to what the parent serves under a number. */
nano_cap_t parent_serve(nano_kind_t kind, nano_tag_t tag, nano_object_t object,
                        nano_rights_t rights);

/* ---- What a served object answers. ---- */

/** A listing that is being written: what was asked for, and how far it is. */
typedef struct parent_list {
    const char *after;
    uint32_t after_len;
    uint8_t *buffer;
    uint32_t room;
    uint32_t used;
    /** Names are told from here on. */
    int begun;
    /** There is no room for more. */
    int full;
} parent_list_t;

/** Begins a listing: the names behind `after` are asked for, as far as there is room. */
parent_list_t parent_list(const char *after, uint32_t after_len, uint8_t *buffer, uint32_t room);

/**
 * Adds a name, if it is one of those that are asked for. All names are added, the first as well;
 * once this answers 0, further ones are in vain. What is `used` in the end is what `dir_list`
 * answers.
 */
int parent_list_add(parent_list_t *list, const char *name, uint32_t len, uint64_t inode,
                    serve_filetype_t filetype);

/** Answers a request to read contents that lie in memory. */
int32_t parent_read(const void *contents, uint64_t size, uint64_t offset, uint8_t *buffer,
                    uint32_t len);

/* ---- Words. ---- */

/** Whether some bytes are those of a text. */
int parent_is(const char *bytes, uint32_t len, const char *text);

/** The length of a text without its NUL. */
uint32_t parent_len(const char *text);

/** Writes on standard error, a line at a time. */
void parent_say(const char *text);
void parent_say_bytes(const char *bytes, uint32_t len);
void parent_say_number(uint64_t number);


/** Says an errno by its name in the document. */
void parent_say_errno(uint32_t number);

/** Says what went wrong, with an errno if there is one, and exits. */
_Noreturn void parent_fail(const char *what, uint32_t number);

#ifdef __cplusplus
}
#endif

#endif
