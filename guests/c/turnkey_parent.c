#include "turnkey_parent.h"

/** Descriptors from here on are no standard streams. */
#define FIRST_FD 3

/** As many descriptors as a guest has that nobody limits. */
#define USUAL_FILES 4096

/** What a child asks for at most is told in so many bytes of names. */
#define NEED_TEXT 1024

/** Room for the host's requests. Before the child runs, it holds what is handed on. */
static _Alignas(8) uint8_t room[1 << 17];

__attribute__((weak)) int64_t serve_virt_scratch(void) {
    return (int64_t)((uint64_t)sizeof room << 32 | (uintptr_t)room);
}

/* ---- What compilers call by themselves. ---- */

#ifndef __wasi__
__attribute__((weak, no_builtin)) void *memset(void *to, int byte, size_t len) {
    uint8_t *bytes = to;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)byte;
    }
    return to;
}

__attribute__((weak, no_builtin)) void *memcpy(void *restrict to, const void *restrict from,
                                               size_t len) {
    uint8_t *bytes = to;
    const uint8_t *others = from;
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word;
        __builtin_memcpy(&word, others + i, sizeof word);
        __builtin_memcpy(bytes + i, &word, sizeof word);
    }
    for (; i < len; i++) {
        bytes[i] = others[i];
    }
    return to;
}
#else
void *memset(void *to, int byte, size_t len);
void *memcpy(void *restrict to, const void *restrict from, size_t len);
#endif

/* ---- Words. ---- */

/** A line of standard error that is not written yet. */
static struct {
    char bytes[512];
    uint32_t used;
} line;

static void flush(void) {
    wasi_ciovec_t rest = {(const uint8_t *)line.bytes, line.used};
    while (rest.buf_len > 0) {
        wasi_size_t written = 0;
        // Where it cannot be written there is nobody to tell.
        if (wasi_fd_write(2, &rest, 1, &written) != WASI_ERRNO_SUCCESS || written == 0) {
            break;
        }
        rest.buf += written;
        rest.buf_len -= written;
    }
    line.used = 0;
}

void parent_say_bytes(const char *bytes, uint32_t len) {
    for (uint32_t i = 0; i < len; i++) {
        line.bytes[line.used++] = bytes[i];
        if (bytes[i] == '\n' || line.used == sizeof line.bytes) {
            flush();
        }
    }
}

uint32_t parent_len(const char *text) {
    uint32_t len = 0;
    while (text[len] != '\0') {
        len++;
    }
    return len;
}

void parent_say(const char *text) {
    parent_say_bytes(text, parent_len(text));
}

void parent_say_number(uint64_t number) {
    char digits[20];
    uint32_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    parent_say_bytes(digits + first, sizeof digits - first);
}

void parent_say_errno(uint32_t number) {
#define NAME(name) #name,
    static const char *const names[] = {WASI_EACH_ERRNO(NAME)};
#undef NAME
    if (number < sizeof names / sizeof *names) {
        parent_say(names[number]);
    } else {
        parent_say("errno ");
        parent_say_number(number);
    }
}

_Noreturn void parent_fail(const char *what, uint32_t number) {
    parent_say("error: the parent cannot do its work: ");
    parent_say(what);
    if (number != 0) {
        parent_say(": ");
        parent_say_errno(number);
    }
    parent_say("\n");
    wasi_proc_exit(PARENT_EXIT_FAILED);
}

static void must(const char *what, uint32_t number) {
    if (number != 0) {
        parent_fail(what, number);
    }
}

int parent_is(const char *bytes, uint32_t len, const char *text) {
    for (uint32_t i = 0; i < len; i++) {
        if (text[i] == '\0' || bytes[i] != text[i]) {
            return 0;
        }
    }
    return text[len] == '\0';
}

static int begins(const char *text, const char *with) {
    while (*with != '\0') {
        if (*text++ != *with++) {
            return 0;
        }
    }
    return 1;
}

/* ---- Starting a child. ---- */

/** Strings that WASI tells: pointers to them, and their text behind those. */
static char **strings(wasi_errno_t sizes, wasi_size_t count, wasi_size_t bytes) {
    must("its own arguments and environment", sizes);
    if (count > sizeof room / sizeof(char *) || bytes > sizeof room - count * sizeof(char *)) {
        parent_fail("its arguments or its environment are too long", 0);
    }
    return (char **)(void *)room;
}

static char **arguments(wasi_size_t *count) {
    wasi_size_t bytes = 0;
    wasi_errno_t told = wasi_args_sizes_get(count, &bytes);
    char **all = strings(told, *count, bytes);
    must("its own arguments", wasi_args_get((uint8_t **)all, (uint8_t *)(all + *count)));
    return all;
}

static char **variables(wasi_size_t *count) {
    wasi_size_t bytes = 0;
    wasi_errno_t told = wasi_environ_sizes_get(count, &bytes);
    char **all = strings(told, *count, bytes);
    must("its own environment", wasi_environ_get((uint8_t **)all, (uint8_t *)(all + *count)));
    return all;
}

int parent_env(const char *name, char *value, uint32_t size) {
    wasi_size_t count = 0;
    char **all = variables(&count);
    for (wasi_size_t i = 0; i < count; i++) {
        uint32_t len = parent_len(name);
        if (!begins(all[i], name) || all[i][len] != '=') {
            continue;
        }
        const char *found = all[i] + len + 1;
        len = parent_len(found) + 1;
        if (len > size) {
            parent_fail(name, WASI_ERRNO_OVERFLOW);
        }
        memcpy(value, found, len);
        return 1;
    }
    return 0;
}

/** Hands on the modules behind the child's own; answers how many there are. */
static uint32_t hand_on_modules(nano_child_t child) {
    for (nano_module_t module = 1;; module++) {
        nano_module_t number;
        nano_errno_t errno_ = nano_child_module(child, module, &number);
        if (errno_ == WASI_ERRNO_BADF) {
            return (uint32_t)module - 1;
        }
        must("to hand a module on", errno_);
    }
}

/**
 * Limits a child to what is left. A sixteenth of the fuel stays here; a child that has children
 * itself keeps a sixteenth of the memory and a quarter of the descriptors, and has the rest for
 * those.
 */
static void limit(nano_child_t child, int has_children) {
    nano_limits_t limits;
    must("to know its own limits", nano_limits_left(&limits));
    uint64_t memory = limits.memory;
    uint32_t files = limits.files;
    if (limits.fuel != UINT64_MAX) {
        limits.fuel -= limits.fuel / 16;
    }
    if (files == UINT32_MAX) {
        limits.files = USUAL_FILES;
    }
    if (!has_children) {
        limits.memory_below = limits.code = 0;
        limits.files_below = limits.children = 0;
    }
    if (has_children && memory != UINT64_MAX) {
        limits.memory = memory / 16;
        limits.memory_below = memory - limits.memory;
    }
    if (has_children && files != UINT32_MAX) {
        limits.files = files / 4;
        limits.files_below = files - limits.files;
    }
    must("to limit the child", nano_child_limits(child, &limits));
}

nano_child_t parent_child(void) {
    nano_child_t child;
    must("there is no module to make a child of", nano_child_new(0, &child));
    limit(child, hand_on_modules(child) != 0);
    wasi_size_t count = 0;
    char **all = arguments(&count);
    for (wasi_size_t i = 0; i < count; i++) {
        must("to hand an argument on", nano_child_arg(child, all[i], parent_len(all[i])));
    }
    all = variables(&count);
    for (wasi_size_t i = 0; i < count; i++) {
        uint32_t len = 0;
        while (all[i][len] != '=' && all[i][len] != '\0') {
            len++;
        }
        if (all[i][len] == '\0' || begins(all[i], PARENT_OWN_ENV)) {
            continue;
        }
        const char *value = all[i] + len + 1;
        must("to hand a variable on",
             nano_child_env(child, all[i], len, value, parent_len(value)));
    }
    for (wasi_fd_t fd = 0; fd < FIRST_FD; fd++) {
        nano_cap_t cap;
        nano_fd_t at;
        if (nano_cap_from_fd(fd, PARENT_ALL, &cap) == 0) {
            must("to hand a stream on", nano_child_grant(child, cap, fd, "", 0, &at));
            must("to let a handle go", nano_cap_drop(cap));
        }
    }
    return child;
}

void parent_bind(nano_child_t child, const char *what, nano_binding_t binding, nano_tag_t tag) {
    must(what, nano_child_bind(child, what, parent_len(what), binding, tag));
}

void parent_grant(nano_child_t child, nano_cap_t cap, const char *name) {
    nano_fd_t at;
    uint32_t len = name == NULL ? 0 : parent_len(name);
    must("to grant a handle", nano_child_grant(child, cap, UINT32_MAX, name, len, &at));
    must("to let a handle go", nano_cap_drop(cap));
}

wasi_errno_t parent_preopen(wasi_fd_t fd, char *name, uint32_t size) {
    wasi_fdstat_t stat;
    wasi_errno_t errno_ = wasi_fd_fdstat_get(fd, &stat);
    wasi_prestat_t prestat;
    name[0] = '\0';
    if (errno_ != 0 || wasi_fd_prestat_get(fd, &prestat) != 0) {
        return errno_;
    }
    uint32_t len = prestat.dir.pr_name_len;
    if (len >= size) {
        return WASI_ERRNO_NAMETOOLONG;
    }
    name[len] = '\0';
    return wasi_fd_prestat_dir_name(fd, (uint8_t *)name, len);
}

void parent_grant_all(nano_child_t child, nano_rights_t rights) {
    char *name = (char *)room;
    for (wasi_fd_t fd = FIRST_FD;; fd++) {
        wasi_errno_t errno_ = parent_preopen(fd, name, sizeof room);
        if (errno_ == WASI_ERRNO_BADF) {
            return;
        }
        must("its own directories", errno_);
        nano_cap_t cap;
        must("to make a handle of a directory", nano_cap_from_fd(fd, rights, &cap));
        parent_grant(child, cap, name);
    }
}

/** Says one import that is missing; answers whether there is one. */
static int say_missing(nano_child_t child, uint32_t index) {
    static uint8_t text[NEED_TEXT];
    nano_need_t need;
    if (nano_child_missing(child, index, text, sizeof text, &need) != 0) {
        return 0;
    }
    const uint32_t lengths[] = {need.module_len, need.name_len, need.type_len, need.class_len};
    static const char *const before[] = {"  + ", ".", " ", "  ["};
    uint32_t at = 0;
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t rest = at < sizeof text ? (uint32_t)sizeof text - at : 0;
        uint32_t len = lengths[i] < rest ? lengths[i] : rest;
        if (len != 0) {
            parent_say(before[i]);
            parent_say_bytes((const char *)text + at, len);
        }
        at = lengths[i] <= UINT32_MAX - at ? at + lengths[i] : UINT32_MAX;
    }
    parent_say(need.class_len != 0 ? "]  " : "  ");
    switch (need.why) {
    case NANO_WHY_UNBOUND:
        parent_say(need.held == 0   ? "nobody holds it"
                   : need.held == 1 ? "its parent holds it, and does not give it"
                                    : "its parent does not hold it");
        break;
    case NANO_WHY_MISTYPED:
        parent_say("there is one of another type");
        break;
    default:
        parent_say("there is nothing of this name");
    }
    parent_say("\n");
    return 1;
}

void parent_link(nano_child_t child) {
    nano_size_t missing = 0;
    must("to link the child", nano_child_link(child, &missing));
    if (missing == 0) {
        return;
    }
    parent_say("error: the child asks for what it is not given\n");
    for (uint32_t i = 0; say_missing(child, i); i++) {
    }
    parent_say("nothing was run\n");
    wasi_proc_exit(PARENT_EXIT_REFUSED);
}

uint32_t parent_start(nano_child_t child) {
    static const char start[] = "_start";
    static const char *const endings[] = {
        [NANO_ENDING_TRAPPED] = "the child trapped",
        [NANO_ENDING_KILLED] = "the child was killed",
        [NANO_ENDING_DEADLINE] = "the child took too long",
        [NANO_ENDING_FUEL] = "the child had no fuel left",
        [NANO_ENDING_UNSERVED] = "the parent failed to serve the child",
    };
    nano_outcome_t outcome;
    must("to call the child's _start",
         nano_child_call(child, start, sizeof start - 1, NULL, 0, NULL, 0, &outcome));
    switch (outcome.ending) {
    case NANO_ENDING_RETURNED:
        return 0;
    case NANO_ENDING_EXITED:
        return outcome.code;
    }
    parent_say("error: ");
    parent_say(outcome.ending < sizeof endings / sizeof *endings ? endings[outcome.ending]
                                                                  : "the child was ended");
    parent_say("\n");
    return PARENT_EXIT_ENDED;
}

_Noreturn void parent_run(nano_child_t child) {
    parent_link(child);
    uint32_t code = parent_start(child);
    must("to let the child go", nano_child_drop(child));
    flush();
    wasi_proc_exit(code);
}

/* ---- Serving. ---- */

nano_cap_t parent_serve(nano_kind_t kind, nano_tag_t tag, nano_object_t object,
                        nano_rights_t rights) {
    nano_cap_t cap;
    must("to make a handle of what it serves", nano_cap_serve(kind, tag, object, rights, &cap));
    return cap;
}

parent_list_t parent_list(const char *after, uint32_t after_len, uint8_t *buffer, uint32_t room) {
    return (parent_list_t){
        .after = after,
        .after_len = after_len,
        .buffer = buffer,
        .room = room,
        .begun = after_len == 0,
    };
}

int parent_list_add(parent_list_t *list, const char *name, uint32_t len, uint64_t inode,
                    serve_filetype_t filetype) {
    if (!list->begun) {
        list->begun = len == list->after_len;
        for (uint32_t i = 0; i < len && list->begun; i++) {
            list->begun = name[i] == list->after[i];
        }
        return 1;
    }
    serve_listed_t head = {.inode = inode, .length = len, .filetype = filetype};
    uint64_t start = ((uint64_t)list->used + 7) / 8 * 8;
    uint64_t end = start + sizeof head + len;
    if (list->full || end > list->room) {
        list->full = 1;
        return 0;
    }
    memcpy(list->buffer + start, &head, sizeof head);
    memcpy(list->buffer + start + sizeof head, name, len);
    list->used = (uint32_t)end;
    return 1;
}

int32_t parent_read(const void *contents, uint64_t size, uint64_t offset, uint8_t *buffer,
                    uint32_t len) {
    uint64_t rest = offset < size ? size - offset : 0;
    if (len > rest) {
        len = (uint32_t)rest;
    }
    memcpy(buffer, (const uint8_t *)contents + (offset < size ? offset : 0), len);
    return (int32_t)len;
}
