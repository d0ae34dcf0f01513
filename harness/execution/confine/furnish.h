/* SPDX-License-Identifier: MIT */
#pragma once

/* Mount what a run in an outer sandbox has to itself: /proc, /work of a limited size, /tmp, and the
 * folders that are shown as /osmem, which can only be read, and as /out. Their names are below
 * /tmp, where a run sees no others afterwards. */
void furnish(const char *shown, const char *out, long mib, long files);
