/** @file
 * What the modules of the wallet know of each other.
 */
#ifndef WALLET_H
#define WALLET_H

/** What agama offers to those beneath it: to be asked for a class of authority. */
#define AGAMA                                                                                      \
    "(module $agama (@interface func (export \"ask\") (param $class string) "                      \
    "(result $error (expected (error u16)))))"

/** What notify offers: to print a text. */
#define NOTIFY                                                                                     \
    "(module $notify (@interface func (export \"notify\") (param $text string) "                   \
    "(result $error (expected (error u16)))))"

/** Before what a module offers itself. */
#define OFFERED ";;; @exports\n"

#endif
