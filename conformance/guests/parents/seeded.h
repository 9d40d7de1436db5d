/** @file
 * Random bytes that follow from a seed: the key stream of ChaCha20 (RFC 8439) with a nonce of
 * zeros, for the key that is the seed's eight bytes, the lowest first, and 24 zeros. It is not for
 * secrets.
 */
#ifndef SEEDED_H
#define SEEDED_H

#include <stdint.h>

typedef struct seeded {
    uint32_t state[16];
    uint8_t block[64];
    uint32_t used;
} seeded_t;

/** Reads `prefix` and a number; answers whether it is one. */
static inline int seeded_read(const char *text, const char *prefix, uint64_t *seed) {
    while (*prefix != '\0') {
        if (*text++ != *prefix++) {
            return 0;
        }
    }
    *seed = 0;
    const char *digits = text;
    for (; *text >= '0' && *text <= '9'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (*seed > (UINT64_MAX - digit) / 10) {
            return 0;
        }
        *seed = *seed * 10 + digit;
    }
    return text != digits && *text == '\0';
}

/** Begins the stream of a seed. */
static inline void seeded_begin(seeded_t *seeded, uint64_t seed) {
    static const uint32_t constants[] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    for (uint32_t i = 0; i < 16; i++) {
        seeded->state[i] = i < 4 ? constants[i] : 0;
    }
    seeded->state[4] = (uint32_t)seed;
    seeded->state[5] = (uint32_t)(seed >> 32);
    seeded->used = sizeof seeded->block;
}

static inline void seeded_quarter(uint32_t *x, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
#define ADD_XOR_ROTATE(to, from, other, bits)                                                      \
    x[to] += x[from];                                                                              \
    x[other] ^= x[to];                                                                             \
    x[other] = x[other] << bits | x[other] >> (32 - bits)
    ADD_XOR_ROTATE(a, b, d, 16);
    ADD_XOR_ROTATE(c, d, b, 12);
    ADD_XOR_ROTATE(a, b, d, 8);
    ADD_XOR_ROTATE(c, d, b, 7);
#undef ADD_XOR_ROTATE
}

static inline void seeded_block(seeded_t *seeded) {
    uint32_t x[16];
    for (uint32_t i = 0; i < 16; i++) {
        x[i] = seeded->state[i];
    }
    for (uint32_t round = 0; round < 10; round++) {
        for (uint32_t i = 0; i < 4; i++) {
            seeded_quarter(x, i, 4 + i, 8 + i, 12 + i);
        }
        for (uint32_t i = 0; i < 4; i++) {
            seeded_quarter(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
        }
    }
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t word = x[i / 4] + seeded->state[i / 4];
        seeded->block[i] = (uint8_t)(word >> 8 * (i % 4));
    }
    // The counter goes on into the word behind it.
    seeded->state[13] += ++seeded->state[12] == 0;
    seeded->used = 0;
}

/** The stream's next bytes. */
static inline void seeded_fill(seeded_t *seeded, uint8_t *bytes, uint32_t len) {
    for (uint32_t i = 0; i < len; i++) {
        if (seeded->used == sizeof seeded->block) {
            seeded_block(seeded);
        }
        bytes[i] = seeded->block[seeded->used++];
    }
}

#endif
