// SPDX-License-Identifier: GPL-2.0-or-later
// For the static binary alone. libnl and libpcap ask the C library for names of hosts, services and
// protocols, and glibc's functions would load shared libraries of exactly its own version at run
// time: the linker says so. These take their place. They know addresses in numbers, and services by
// /etc/services; any other name is unknown.
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netdb.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

namespace {

// One piece of memory, so that freeaddrinfo() has one thing to free.
struct Answer {
    addrinfo info;
    sockaddr_storage address;
};

// The port of "domain 53/udp # ...", host order, where `protocol` (0: any) allows it.
std::optional<uint16_t> service_port(const char *service, int protocol) {
    const std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen("/etc/services", "re"),
                                                      [](FILE *f) { return std::fclose(f); });
    char line[512];
    while (file && std::fgets(line, sizeof line, file.get())) {
        line[std::strcspn(line, "#\n")] = 0;
        char *rest = nullptr;
        const char *name = strtok_r(line, " \t", &rest), *number = strtok_r(nullptr, " \t/", &rest);
        const char *of = strtok_r(nullptr, " \t", &rest);
        if (!of || (protocol == IPPROTO_TCP && std::strcmp(of, "tcp") != 0) ||
            (protocol == IPPROTO_UDP && std::strcmp(of, "udp") != 0))
            continue;
        for (; name; name = strtok_r(nullptr, " \t", &rest))  // then its other names
            if (std::strcmp(name, service) == 0)
                return static_cast<uint16_t>(std::strtoul(number, nullptr, 10));
    }
    return {};
}

bool set_address(Answer &answer, const char *node) {
    auto &ipv4 = reinterpret_cast<sockaddr_in &>(answer.address);
    auto &ipv6 = reinterpret_cast<sockaddr_in6 &>(answer.address);
    if (inet_pton(AF_INET6, node, &ipv6.sin6_addr) == 1) {
        answer.info.ai_family = answer.address.ss_family = AF_INET6;
        answer.info.ai_addrlen = sizeof ipv6;
        return true;
    }
    return inet_pton(AF_INET, node, &ipv4.sin_addr) == 1;
}

}  // namespace

extern "C" {

int getaddrinfo(const char *node, const char *service, const addrinfo *hints, addrinfo **result) {
    std::unique_ptr<Answer, void (*)(void *)> answer(
        static_cast<Answer *>(std::calloc(1, sizeof(Answer))), std::free);
    if (!answer)
        return EAI_MEMORY;
    answer->info.ai_addr = reinterpret_cast<sockaddr *>(&answer->address);
    answer->info.ai_family = answer->address.ss_family = AF_INET;
    answer->info.ai_addrlen = sizeof(sockaddr_in);
    if (node && !set_address(*answer, node))
        return EAI_NONAME;
    if (service) {
        const auto port = service_port(service, hints ? hints->ai_protocol : 0);
        if (!port)
            return EAI_NONAME;
        // The port is at the same place for both families.
        reinterpret_cast<sockaddr_in &>(answer->address).sin_port = htons(*port);
    }
    *result = &answer.release()->info;
    return 0;
}

void freeaddrinfo(addrinfo *info) noexcept {
    std::free(info);  // it is what the Answer begins with
}

protoent *getprotobyname(const char *) {
    return nullptr;
}

protoent *getprotobynumber(int) {
    return nullptr;
}

int getprotobyname_r(const char *, protoent *, char *, size_t, protoent **result) {
    *result = nullptr;
    return ENOENT;
}

hostent *gethostbyname(const char *) {
    return nullptr;
}

int getnetbyname_r(const char *, netent *, char *, size_t, netent **result, int *) {
    *result = nullptr;
    return ENOENT;
}

int ether_hostton(const char *, ether_addr *) noexcept {
    return -1;
}

}  // extern "C"
