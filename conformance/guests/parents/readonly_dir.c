/** @file
 * A parent that serves its child a directory of two files, which lie in its own memory and can only
 * be read. Everything else it passes on.
 */
#include "turnkey_objects.h"

typedef struct file {
    parent_object_t object;
    const char *name;
    const char *text;
} file_t;

static int32_t file_read(parent_object_t *object, uint64_t offset, uint8_t *buffer, uint32_t len) {
    const file_t *file = (const file_t *)object;
    return parent_read(file->text, object->about.size, offset, buffer, len);
}

static const parent_ops_t file_ops = {.read = file_read};

#define FILE(name, text)                                                                           \
    {{&file_ops, {.size = sizeof(text) - 1, .filetype = SERVE_FILETYPE_REGULAR_FILE}}, name, text}

static file_t files[] = {
    FILE("hello.txt", "Hello from a parent.\n"),
    FILE("moon.txt", "The moon is made of green cheese.\n"),
};
#define FILES (sizeof files / sizeof *files)

static int32_t dir_open(parent_object_t *dir, const char *name, uint32_t len,
                        parent_object_t **found) {
    (void)dir;
    for (uint32_t i = 0; i < FILES; i++) {
        if (parent_is(name, len, files[i].name)) {
            *found = &files[i].object;
            return 0;
        }
    }
    return -WASI_ERRNO_NOENT;
}

static int32_t dir_list(parent_object_t *dir, parent_list_t *list) {
    (void)dir;
    for (uint32_t i = 0; i < FILES; i++) {
        parent_list_add(list, files[i].name, parent_len(files[i].name), 0,
                        SERVE_FILETYPE_REGULAR_FILE);
    }
    return 0;
}

static const parent_ops_t dir_ops = {.open = dir_open, .list = dir_list};
static parent_object_t dir = {&dir_ops, {.filetype = SERVE_FILETYPE_DIRECTORY}};

__attribute__((export_name("_start"))) void _start(void) {
    nano_child_t child = parent_child();
    parent_bind(child, "class:*", NANO_BINDING_PASS, 0);
    parent_grant(child, parent_serve_object(&dir, PARENT_READ_ONLY), "/");
    parent_run(child);
}
