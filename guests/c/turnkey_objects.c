#include "turnkey_objects.h"

static parent_object_t *at(serve_object_t object) {
    return (parent_object_t *)(uintptr_t)object;
}

nano_cap_t parent_serve_object(parent_object_t *object, nano_rights_t rights) {
    nano_kind_t kind = object->about.filetype == SERVE_FILETYPE_DIRECTORY      ? NANO_KIND_DIR
                       : object->about.filetype == SERVE_FILETYPE_REGULAR_FILE ? NANO_KIND_FILE
                                                                               : NANO_KIND_STREAM;
    return parent_serve(kind, 0, (uintptr_t)object, rights);
}

int parent_list_object(parent_list_t *list, const char *name, const parent_object_t *object) {
    return parent_list_add(list, name, parent_len(name), object->about.inode,
                           object->about.filetype);
}

static int32_t text_read(parent_object_t *object, uint64_t offset, uint8_t *buffer, uint32_t len) {
    const parent_text_t *text = (const parent_text_t *)object;
    return parent_read(text->contents, object->about.size, offset, buffer, len);
}

const parent_ops_t parent_text_ops = {.read = text_read};

/** Tells what was found, by its address. */
static int32_t told(int32_t answer, parent_object_t *found, serve_entry_t *entry) {
    if (answer == 0) {
        *entry = found->about;
        entry->object = (uintptr_t)found;
        entry->server = SERVE_SERVER_PARENT;
        entry->links += entry->links == 0;
    }
    return answer;
}

int32_t serve_dir_open(serve_context_t context, serve_object_t dir, const char *name,
                       uint32_t name_len, serve_entry_t *entry) {
    (void)context;
    parent_object_t *found = NULL;
    if (at(dir)->ops->open == NULL) {
        return -WASI_ERRNO_NOENT;
    }
    return told(at(dir)->ops->open(at(dir), name, name_len, &found), found, entry);
}

int32_t serve_dir_create(serve_context_t context, serve_object_t dir, const char *name,
                         uint32_t name_len, serve_entry_t *entry) {
    (void)context;
    parent_object_t *made = NULL;
    if (at(dir)->ops->create == NULL) {
        return -WASI_ERRNO_ROFS;
    }
    return told(at(dir)->ops->create(at(dir), name, name_len, &made), made, entry);
}

int32_t serve_dir_list(serve_context_t context, serve_object_t dir, const char *after,
                       uint32_t after_len, uint8_t *buffer, serve_size_t length) {
    (void)context;
    parent_list_t list = parent_list(after, after_len, buffer, length);
    int32_t answer = -WASI_ERRNO_NOTSUP;
    if (at(dir)->ops->list != NULL) {
        answer = at(dir)->ops->list(at(dir), &list);
    }
    return answer < 0 ? answer : (int32_t)list.used;
}

/** Asks an object's table, or answers what stands for a function that is left out. */
#define ASK(object, function, otherwise, ...)                                                      \
    (void)context;                                                                                 \
    return at(object)->ops->function == NULL ? (otherwise) : at(object)->ops->function(__VA_ARGS__)

int32_t serve_dir_readlink(serve_context_t context, serve_object_t dir, const char *name,
                           uint32_t name_len, uint8_t *buffer, serve_size_t length) {
    ASK(dir, readlink, -WASI_ERRNO_INVAL, at(dir), name, name_len, buffer, length);
}

int32_t serve_dir_mkdir(serve_context_t context, serve_object_t dir, const char *name,
                        uint32_t name_len) {
    ASK(dir, mkdir, -WASI_ERRNO_ROFS, at(dir), name, name_len);
}

int32_t serve_dir_rmdir(serve_context_t context, serve_object_t dir, const char *name,
                        uint32_t name_len) {
    ASK(dir, rmdir, -WASI_ERRNO_ROFS, at(dir), name, name_len);
}

int32_t serve_dir_unlink(serve_context_t context, serve_object_t dir, const char *name,
                         uint32_t name_len) {
    ASK(dir, unlink, -WASI_ERRNO_ROFS, at(dir), name, name_len);
}

int32_t serve_dir_symlink(serve_context_t context, serve_object_t dir, const char *text,
                          uint32_t text_len, const char *name, uint32_t name_len) {
    ASK(dir, symlink, -WASI_ERRNO_ROFS, at(dir), text, text_len, name, name_len);
}

int32_t serve_dir_link(serve_context_t context, serve_object_t dir, const char *name,
                       uint32_t name_len, serve_object_t to_dir, const char *to_name,
                       uint32_t to_name_len) {
    ASK(dir, link, -WASI_ERRNO_ROFS, at(dir), name, name_len, at(to_dir), to_name, to_name_len);
}

int32_t serve_dir_rename(serve_context_t context, serve_object_t dir, const char *name,
                         uint32_t name_len, serve_object_t to_dir, const char *to_name,
                         uint32_t to_name_len) {
    ASK(dir, rename, -WASI_ERRNO_ROFS, at(dir), name, name_len, at(to_dir), to_name, to_name_len);
}

int32_t serve_dir_times(serve_context_t context, serve_object_t dir, const char *name,
                        uint32_t name_len, serve_timestamp_t accessed, serve_timestamp_t modified,
                        serve_fstflags_t flags) {
    ASK(dir, link_times, -WASI_ERRNO_ROFS, at(dir), name, name_len, accessed, modified, flags);
}

int32_t serve_obj_stat(serve_context_t context, serve_object_t object, serve_entry_t *entry) {
    (void)context;
    int32_t answer = at(object)->ops->stat == NULL ? 0 : at(object)->ops->stat(at(object));
    return told(answer, at(object), entry);
}

int32_t serve_obj_read(serve_context_t context, serve_object_t object, serve_filesize_t offset,
                       uint8_t *buffer, serve_size_t length) {
    ASK(object, read, -WASI_ERRNO_NOTSUP, at(object), offset, buffer, length);
}

int32_t serve_obj_write(serve_context_t context, serve_object_t object, serve_filesize_t offset,
                        const uint8_t *buffer, serve_size_t length) {
    ASK(object, write, -WASI_ERRNO_ROFS, at(object), offset, buffer, length);
}

int32_t serve_obj_resize(serve_context_t context, serve_object_t object, serve_filesize_t size) {
    ASK(object, resize, -WASI_ERRNO_ROFS, at(object), size);
}

int32_t serve_obj_times(serve_context_t context, serve_object_t object,
                        serve_timestamp_t accessed, serve_timestamp_t modified,
                        serve_fstflags_t flags) {
    ASK(object, times, -WASI_ERRNO_ROFS, at(object), accessed, modified, flags);
}

int32_t serve_obj_sync(serve_context_t context, serve_object_t object,
                       serve_durability_t durability) {
    ASK(object, sync, 0, at(object), durability);
}

int32_t serve_obj_poll(serve_context_t context, serve_object_t object, serve_interest_t interest) {
    ASK(object, poll, (int32_t)SERVE_READINESS_READY, at(object), interest);
}

int32_t serve_obj_drop(serve_context_t context, serve_object_t object) {
    ASK(object, drop, 0, at(object));
}
