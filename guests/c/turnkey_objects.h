/** @file
 * Directories, files and streams that a parent serves from a table of functions.
 *
 * An object is a structure of the parent's that begins with a `parent_object_t`; the host knows it
 * by its address. `turnkey_objects.c` exports what `nanoprocess_serve_0.h` declares of directories
 * and objects, and hands each request to the table of the object.
 */
#ifndef TURNKEY_OBJECTS_H
#define TURNKEY_OBJECTS_H

#include "turnkey_parent.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct parent_object parent_object_t;

/**
 * What can be done with an object. What is left out cannot be done: without `create`, for example,
 * no file can be made. Each answers 0 or what it is asked for, or an errno with its sign turned;
 * `nanoprocess_serve_0.h` says more of each.
 */
typedef struct parent_ops {
    /** Finds what lies under a name. */
    int32_t (*open)(parent_object_t *dir, const char *name, uint32_t len, parent_object_t **found);
    /** Makes an empty file. */
    int32_t (*create)(parent_object_t *dir, const char *name, uint32_t len, parent_object_t **made);
    /** Adds every name to a listing, in an order that stays the same. */
    int32_t (*list)(parent_object_t *dir, parent_list_t *list);
    /** The text of a link. */
    int32_t (*readlink)(parent_object_t *dir, const char *name, uint32_t len, uint8_t *text,
                        uint32_t room);
    /** Makes a directory. */
    int32_t (*mkdir)(parent_object_t *dir, const char *name, uint32_t len);
    /** Removes an empty directory. */
    int32_t (*rmdir)(parent_object_t *dir, const char *name, uint32_t len);
    /** Removes a name of something else. */
    int32_t (*unlink)(parent_object_t *dir, const char *name, uint32_t len);
    /** Makes a link. */
    int32_t (*symlink)(parent_object_t *dir, const char *text, uint32_t text_len, const char *name,
                       uint32_t len);
    /** Gives something a further name. */
    int32_t (*link)(parent_object_t *dir, const char *name, uint32_t len, parent_object_t *to_dir,
                    const char *to_name, uint32_t to_len);
    /** Moves a name. */
    int32_t (*rename)(parent_object_t *dir, const char *name, uint32_t len, parent_object_t *to_dir,
                      const char *to_name, uint32_t to_len);
    /** Changes the times of a link itself. */
    int32_t (*link_times)(parent_object_t *dir, const char *name, uint32_t len, uint64_t accessed,
                          uint64_t modified, serve_fstflags_t flags);
    /** Brings `about` up to date. Without it, `about` is. */
    int32_t (*stat)(parent_object_t *object);
    /** Reads. */
    int32_t (*read)(parent_object_t *object, uint64_t offset, uint8_t *buffer, uint32_t len);
    /** Writes, and keeps `about.size` right. */
    int32_t (*write)(parent_object_t *object, uint64_t offset, const uint8_t *bytes, uint32_t len);
    /** Cuts a file, or lets it grow. */
    int32_t (*resize)(parent_object_t *object, uint64_t size);
    /** Changes times. */
    int32_t (*times)(parent_object_t *object, uint64_t accessed, uint64_t modified,
                     serve_fstflags_t flags);
    /** Returns when what was written is safe. Without it, that is so at once. */
    int32_t (*sync)(parent_object_t *object, serve_durability_t durability);
    /** Whether a stream can be used without waiting. Without it, it always can. */
    int32_t (*poll)(parent_object_t *object, serve_interest_t interest);
    /** Nobody holds the object any more. */
    int32_t (*drop)(parent_object_t *object);
} parent_ops_t;

/** Something that is served: the first member of what the parent keeps of it. */
struct parent_object {
    /** What can be done with it. */
    const parent_ops_t *ops;
    /** What it is like. `filetype` has to be right; what is not known of the rest is 0. */
    serve_entry_t about;
};

/** Adds the name of an object to a listing, as `parent_list_add` adds any. */
int parent_list_object(parent_list_t *list, const char *name, const parent_object_t *object);

/** A file with a name that can only be read, and whose contents lie in the parent's memory. */
typedef struct parent_text {
    parent_object_t object;
    const char *name;
    const void *contents;
} parent_text_t;

/** What can be done with it. */
extern const parent_ops_t parent_text_ops;

/** Begins such a file, of a name and a text in quotes; the NUL behind that is not in the file. */
#define PARENT_TEXT(name, text)                                                                    \
    {{&parent_text_ops, {.size = sizeof(text) - 1, .filetype = SERVE_FILETYPE_REGULAR_FILE}},      \
     name, text}

/** A handle to an object: to a directory, a file, or a stream if it is neither. */
nano_cap_t parent_serve_object(parent_object_t *object, nano_rights_t rights);

#ifdef __cplusplus
}
#endif

#endif
