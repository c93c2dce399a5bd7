// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/save/pipeline.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

#include "kdump/save/packer.h"

namespace whydrop::kdump {

namespace {

constexpr size_t slots_per_thread = 2;  // one that is packed, one that waits to be written

bool is_zeros(std::span<const uint8_t> page) {
    return page[0] == 0 && std::memcmp(page.data(), page.data() + 1, page.size() - 1) == 0;
}

struct Slot {
    Batch batch;
    std::unique_ptr<uint8_t[]> room;
    bool ready = false;
};

// What one thread has for itself.
class Worker {
  public:
    Worker(std::unique_ptr<Dump> dump, Packer packer, size_t batch_pages, uint32_t packing)
        : dump_(std::move(dump)),
          packer_(std::move(packer)),
          packing_(packing),
          raw_(std::make_unique_for_overwrite<uint8_t[]>(batch_pages * page_bytes)) {}

    void fill(Slot &slot) {
        Batch &batch = slot.batch;
        batch.first_hole.clear();
        read(batch);
        size_t used = 0;
        for (size_t i = 0; i < batch.pages.size(); i++)
            used += pack(batch.pages[i], raw(i, 1), slot.room.get() + used);
        batch.data = {slot.room.get(), used};
    }

  private:
    std::span<uint8_t> raw(size_t first, size_t count) {
        return {raw_.get() + first * page_bytes, count * page_bytes};
    }

    // Neighbours together; one by one where that fails, to find out which.
    void read(Batch &batch) {
        std::vector<PackedPage> &pages = batch.pages;
        for (size_t i = 0, end = 0; i < pages.size(); i = end) {
            for (end = i + 1; end < pages.size() && pages[end].pfn == pages[i].pfn + (end - i);)
                end++;
            if (dump_->read(pages[i].pfn * page_bytes, raw(i, end - i)))
                continue;
            for (size_t one = i; one < end; one++)
                read_one(pages[one], raw(one, 1), batch.first_hole);
        }
    }

    void read_one(PackedPage &page, std::span<uint8_t> to, std::string &first_hole) {
        const uint64_t at = page.pfn * page_bytes;
        const auto done = dump_->read(at, to);
        if (done)
            return;
        std::ranges::fill(to, uint8_t{0});
        if (!dump_->has_page(page.pfn)) {
            read_part(at, to);
            return;
        }
        page.hole = true;
        if (first_hole.empty())
            first_hole = done.error().what;
    }

    // Memory that begins or ends within a page, as the 639 KiB of a BIOS do.
    void read_part(uint64_t at, std::span<uint8_t> to) {
        for (size_t i = 0; i < to.size(); i++)
            if (!dump_->read(at + i, to.subspan(i, 1)))
                to[i] = 0;
    }

    size_t pack(PackedPage &page, std::span<const uint8_t> from, uint8_t *to) {
        if (page.hole || is_zeros(from)) {
            page.bytes = 0;
            return 0;
        }
        const size_t packed = packer_.pack(from, {to, Packer::room_bytes});
        if (packed == 0)
            std::memcpy(to, from.data(), from.size());
        page.bytes = static_cast<uint32_t>(packed ? packed : from.size());
        page.flags = packed ? packing_ : packing::none;
        return page.bytes;
    }

    std::unique_ptr<Dump> dump_;
    Packer packer_;
    uint32_t packing_;
    std::unique_ptr<uint8_t[]> raw_;
};

}  // namespace

struct Pipeline::State {
    State(const PageSet &set, const PipelineOptions &wanted) : pages(set), options(wanted) {}
    ~State();

    bool begin();
    void work(Worker &worker);
    bool take_pages(Slot &slot);

    const PageSet &pages;
    PipelineOptions options;
    std::vector<Slot> slots;
    std::mutex mutex;
    std::condition_variable filled, freed;
    uint64_t cursor = 0;            // pages below are in a batch
    uint64_t begun = 0;             // batches
    uint64_t handed_out = 0;        // of them; the last of these is still looked at
    std::optional<uint64_t> count;  // of them all, when it is known
    bool stop = false;
    std::vector<Worker> workers;
    std::vector<std::thread> threads;
};

Pipeline::State::~State() {
    {
        const std::lock_guard lock(mutex);
        stop = true;
    }
    freed.notify_all();
    for (std::thread &thread : threads)
        thread.join();
}

// One thread is enough where the system does not give more.
bool Pipeline::State::begin() {
    try {
        for (Worker &worker : workers)
            threads.emplace_back([&worker, this] { work(worker); });
    } catch (const std::system_error &) {
    }
    return !threads.empty();
}

// The numbers of the next batch, into the slot. No: there are none any more.
bool Pipeline::State::take_pages(Slot &slot) {
    slot.batch.pages.clear();
    while (slot.batch.pages.size() < options.batch_pages) {
        cursor = pages.next(cursor);
        if (cursor >= pages.limit())
            break;
        slot.batch.pages.push_back({cursor++, 0, 0, false});
    }
    return !slot.batch.pages.empty();
}

void Pipeline::State::work(Worker &worker) {
    std::unique_lock lock(mutex);
    while (true) {
        freed.wait(lock, [this] { return stop || count || begun + 1 < handed_out + slots.size(); });
        if (stop || count)
            return;
        Slot &slot = slots[begun % slots.size()];
        if (!take_pages(slot)) {
            count = begun;
            break;
        }
        begun++;
        lock.unlock();
        worker.fill(slot);
        lock.lock();
        slot.ready = true;
        filled.notify_one();
    }
    filled.notify_one();
    freed.notify_all();
}

Pipeline::Pipeline(std::unique_ptr<State> state) : state_(std::move(state)) {}
Pipeline::Pipeline(Pipeline &&) noexcept = default;
Pipeline::~Pipeline() = default;

Result<Pipeline> Pipeline::start(const DumpOpener &open, const PageSet &pages,
                                 const PipelineOptions &options) {
    auto state = std::make_unique<State>(pages, options);
    const unsigned threads = std::max(options.threads, 1U);
    state->slots.resize(threads * slots_per_thread + 1);
    for (Slot &slot : state->slots)
        slot.room = std::make_unique_for_overwrite<uint8_t[]>(options.batch_pages * page_bytes +
                                                              Packer::room_bytes);
    for (unsigned i = 0; i < threads; i++) {
        auto dump = open();
        if (!dump)
            return dump.error();
        auto packer = Packer::create(options.packing);
        if (!packer)
            return packer.error();
        state->workers.emplace_back(std::move(*dump), std::move(*packer), options.batch_pages,
                                    options.packing);
    }
    if (!state->begin())
        return Error{Errc::failed, "no thread can be started", "is there a limit (ulimit -u)?"};
    return Pipeline(std::move(state));
}

const Batch *Pipeline::next() {
    std::unique_lock lock(state_->mutex);
    if (state_->handed_out > 0)
        state_->slots[(state_->handed_out - 1) % state_->slots.size()].ready = false;
    const uint64_t wanted = state_->handed_out++;
    state_->freed.notify_all();
    Slot &slot = state_->slots[wanted % state_->slots.size()];
    state_->filled.wait(lock,
                        [&] { return (state_->count && wanted >= *state_->count) || slot.ready; });
    return slot.ready ? &slot.batch : nullptr;
}

}  // namespace whydrop::kdump
