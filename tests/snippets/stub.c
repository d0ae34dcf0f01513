/* SPDX-License-Identifier: MIT */
/* A libosmem.so to link programs with. It is never run. */
void os_malloc(void)
{
}

void os_calloc(void)
{
}

void os_realloc(void)
{
}

void os_free(void)
{
}
