// SPDX-License-Identifier: GPL-2.0-or-later
// Compiled with -g for the tests beside it. HERE() makes a symbol of a place; the lines that are to
// be found there are called by the comments at their ends.
#include "sample_types.h"

#define HERE(name) __asm__ volatile(".globl " name "\n" name ": nop")

struct sample sample_object;
static struct {
    int before;
    struct inner inside;
} sample_without_a_name;

static inline __attribute__((always_inline)) int innermost(int x) {
    HERE("in_innermost");  // innermost.here
    return x * 3;
}

static inline __attribute__((always_inline)) int middle(int x) {
    if (x > 7) {
        int more = x + sample_object.id;
        return innermost(more);  // middle.calls
    }
    return 1;
}

__attribute__((noinline)) int outer(struct sample *sample, int x) {
    HERE("in_outer");                   // outer.here
    return middle(x + sample->id) + 1;  // outer.calls
}

// Modules have a section of their own for what runs once.
__attribute__((noinline, section(".init.text"))) int at_start(union word word) {
    HERE("in_start");  // start.here
    return word.number + sample_without_a_name.inside.deep;
}

void entry(void) {
    union word word = {sample_object.id};
    outer(&sample_object, at_start(word));
    for (;;)
        HERE("in_entry");  // entry.here
}
