// SPDX-License-Identifier: GPL-2.0-or-later
// libdwfl loads a library to ask servers for debug files (debuginfod). A static program cannot load
// one without the C library it was built with; whydrop asks no server, so these take its place.
#include <elfutils/libdwfl.h>
#include <sys/types.h>

extern "C" {

int __libdwfl_debuginfod_find_debuginfo(Dwfl *, const unsigned char *, size_t) {
    return -1;
}
int __libdwfl_debuginfod_find_executable(Dwfl *, const unsigned char *, size_t) {
    return -1;
}
void __libdwfl_debuginfod_end(void *) {}
debuginfod_client *dwfl_get_debuginfod_client(Dwfl *) {
    return nullptr;
}

}  // extern "C"
