// SPDX-License-Identifier: GPL-2.0-or-later
// For the static binary alone. libnl has functions that ask the C library for names of hosts and
// protocols; nobody here calls them, but glibc's would load shared libraries of exactly its own
// version at run time, and the linker says so. These take their place, and know no name.
#include <netdb.h>

extern "C" {

int getaddrinfo(const char *, const char *, const addrinfo *, addrinfo **) {
    return EAI_FAIL;
}

void freeaddrinfo(addrinfo *) noexcept {}

protoent *getprotobyname(const char *) {
    return nullptr;
}

protoent *getprotobynumber(int) {
    return nullptr;
}

}  // extern "C"
