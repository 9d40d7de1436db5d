/** @file
 * A program that uses files as most programs do, built for preview 0.
 *
 * It is given `files.dir` as its one preopen, fd 3. What it makes there it
 * removes. Checks print what failed, and exit with their number.
 */
#include "wasi_unstable.h"
#include "check.h"

#define ROOT 3
#define DRAFT "draft.cleanup"
#define FINAL "final.cleanup"
#define TEXT "0123456789"

/** Far more than the listing takes. */
static uint8_t listing[4096];

/** The name in a listing at the place `at`; answers the place of the next one. */
static uint32_t entry(uint32_t at, wasi_dirent_t *head, const uint8_t **name) {
    memcpy(head, listing + at, sizeof *head);
    *name = listing + at + sizeof *head;
    return at + sizeof *head + head->d_namlen;
}

/** Lists the directory; answers how many names there are beside `.` and `..`. */
static uint32_t list(uint32_t check_number) {
    wasi_size_t used = 0;
    expect(check_number, "fd_readdir of the directory",
           wasi_fd_readdir(ROOT, listing, sizeof listing, 0, &used), WASI_ERRNO_SUCCESS);
    check(check_number + 1, "the whole listing fits its buffer", used < sizeof listing);
    uint32_t count = 0;
    for (uint32_t at = 0; at < used;) {
        wasi_dirent_t head;
        const uint8_t *name;
        at = entry(at, &head, &name);
        check(check_number + 2, "an entry ends where the listing does", at <= used);
        count += !is_text(name, head.d_namlen, ".") && !is_text(name, head.d_namlen, "..");
    }
    say(1, "the directory holds ");
    say_number(1, count);
    say(1, " names\n");
    return used;
}

/** A listed name of a given type. */
static int is_listed(uint32_t used, const char *wanted, wasi_filetype_t type) {
    for (uint32_t at = 0; at < used;) {
        wasi_dirent_t head;
        const uint8_t *name;
        at = entry(at, &head, &name);
        if (is_text(name, head.d_namlen, wanted) && head.d_type == type) {
            return 1;
        }
    }
    return 0;
}

static wasi_fd_t open_draft(void) {
    wasi_fd_t fd = -1;
    expect(20, "path_open of a file that is not there yet",
           wasi_path_open(ROOT, 0, DRAFT, length(DRAFT), WASI_OFLAGS_CREAT | WASI_OFLAGS_EXCL,
                          WASI_RIGHTS_FD_READ | WASI_RIGHTS_FD_WRITE | WASI_RIGHTS_FD_SEEK |
                              WASI_RIGHTS_FD_TELL | WASI_RIGHTS_FD_FILESTAT_GET,
                          0, 0, &fd),
           WASI_ERRNO_SUCCESS);
    check(21, "the new descriptor is none of those that were open", fd > ROOT);
    return fd;
}

/** Writes a text in two pieces. */
static void write_text(wasi_fd_t fd) {
    const uint8_t *text = (const uint8_t *)TEXT;
    uint32_t len = length(TEXT);
    for (uint32_t done = 0; done < len;) {
        uint32_t half = (len - done) / 2;
        wasi_ciovec_t pieces[] = {{text + done, half}, {text + done + half, len - done - half}};
        wasi_size_t written = 0;
        expect(30, "fd_write", wasi_fd_write(fd, pieces, 2, &written), WASI_ERRNO_SUCCESS);
        check(31, "fd_write writes something, and no more than there is",
              written > 0 && written <= len - done);
        done += written;
    }
    say(1, "wrote " TEXT "\n");
}

/** Moves the offset from each of the three places that it can be counted from. */
static void seek(wasi_fd_t fd) {
    static const struct {
        wasi_filedelta_t offset;
        wasi_whence_t whence;
        wasi_filesize_t expected;
    } steps[] = {
        {3, WASI_WHENCE_SET, 3},
        {4, WASI_WHENCE_CUR, 7},
        {-2, WASI_WHENCE_END, 8},
        {-8, WASI_WHENCE_CUR, 0},
    };
    for (uint32_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        wasi_filesize_t offset = UINT64_MAX;
        expect(40 + 3 * i, "fd_seek",
               wasi_fd_seek(fd, steps[i].offset, steps[i].whence, &offset), WASI_ERRNO_SUCCESS);
        expect(41 + 3 * i, "the offset that fd_seek answers", offset, steps[i].expected);
        expect(42 + 3 * i, "fd_tell", wasi_fd_tell(fd, &offset), WASI_ERRNO_SUCCESS);
        say(1, "the offset is ");
        say_number(1, offset);
        say(1, "\n");
    }
    wasi_filesize_t offset;
    expect(52, "fd_seek before the start",
           wasi_fd_seek(fd, -1, WASI_WHENCE_SET, &offset), WASI_ERRNO_INVAL);
}

/** Reads to the end, a few bytes at a time. */
static void read_text(wasi_fd_t fd) {
    uint8_t text[32];
    uint32_t len = 0;
    for (;;) {
        wasi_iovec_t piece = {text + len, 4};
        wasi_size_t nread = UINT32_MAX;
        expect(60, "fd_read", wasi_fd_read(fd, &piece, 1, &nread), WASI_ERRNO_SUCCESS);
        check(61, "fd_read reads no more than there is room for", nread <= 4);
        len += nread;
        if (nread == 0) {
            break;
        }
        check(62, "the file ends", len + 4 <= sizeof text);
    }
    check(63, "what is read is what was written", is_text(text, len, TEXT));
    say(1, "read ");
    say_bytes(1, text, len);
    say(1, "\n");
}

static wasi_errno_t stat(const char *path, wasi_filestat_t *found) {
    return wasi_path_filestat_get(ROOT, 0, path, length(path), found);
}

static void rename(wasi_fd_t fd) {
    wasi_filestat_t opened, named;
    expect(70, "fd_filestat_get", wasi_fd_filestat_get(fd, &opened), WASI_ERRNO_SUCCESS);
    expect(71, "path_rename",
           wasi_path_rename(ROOT, DRAFT, length(DRAFT), ROOT, FINAL, length(FINAL)),
           WASI_ERRNO_SUCCESS);
    expect(72, "path_filestat_get of the old name", stat(DRAFT, &named), WASI_ERRNO_NOENT);
    expect(73, "path_filestat_get of the new name", stat(FINAL, &named), WASI_ERRNO_SUCCESS);
    expect(74, "the file's number under its new name", named.ino, opened.ino);
    expect(75, "the file's device under its new name", named.dev, opened.dev);
    expect(76, "the file's type", named.filetype, WASI_FILETYPE_REGULAR_FILE);
    expect(77, "the number of the file's names", named.nlink, 1);
    expect(78, "the file's length", named.size, length(TEXT));
    say(1, "renamed it; it has ");
    say_number(1, named.size);
    say(1, " bytes and ");
    say_number(1, named.nlink);
    say(1, " name\n");
}

/** Sleeps for a while, and looks at the clock before and after. */
static void sleep(void) {
    const wasi_timestamp_t while_ = 20 * 1000 * 1000;
    wasi_subscription_t subscription = {
        .userdata = 42,
        .u = {.tag = WASI_EVENTTYPE_CLOCK,
              .clock = {.identifier = 43, .id = WASI_CLOCKID_MONOTONIC, .timeout = while_}},
    };
    wasi_event_t event;
    wasi_size_t events = 0;
    wasi_timestamp_t before, after;
    expect(80, "clock_time_get", wasi_clock_time_get(WASI_CLOCKID_MONOTONIC, 1, &before),
           WASI_ERRNO_SUCCESS);
    expect(81, "poll_oneoff", wasi_poll_oneoff(&subscription, &event, 1, &events),
           WASI_ERRNO_SUCCESS);
    expect(82, "clock_time_get", wasi_clock_time_get(WASI_CLOCKID_MONOTONIC, 1, &after),
           WASI_ERRNO_SUCCESS);
    expect(83, "the number of events", events, 1);
    expect(84, "the event's userdata", event.userdata, 42);
    expect(85, "the event's error", event.error, WASI_ERRNO_SUCCESS);
    expect(86, "the event's type", event.type, WASI_EVENTTYPE_CLOCK);
    check(87, "the time that was slept for has passed", after - before >= while_);
    say(1, "slept for 20 ms\n");
}

__attribute__((export_name("_start"))) void _start(void) {
    uint32_t used = list(1);
    check(4, "apple.txt is listed, a file",
          is_listed(used, "apple.txt", WASI_FILETYPE_REGULAR_FILE));
    check(5, "berries is listed, a directory",
          is_listed(used, "berries", WASI_FILETYPE_DIRECTORY));

    wasi_fd_t fd = open_draft();
    used = list(10);
    check(13, "the new file is listed", is_listed(used, DRAFT, WASI_FILETYPE_REGULAR_FILE));
    write_text(fd);
    seek(fd);
    read_text(fd);
    rename(fd);
    expect(79, "fd_close", wasi_fd_close(fd), WASI_ERRNO_SUCCESS);
    sleep();

    expect(90, "path_unlink_file", wasi_path_unlink_file(ROOT, FINAL, length(FINAL)),
           WASI_ERRNO_SUCCESS);
    wasi_filestat_t gone;
    expect(91, "path_filestat_get of what was removed", stat(FINAL, &gone), WASI_ERRNO_NOENT);
    say(1, "removed it\n");
}
