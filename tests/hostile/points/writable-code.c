/* SPDX-License-Identifier: MIT */
/*
 * Has a section that is both code and data, in which a changed copy of a program could be made.
 *
 * Expected: all points, flagged: its library has memory that can be both written and executed
 */
__asm__(".pushsection .both, \"awx\", %progbits\n.skip 64\n.popsection");
