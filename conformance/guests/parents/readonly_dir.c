/** @file
 * A parent that serves its child a directory of two files, which lie in its own memory and can only
 * be read. Everything else it passes on.
 */
#include "turnkey_objects.h"

static parent_text_t files[] = {
    PARENT_TEXT("hello.txt", "Hello from a parent.\n"),
    PARENT_TEXT("moon.txt", "The moon is made of green cheese.\n"),
    {.name = NULL},
};

static int32_t dir_open(parent_object_t *dir, const char *name, uint32_t len,
                        parent_object_t **found) {
    (void)dir;
    for (parent_text_t *file = files; file->name != NULL; file++) {
        if (parent_is(name, len, file->name)) {
            *found = &file->object;
            return 0;
        }
    }
    return -WASI_ERRNO_NOENT;
}

static int32_t dir_list(parent_object_t *dir, parent_list_t *list) {
    (void)dir;
    for (parent_text_t *file = files; file->name != NULL; file++) {
        parent_list_object(list, file->name, &file->object);
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
