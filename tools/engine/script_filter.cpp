// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>

#include <cstring>
#include <optional>
#include <sstream>

#include "engine/script_parts.h"
#include "model/text.h"
#include "sys/number.h"

namespace whydrop {
namespace {

constexpr const char *kWords =
    "[src|dst] host ADDRESS, net ADDRESS/BITS, port PORT, ip, tcp, udp, sctp, icmp, joined by "
    "'and'; whydrop drops takes any pcap-filter expression";

enum class Side { any, source, destination };

Error cannot(const std::string &word, const std::string &why) {
    return Error{Errc::usage, "the script cannot filter by '" + word + "': " + why,
                 "a script's filter is made of " + std::string(kWords)};
}

std::optional<uint32_t> number(const std::string &text, uint32_t max) {
    const auto value = whole_number<uint32_t>(text);
    return value && *value <= max ? value : std::nullopt;
}

// One side or either, of a pair of variables.
std::string on_side(Side side, const std::string &source, const std::string &destination,
                    const std::string &rest) {
    if (side == Side::source)
        return source + rest;
    if (side == Side::destination)
        return destination + rest;
    return "(" + source + rest + " || " + destination + rest + ")";
}

std::string hexadecimal(uint32_t value) {
    char text[16];
    std::snprintf(text, sizeof(text), "0x%08x", value);
    return text;
}

// The bytes of an address as this machine reads them in one number.
Result<std::string> address_condition(Side side, const std::string &word, uint32_t bits) {
    uint32_t address = 0;
    if (inet_pton(AF_INET, word.c_str(), &address) != 1)
        return cannot(word, word.find(':') == std::string::npos
                                ? "it is no IPv4 address, and names are not looked up"
                                : "it reads IPv4 only");
    if (bits == 32)
        return on_side(side, "$src", "$dst", " == " + hexadecimal(address));
    const uint32_t mask = htonl(bits == 0 ? 0 : ~uint32_t{0} << (32 - bits));
    if ((address & ~mask) != 0)
        return cannot(word, "the address has bits beyond its mask");
    const std::string masked = " & " + hexadecimal(mask) + ")";
    return on_side(side, "($src" + masked, "($dst" + masked, " == " + hexadecimal(address));
}

Result<std::string> net_condition(Side side, const std::string &word) {
    const size_t slash = word.find('/');
    if (slash == std::string::npos)
        return cannot(word, "a net is written as ADDRESS/BITS");
    const auto bits = number(word.substr(slash + 1), 32);
    if (!bits)
        return cannot(word, "a mask has 0 to 32 bits");
    return address_condition(side, word.substr(0, slash), *bits);
}

class FilterReader {
  public:
    explicit FilterReader(const std::string &filter) {
        std::istringstream words(filter);
        for (std::string word; words >> word;)
            words_.push_back(word);
    }

    Result<std::string> condition() {
        std::vector<std::string> all;
        do {
            auto one = primitive();
            if (!one)
                return one.error();
            all.push_back(*one);
        } while (take("and") || take("&&"));
        if (at_ < words_.size())
            return cannot(words_[at_], words_[at_] == "or" || words_[at_] == "||"
                                           ? "all of it has to hold"
                                           : "'and' is expected");
        return all_of(all);
    }

  private:
    bool take(const char *word) {
        const bool there = at_ < words_.size() && words_[at_] == word;
        at_ += there ? 1 : 0;
        return there;
    }

    Result<std::string> value(const std::string &of) {
        if (at_ == words_.size())
            return cannot(of, "its value is missing");
        return words_[at_++];
    }

    static std::string protocol(const std::string &word) {
        for (const char *known : {"tcp", "udp", "sctp", "icmp"})
            if (word == known)
                return "$proto == " + std::to_string(*ip_protocol_number(word));
        return word == "ip" ? "1" : "";
    }

    Result<std::string> primitive() {
        if (at_ == words_.size())
            return cannot("and", "something is expected behind it");
        const std::string proto = protocol(words_[at_]);
        at_ += proto.empty() ? 0 : 1;
        const size_t begin = at_;
        const Side side = take("src") ? Side::source : take("dst") ? Side::destination : Side::any;
        auto qualified = behind_side(side);
        if (!qualified)
            return qualified.error();
        if (qualified->empty() && (proto.empty() || at_ != begin))
            return cannot(words_[at_ < words_.size() ? at_ : at_ - 1], "it is not known here");
        return all_of({proto == "1" ? "" : proto, *qualified});
    }

    // Nothing: a protocol alone.
    Result<std::string> behind_side(Side side) {
        if (take("port")) {
            const auto word = value("port");
            if (!word)
                return word.error();
            const auto port = number(*word, 65535);
            if (!port)
                return cannot(*word, "a port is a number here");
            return on_side(side, "$sport", "$dport", " == " + std::to_string(*port));
        }
        if (take("net")) {
            const auto word = value("net");
            return word ? net_condition(side, *word) : word.error();
        }
        const bool named = take("host");
        if (!named && (side == Side::any || at_ == words_.size()))
            return std::string();
        const auto word = value("host");
        return word ? address_condition(side, *word, 32) : word.error();
    }

    std::vector<std::string> words_;
    size_t at_ = 0;
};

}  // namespace

std::string all_of(const std::vector<std::string> &conditions) {
    std::string text;
    for (const std::string &one : conditions)
        if (!one.empty())
            text += (text.empty() ? "" : " && ") + one;
    return text;
}

Result<std::string> script_packet_condition(const std::string &filter) {
    return FilterReader(filter).condition();
}

}  // namespace whydrop
