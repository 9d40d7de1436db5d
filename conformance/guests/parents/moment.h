/** @file
 * Moments as RFC 3339 writes them.
 */
#ifndef MOMENT_H
#define MOMENT_H

#include <stdint.h>

/** Reads a number of so many digits, and goes on behind it; answers whether it is one. */
static inline int moment_digits(const char **text, uint32_t count, uint64_t *number) {
    *number = 0;
    for (; count > 0; count--, ++*text) {
        if (**text < '0' || **text > '9') {
            return 0;
        }
        *number = *number * 10 + (uint64_t)(**text - '0');
    }
    return 1;
}

/** Goes on behind a sign; answers whether it is there. */
static inline int moment_sign(const char **text, char sign) {
    int is_there = **text == sign;
    *text += is_there;
    return is_there;
}

/** Days from 1970-01-01 to a day of a year that is not earlier. */
static inline uint64_t moment_days(uint64_t year, uint64_t month, uint64_t day) {
    // Years that begin with March have their leap day at their end.
    uint64_t from_march = (month + 9) % 12;
    uint64_t years = year - (month < 3);
    uint64_t leap_days = years / 4 - years / 100 + years / 400;
    return years * 365 + leap_days + (153 * from_march + 2) / 5 + day - 1 - 719468;
}

/**
 * Reads `prefix` and a moment from 1970 to 2199, as `2019-11-12T00:00:00Z`: nanoseconds since 1970.
 * Answers whether it is one.
 */
static inline int moment_read(const char *text, const char *prefix, uint64_t *moment) {
    uint64_t year, month, day, hour, minute, second;
    while (*prefix != '\0') {
        if (*text++ != *prefix++) {
            return 0;
        }
    }
    int is_read = moment_digits(&text, 4, &year) && moment_sign(&text, '-') &&
                  moment_digits(&text, 2, &month) && moment_sign(&text, '-') &&
                  moment_digits(&text, 2, &day) && moment_sign(&text, 'T') &&
                  moment_digits(&text, 2, &hour) && moment_sign(&text, ':') &&
                  moment_digits(&text, 2, &minute) && moment_sign(&text, ':') &&
                  moment_digits(&text, 2, &second) && moment_sign(&text, 'Z') && *text == '\0';
    if (!is_read || year < 1970 || year > 2199 || month < 1 || month > 12 || day < 1 || day > 31 ||
        hour > 23 || minute > 59 || second > 59) {
        return 0;
    }
    uint64_t seconds = ((moment_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    *moment = seconds * 1000000000;
    return 1;
}

#endif
