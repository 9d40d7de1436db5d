/** @file
 * The exchange that the wallet trades through. Its child, notify, is handed standard output and
 * `fd_write`, and told a text to print.
 *
 * What else it does depends on MODE: `ask` for the wallet's files first; `files` lets notify call
 * `path_open`, with no directory to open anything in; `revoke` takes standard output back and tells
 * notify another text.
 */
#include "turnkey_describe.h"
#include "turnkey_parent.h"
#include "wallet.h"

TURNKEY_DESCRIBE(AGAMA)

__attribute__((import_module("agama"), import_name("ask")))
int32_t agama_ask(const char *class, uint32_t len);

static void must(const char *what, uint32_t errno_) {
    if (errno_ != 0) {
        parent_fail(what, errno_);
    }
}

/* The linker's: where data begins and ends, and where what is behind data and stack begins. */
extern uint8_t __global_base, __data_end, __heap_base;

static uint64_t sum_of(uint64_t sum, uintptr_t from, uintptr_t end) {
    for (; from < end; from++) {
        sum = (sum ^ *(const volatile uint8_t *)from) * 0x100000001b3;
    }
    return sum;
}

/** A hash of the memory, the stack excepted. */
static uint64_t sum_of_memory(void) {
    uint64_t sum = sum_of(0, (uintptr_t)&__global_base, (uintptr_t)&__data_end);
    return sum_of(sum, (uintptr_t)&__heap_base, __builtin_wasm_memory_size(0) << 16);
}

static nano_child_t new_notify(nano_cap_t output, int opens) {
    static const char offered[] = OFFERED NOTIFY;
    nano_child_t notify;
    nano_fd_t at;
    must("to make notify", nano_child_new(0, &notify));
    must("to expect of notify", nano_child_expect(notify, offered, sizeof offered - 1));
    must("to grant output", nano_child_grant(notify, output, 1, "", 0, &at));
    parent_bind(notify, "fd_write", NANO_BINDING_PASS, 0);
    if (opens) {
        parent_bind(notify, "path_open", NANO_BINDING_PASS, 0);
    }
    parent_link(notify);
    return notify;
}

/** Hands notify a text, and says what comes of it if that is not a success. */
static void tell(nano_child_t notify, const char *text) {
    nano_word_t args[] = {(uintptr_t)text, parent_len(text)};
    nano_word_t answer = 0;
    nano_outcome_t outcome;
    uint64_t before = sum_of_memory();
    must("to call notify",
         nano_child_call_typed(notify, "notify", 6, args, 2, &answer, 1, &outcome));
    int is_as_before = sum_of_memory() == before;
    if (outcome.ending == NANO_ENDING_TRAPPED) {
        parent_say(is_as_before ? "easydex: notify trapped, and my memory is as it was\n"
                                : "easydex: notify trapped, and has changed my memory\n");
    } else if (outcome.ending != NANO_ENDING_RETURNED) {
        parent_say("easydex: notify ended\n");
    } else if (answer != 0) {
        parent_say("easydex: notify was answered ");
        parent_say_errno((uint32_t)answer);
        parent_say("\n");
    }
}

/** Asks for files, and tries to open one without them. */
static void ask(void) {
    static const char class[] = "files.open";
    static const char name[] = "seed.txt";
    wasi_fd_t fd;
    parent_say("easydex: asked for files, and was answered ");
    parent_say_errno((uint32_t)agama_ask(class, sizeof class - 1));
    parent_say("; seed.txt opens with ");
    parent_say_errno(wasi_path_open(3, 0, name, sizeof name - 1, 0, WASI_RIGHTS_FD_READ, 0, 0, &fd));
    parent_say("\n");
}

__attribute__((export_name("_start"))) void _start(void) {
    char mode[16] = "";
    parent_env("MODE", mode, sizeof mode);
    uint32_t len = parent_len(mode);
    if (parent_is(mode, len, "ask")) {
        ask();
    }
    nano_cap_t output;
    must("to make a handle of output", nano_cap_from_fd(1, WASI_RIGHTS_FD_WRITE, &output));
    nano_child_t notify = new_notify(output, parent_is(mode, len, "files"));
    tell(notify, "easydex: the order is filled\n");
    if (parent_is(mode, len, "revoke")) {
        must("to take output back", nano_cap_revoke(output));
        tell(notify, "easydex: another order is filled\n");
    }
    wasi_proc_exit(0);
}
