// SPDX-License-Identifier: GPL-2.0-or-later
// What the words in the name of a counter say, where nobody has written down what it means: names
// of drivers above all.
#include <algorithm>
#include <array>
#include <cctype>

#include "explain/counter_book.h"

namespace whydrop {

namespace {

// "rx_queue_3_drops", "RxPauseFrames", "[3]: rx_bytes" -> lower case words and numbers.
std::vector<std::string> words_of(const std::string &name) {
    std::vector<std::string> words;
    char before = 0;
    for (const char letter : name) {
        const auto at = static_cast<unsigned char>(letter);
        if (!std::isalnum(at)) {
            before = 0;
            continue;
        }
        const bool number = std::isdigit(at) != 0;
        const bool begins = before == 0 || number != (std::isdigit(before) != 0) ||
                            (std::isupper(at) && std::islower(before));
        if (begins)
            words.emplace_back();
        words.back() += static_cast<char>(std::tolower(at));
        before = letter;
    }
    return words;
}

struct Word {
    std::string_view begins;  // of a word in the name
    CounterRating rating;
    const char *means;
};

// The first that fits wins: what is worse stands first.
constexpr std::array<Word, 32> known_words = {{
    {"drop", CounterRating::bad, "packets that were dropped"},
    {"discard", CounterRating::bad, "packets that were thrown away"},
    {"miss", CounterRating::bad, "packets that found no buffer"},
    {"nobuf", CounterRating::bad, "packets that found no buffer"},
    {"norbuf", CounterRating::bad, "packets that found no buffer"},
    {"overrun", CounterRating::bad, "packets that came faster than they could be taken"},
    {"overflow", CounterRating::bad, "packets that came faster than they could be taken"},
    {"fifo", CounterRating::bad, "packets that overran a queue of the device"},
    {"crc", CounterRating::bad, "frames whose checksum was wrong"},
    {"fcs", CounterRating::bad, "frames whose checksum was wrong"},
    {"csum", CounterRating::normal, "packets whose checksum the device looked at"},
    {"fail", CounterRating::bad, "attempts that failed"},
    {"err", CounterRating::bad, "errors"},
    {"timeout", CounterRating::bad, "things that took too long"},
    {"jabber", CounterRating::bad, "frames that were too long and broken"},
    {"fragment", CounterRating::bad, "frames that were cut"},
    {"undersize", CounterRating::bad, "frames that were too short"},
    {"oversize", CounterRating::bad, "frames that were too long"},
    {"reset", CounterRating::sign, "resets"},
    {"hang", CounterRating::bad, "times that it stood still"},
    {"busy", CounterRating::sign, "times that there was no room"},
    {"stop", CounterRating::sign, "times that the queue was stopped"},
    {"restart", CounterRating::sign, "times that the queue was started again"},
    {"pause", CounterRating::sign, "PAUSE frames, by which one end makes the other wait"},
    {"xoff", CounterRating::sign, "PAUSE frames, by which one end makes the other wait"},
    {"xon", CounterRating::sign, "frames that end a PAUSE"},
    {"collision", CounterRating::sign, "collisions on the wire"},
    {"packet", CounterRating::normal, "packets"},
    {"pkt", CounterRating::normal, "packets"},
    {"frame", CounterRating::normal, "frames"},
    {"byte", CounterRating::normal, "bytes"},
    {"octet", CounterRating::normal, "bytes"},
}};

const Word *word_in(const std::vector<std::string> &words) {
    for (const Word &known : known_words)
        for (const std::string &word : words)
            if (word.starts_with(known.begins) ||
                (known.begins.size() > 3 && word.find(known.begins) != std::string::npos))
                return &known;
    return nullptr;
}

bool has(const std::vector<std::string> &words, std::string_view wanted) {
    return std::ranges::find(words, wanted) != words.end();
}

// "receive queue 3": of a number that stands behind "queue", "rx" or "tx".
std::string queue_of(const std::vector<std::string> &words) {
    for (size_t i = 1; i < words.size(); i++)
        if (std::isdigit(static_cast<unsigned char>(words[i][0])) &&
            (words[i - 1].starts_with("queue") || words[i - 1] == "q" || words[i - 1] == "ring" ||
             words[i - 1] == "rx" || words[i - 1] == "tx"))
            return "queue " + words[i];
    return {};
}

}  // namespace

CounterMeaning meaning_of_words(const std::string &source, const std::string &name) {
    const std::vector<std::string> words = words_of(name);
    CounterMeaning meaning;
    const Word *word = word_in(words);
    if (!word)
        return meaning;
    const bool either = has(words, "rx") || has(words, "tx");  // "rx_out_of_buffer"
    const bool receive = has(words, either ? "rx" : "in"), send = has(words, either ? "tx" : "out");
    const bool driver = source == "driver";
    meaning.by_name = true;
    meaning.rating = word->rating;
    meaning.means = driver ? "The driver's own, by its name: " : "By its name: ";
    meaning.means += word->means;
    if (receive != send)
        meaning.means += receive ? ", received" : ", sent";
    if (const std::string queue = queue_of(words); !queue.empty())
        meaning.means += ", " + queue;
    meaning.means += ".";
    meaning.unseen = driver && receive && word->rating == CounterRating::bad;
    if (driver && word->rating == CounterRating::bad)
        meaning.next = {"ethtool -S DEV  # beside its neighbours",
                        "ethtool -g DEV; ethtool -c DEV"};
    return meaning;
}

}  // namespace whydrop
