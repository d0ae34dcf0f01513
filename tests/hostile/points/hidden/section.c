/* SPDX-License-Identifier: MIT */
/* Puts bytes where code is, by the name of a section. */
#include <stddef.h>

__attribute__((section(".text.code,\"ax\",@progbits#"))) const unsigned char os_free[] = {0xc3};
__attribute__((section(".text.code,\"ax\",@progbits#"))) const unsigned char os_malloc[] = {0xc3};
