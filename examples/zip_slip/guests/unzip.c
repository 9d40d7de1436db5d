/*
 * Extracts a zip archive from standard input into its first directory (fd 3), in the most
 * trusting way: every name is taken as it is, whatever it leads to, and so is every link.
 *
 * Members are stored or deflated (PKWARE's APPNOTE 6.3.10, RFC 1951). What cannot be extracted is
 * named on standard error with its errno, and the rest is extracted. Exits with 0 if all was
 * extracted, with 1 if something was refused, and with 2 if the archive is damaged.
 */
#include "wasi_snapshot_preview1.h"

#define ROOT 3
#define PAGE 65536u
#define LARGEST (64u << 20)

typedef const uint8_t *bytes_t;

/* ---- Memory: a region at the end that only grows, and is given back as a stack. ---- */

static uint8_t *memory_top;

static uint8_t *reserve(uint32_t length) {
    if (memory_top == NULL)
        memory_top = (uint8_t *)(__builtin_wasm_memory_size(0) * PAGE);
    uint8_t *place = memory_top;
    uint32_t end = (uint32_t)place + length;
    uint32_t held = __builtin_wasm_memory_size(0) * PAGE;
    if (end < length)
        return NULL;
    if (end > held && __builtin_wasm_memory_grow(0, (end - held + PAGE - 1) / PAGE) == (size_t)-1)
        return NULL;
    memory_top += length;
    return place;
}

static int is_equal(bytes_t one, bytes_t other, uint32_t length) {
    while (length > 0 && one[length - 1] == other[length - 1])
        length--;
    return length == 0;
}

static uint32_t little(bytes_t at, int count) {
    uint32_t value = 0;
    while (count-- > 0)
        value = value << 8 | at[count];
    return value;
}

/* ---- Saying what happened. ---- */

static void say_bytes(bytes_t bytes, uint32_t length) {
    while (length > 0) {
        wasi_ciovec_t part = {bytes, length};
        wasi_size_t written = 0;
        if (wasi_fd_write(2, &part, 1, &written) != 0 || written == 0)
            return;
        bytes += written;
        length -= written;
    }
}

static void say(const char *text) {
    uint32_t length = 0;
    while (text[length] != 0)
        length++;
    say_bytes((bytes_t)text, length);
}

static void say_number(uint32_t number) {
    char digits[11];
    char *first = digits + sizeof digits - 1;
    *first = 0;
    do
        *--first = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    say(first);
}

_Noreturn static void damaged(const char *what) {
    say("unzip: ");
    say(what);
    say("\n");
    wasi_proc_exit(2);
    __builtin_trap();
}

/* ---- Deflate: canonical Huffman codes over a window that is the output itself. ---- */

struct inflate {
    bytes_t in, in_end;
    uint8_t *out, *out_begin, *out_end;
    uint32_t bits;
    int bit_count;
    int failed;
};

/* For each length, how many codes have it; then the symbols, shorter codes first. */
struct code {
    uint16_t count[16];
    uint16_t symbol[288];
};

static uint32_t take(struct inflate *s, int count) {
    while (s->bit_count < count) {
        if (s->in == s->in_end) {
            s->failed = 1;
            return 0;
        }
        s->bits |= (uint32_t)*s->in++ << s->bit_count;
        s->bit_count += 8;
    }
    uint32_t value = s->bits & ((1u << count) - 1);
    s->bits >>= count;
    s->bit_count -= count;
    return value;
}

/* Answers whether the lengths leave no code ambiguous. */
static int make_code(struct code *code, bytes_t lengths, int symbols) {
    uint16_t next[16];
    for (int length = 0; length < 16; length++)
        code->count[length] = 0;
    for (int symbol = 0; symbol < symbols; symbol++)
        code->count[lengths[symbol]]++;
    code->count[0] = 0;
    int left = 1;
    next[0] = next[1] = 0;
    for (int length = 1; length < 16; length++) {
        left = left * 2 - code->count[length];
        if (left < 0)
            return 0;
        if (length < 15)
            next[length + 1] = (uint16_t)(next[length] + code->count[length]);
    }
    for (int symbol = 0; symbol < symbols; symbol++)
        if (lengths[symbol] != 0)
            code->symbol[next[lengths[symbol]]++] = (uint16_t)symbol;
    return 1;
}

static int symbol(struct inflate *s, const struct code *code) {
    int value = 0, first = 0, index = 0;
    for (int length = 1; length < 16; length++) {
        value |= (int)take(s, 1);
        int count = code->count[length];
        if (value - first < count)
            return code->symbol[index + value - first];
        index += count;
        first = (first + count) << 1;
        value <<= 1;
    }
    s->failed = 1;
    return 256;
}

static void stored(struct inflate *s) {
    s->bits = 0;
    s->bit_count = 0;
    if (s->in_end - s->in < 4) {
        s->failed = 1;
        return;
    }
    uint32_t length = little(s->in, 2), inverse = little(s->in + 2, 2);
    s->in += 4;
    if ((length ^ inverse) != 0xffff || (uint32_t)(s->in_end - s->in) < length ||
        (uint32_t)(s->out_end - s->out) < length) {
        s->failed = 1;
        return;
    }
    while (length-- > 0)
        *s->out++ = *s->in++;
}

static void compressed(struct inflate *s, const struct code *literals, const struct code *distances) {
    static const uint16_t length_base[] = {3,  4,  5,  6,  7,  8,  9,  10,  11,  13,
                                           15, 17, 19, 23, 27, 31, 35, 43,  51,  59,
                                           67, 83, 99, 115, 131, 163, 195, 227, 258};
    static const uint8_t length_bits[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                          2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    static const uint16_t distance_base[] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,
                                             33,  49,  65,  97,  129, 193,  257,  385,  513,  769,
                                             1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    for (;;) {
        int value = symbol(s, literals);
        if (s->failed || value == 256)
            return;
        if (value < 256) {
            if (s->out == s->out_end) {
                s->failed = 1;
                return;
            }
            *s->out++ = (uint8_t)value;
            continue;
        }
        value -= 257;
        if (value >= 29) {
            s->failed = 1;
            return;
        }
        uint32_t length = length_base[value] + take(s, length_bits[value]);
        int far = symbol(s, distances);
        if (s->failed || far >= 30) {
            s->failed = 1;
            return;
        }
        uint32_t distance = distance_base[far] + take(s, far < 2 ? 0 : far / 2 - 1);
        if (s->failed || distance > (uint32_t)(s->out - s->out_begin) ||
            length > (uint32_t)(s->out_end - s->out)) {
            s->failed = 1;
            return;
        }
        for (; length > 0; length--, s->out++)
            *s->out = *(s->out - distance);
    }
}

static void fixed(struct inflate *s) {
    struct code literals, distances;
    uint8_t lengths[288];
    for (int at = 0; at < 288; at++)
        lengths[at] = at < 144 ? 8 : at < 256 ? 9 : at < 280 ? 7 : 8;
    make_code(&literals, lengths, 288);
    for (int at = 0; at < 30; at++)
        lengths[at] = 5;
    make_code(&distances, lengths, 30);
    compressed(s, &literals, &distances);
}

static void dynamic(struct inflate *s) {
    static const uint8_t order[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    struct code literals, distances;
    uint8_t lengths[320];
    int literal_count = 257 + (int)take(s, 5);
    int distance_count = 1 + (int)take(s, 5);
    int length_count = 4 + (int)take(s, 4);
    for (int at = 0; at < 19; at++)
        lengths[at] = 0;
    for (int at = 0; at < length_count; at++)
        lengths[order[at]] = (uint8_t)take(s, 3);
    if (s->failed || literal_count > 286 || !make_code(&literals, lengths, 19)) {
        s->failed = 1;
        return;
    }
    for (int at = 0; at < literal_count + distance_count;) {
        int value = symbol(s, &literals);
        int repeat = 1;
        uint8_t length = (uint8_t)value;
        if (value == 16) {
            if (at == 0)
                s->failed = 1;
            length = at == 0 ? 0 : lengths[at - 1];
            repeat = 3 + (int)take(s, 2);
        } else if (value == 17) {
            length = 0;
            repeat = 3 + (int)take(s, 3);
        } else if (value == 18) {
            length = 0;
            repeat = 11 + (int)take(s, 7);
        }
        if (s->failed || at + repeat > literal_count + distance_count) {
            s->failed = 1;
            return;
        }
        while (repeat-- > 0)
            lengths[at++] = length;
    }
    if (!make_code(&literals, lengths, literal_count) ||
        !make_code(&distances, lengths + literal_count, distance_count)) {
        s->failed = 1;
        return;
    }
    compressed(s, &literals, &distances);
}

/* Answers whether exactly `length` bytes came out. */
static int inflate(bytes_t in, uint32_t in_length, uint8_t *out, uint32_t length) {
    struct inflate s = {in, in + in_length, out, out, out + length, 0, 0, 0};
    int is_last;
    do {
        is_last = (int)take(&s, 1);
        switch (take(&s, 2)) {
        case 0: stored(&s); break;
        case 1: fixed(&s); break;
        case 2: dynamic(&s); break;
        default: s.failed = 1;
        }
    } while (!is_last && !s.failed);
    return !s.failed && s.out == s.out_end;
}

static uint32_t crc32(bytes_t bytes, uint32_t length) {
    uint32_t crc = 0xffffffff;
    while (length-- > 0) {
        crc ^= *bytes++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320 & -(crc & 1));
    }
    return ~crc;
}

/* ---- Extracting. ---- */

/* Makes every directory that leads to a name. What is there already is as good as made. */
static void make_parents(bytes_t name, uint32_t length) {
    for (uint32_t at = 1; at < length; at++)
        if (name[at] == '/')
            (void)wasi_path_create_directory(ROOT, (const char *)name, at);
}

static wasi_errno_t write_file(bytes_t name, uint32_t name_length, bytes_t bytes, uint32_t length) {
    wasi_fd_t fd;
    wasi_errno_t error = wasi_path_open(ROOT, WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, (const char *)name,
                                        name_length, WASI_OFLAGS_CREAT | WASI_OFLAGS_TRUNC,
                                        WASI_RIGHTS_FD_WRITE, 0, 0, &fd);
    if (error != 0)
        return error;
    while (error == 0 && length > 0) {
        wasi_ciovec_t part = {bytes, length};
        wasi_size_t written = 0;
        error = wasi_fd_write(fd, &part, 1, &written);
        if (error == 0 && written == 0)
            error = WASI_ERRNO_IO;
        bytes += written;
        length -= written;
    }
    wasi_errno_t closed = wasi_fd_close(fd);
    return error != 0 ? error : closed;
}

static wasi_errno_t extract(bytes_t name, uint32_t name_length, uint32_t mode, bytes_t bytes,
                            uint32_t length) {
    make_parents(name, name_length);
    if (name_length > 0 && name[name_length - 1] == '/') {
        wasi_errno_t error = wasi_path_create_directory(ROOT, (const char *)name, name_length - 1);
        return error == WASI_ERRNO_EXIST ? 0 : error;
    }
    /* The upper half of a member's attributes is its mode, where the archive was made on Unix. */
    if ((mode & 0170000) == 0120000)
        return wasi_path_symlink((const char *)bytes, length, ROOT, (const char *)name, name_length);
    return write_file(name, name_length, bytes, length);
}

static bytes_t read_all(uint32_t *length) {
    uint8_t *bytes = reserve(PAGE);
    uint32_t held = PAGE;
    *length = 0;
    for (;;) {
        if (*length == held) {
            if (held >= LARGEST || reserve(PAGE) == NULL)
                damaged("the archive is too large");
            held += PAGE;
        }
        wasi_iovec_t part = {bytes + *length, held - *length};
        wasi_size_t read = 0;
        wasi_errno_t error = wasi_fd_read(0, &part, 1, &read);
        if (error != 0)
            damaged("standard input cannot be read");
        if (read == 0)
            return bytes;
        *length += read;
    }
}

/* The record at the end, which says where the list of members is; a comment may follow it. */
static bytes_t find_end(bytes_t archive, uint32_t length) {
    for (uint32_t back = 22; back <= length && back <= 22 + 0xffff; back++)
        if (is_equal(archive + length - back, (bytes_t)"PK\5\6", 4))
            return archive + length - back;
    damaged("this is no zip archive");
}

__attribute__((export_name("_start"))) void start(void) {
    uint32_t length;
    bytes_t archive = read_all(&length), archive_end = archive + length;
    bytes_t end = find_end(archive, length);
    uint32_t count = little(end + 10, 2), first = little(end + 16, 4);
    int refused = 0;
    if (first > length)
        damaged("the list of members is beyond the end");
    bytes_t member = archive + first;
    for (; count > 0; count--) {
        if (archive_end - member < 46 || !is_equal(member, (bytes_t)"PK\1\2", 4))
            damaged("the list of members is damaged");
        uint32_t method = little(member + 10, 2), crc = little(member + 16, 4);
        uint32_t packed = little(member + 20, 4), size = little(member + 24, 4);
        uint32_t name_length = little(member + 28, 2), extra = little(member + 30, 2);
        uint32_t comment = little(member + 32, 2), mode = little(member + 40, 2);
        uint32_t at = little(member + 42, 4);
        bytes_t name = member + 46;
        if ((uint32_t)(archive_end - name) < name_length + extra + comment)
            damaged("the list of members is damaged");
        member = name + name_length + extra + comment;

        if (at > length || length - at < 30 || size > LARGEST)
            damaged("a member is beyond the end");
        uint32_t header = 30 + little(archive + at + 26, 2) + little(archive + at + 28, 2);
        if (length - at < header || length - at - header < packed)
            damaged("a member is beyond the end");
        bytes_t data = archive + at + header;
        uint8_t *mark = memory_top, *bytes = reserve(size);
        if (bytes == NULL)
            damaged("a member is too large");
        if (method == 0 && packed == size) {
            for (uint32_t byte = 0; byte < size; byte++)
                bytes[byte] = data[byte];
        } else if (method != 8 || !inflate(data, packed, bytes, size)) {
            damaged("a member cannot be unpacked");
        }
        if (crc32(bytes, size) != crc)
            damaged("a member is not what was packed");

        wasi_errno_t error = extract(name, name_length, mode, bytes, size);
        memory_top = mark;
        if (error != 0) {
            refused = 1;
            say_bytes(name, name_length);
            say(": errno ");
            say_number(error);
            say("\n");
        }
    }
    wasi_proc_exit(refused);
}
