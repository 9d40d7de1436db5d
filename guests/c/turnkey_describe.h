/** @file
 * How a module says what its functions are, so that it can be called with text, lists and records,
 * and call others so.
 *
 * For clang's wasm32 target.
 */
#ifndef TURNKEY_DESCRIBE_H
#define TURNKEY_DESCRIBE_H

/**
 * Describes functions, in literals of text that follow each other: a witx document, of whose modules
 * the one behind `;;; @exports` is what the module offers, and the others are what it imports. It
 * stands outside of functions. Several are one document, in their order.
 *
 *     TURNKEY_DESCRIBE(";;; @exports\n",
 *                      "(module $greeter (@interface func (export \"greet\")\n",
 *                      "  (param $name string) (result $greeting string)))\n")
 */
#define TURNKEY_DESCRIBE(...) TURNKEY_DESCRIBE_EXPANDED(__VA_ARGS__)
#define TURNKEY_DESCRIBE_EXPANDED(...)                                                             \
    __asm__(".section .custom_section.witx,\"\",@\n.ascii " #__VA_ARGS__ "\n");

#endif
