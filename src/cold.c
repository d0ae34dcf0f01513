/* SPDX-License-Identifier: MIT */
/* cold.c - what few calls need, as one unit beside hot.c. */
#include "guard.c"
#include "hardened.c"
#include "inspect.c"
#include "mapping.c"
#include "mistakes.c"
#include "policy.c"
#include "printf.c"
#include "quarantine.c"
#include "report.c"
#include "trim.c"
