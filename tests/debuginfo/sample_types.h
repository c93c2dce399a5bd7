// SPDX-License-Identifier: GPL-2.0-or-later
// Types that the C compiler lays out for the sample and the C++ compiler for its test.
#pragma once

struct never_defined;

struct inner {
    char first;
    int deep;
};

union word {
    int number;
    unsigned char bytes[4];
};

enum colour { RED, GREEN = 5, BLUE = 200, DARK = 0x80000000u };
enum direction { BACK = -1, FORTH = 1 };
enum wide { SMALL = 1, LARGE = 0x123456789 };

typedef unsigned long long big_t;
typedef int (*handler_t)(struct inner *, const char *, ...);

struct sample {
    int id;
    char name[16];
    unsigned low : 3;
    unsigned high : 7;
    signed int sign : 5;
    unsigned char flag : 1;
    big_t big;
    union {
        struct inner in;
        big_t other;
    };
    struct {
        short a, b;
    } pair[3];
    struct sample *next;
    const volatile struct never_defined *unknown;
    handler_t handler;
    enum colour colour;
    enum direction direction;
    enum wide wide;
    double ratio;
    int grid[2][5];
    union word word;
    unsigned long long wide_bits : 40;
    char tail[];
};
