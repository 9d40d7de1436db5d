/** @file
 * Tells of a text how many words it has, and its longest word in capitals. It leaves the counting to
 * one module, and the capitals to another.
 */
#include "turnkey_describe.h"
#include <stddef.h>
#include <stdint.h>

TURNKEY_DESCRIBE("(typename $count (record\n",
                 "  (field $words u32) (field $letters u32) (field $longest string)))\n",
                 "(module $counts (@interface func (export \"count\")\n",
                 "  (param $text string) (result $count $count)))\n",
                 "(module $capitals (@interface func (export \"shout\")\n",
                 "  (param $count $count) (result $text string)))\n",
                 ";;; @exports\n",
                 "(module $tell (@interface func (export \"tell\")\n",
                 "  (param $text string) (result $told string)))\n")

typedef struct text {
    const char *start;
    uint32_t len;
} text_t;

typedef struct count {
    uint32_t words;
    uint32_t letters;
    text_t longest;
} count_t;

__attribute__((import_module("counts"), import_name("count")))
void count(const char *text, uint32_t len, count_t *counted);

__attribute__((import_module("capitals"), import_name("shout")))
void shout(const count_t *counted, text_t *shouted);

/* ---- Memory, given back as a stack: what a call was handed lies beneath what it is answered. ---- */

static _Alignas(8) char room[1 << 16];
static uint32_t used;

__attribute__((export_name("virt_alloc"))) void *virt_alloc(uint32_t size, uint32_t align) {
    uint32_t start = (used + align - 1) & ~(align - 1);
    if (align > 8 || start > sizeof room || size > sizeof room - start) {
        return NULL;
    }
    used = start + size;
    return room + start;
}

__attribute__((export_name("virt_free"))) void virt_free(char *start, uint32_t size,
                                                         uint32_t align) {
    (void)size;
    (void)align;
    used = (uint32_t)(start - room);
}

/* ---- What is told. ---- */

static char told[256];
static uint32_t told_len;

static void add(const char *bytes, uint32_t len) {
    for (uint32_t i = 0; i < len && told_len < sizeof told; i++) {
        told[told_len++] = bytes[i];
    }
}

static void add_number(uint32_t number) {
    char digits[10];
    uint32_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    add(digits + first, sizeof digits - first);
}

__attribute__((export_name("tell"))) void tell(const char *text, uint32_t len, text_t *answer) {
    static const char words[] = " words of ", letters[] = " letters, the longest ";
    count_t counted;
    text_t shouted;
    count(text, len, &counted);
    shout(&counted, &shouted);
    told_len = 0;
    add_number(counted.words);
    add(words, sizeof words - 1);
    add_number(counted.letters);
    add(letters, sizeof letters - 1);
    add(shouted.start, shouted.len);
    *answer = (text_t){told, told_len};
}
