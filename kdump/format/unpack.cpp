// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/format/unpack.h"

#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdio>

namespace whydrop::kdump {

namespace {

Error bad(std::string what) {
    return {Errc::failed, std::move(what), ""};
}

Status check_size(size_t bytes, std::span<const uint8_t> page) {
    if (bytes != page.size())
        return bad("it has " + std::to_string(bytes) + " bytes");
    return success();
}

Status unpack_lzo(std::span<const uint8_t> packed, std::span<uint8_t> page) {
    static const bool ready = lzo_init() == LZO_E_OK;
    if (!ready)
        return bad("lzo does not work on this machine");
    lzo_uint bytes = page.size();
    const int said =
        lzo1x_decompress_safe(packed.data(), packed.size(), page.data(), &bytes, nullptr);
    if (said != LZO_E_OK)
        return bad("lzo says error " + std::to_string(said));
    return check_size(bytes, page);
}

Status unpack_snappy(std::span<const uint8_t> packed, std::span<uint8_t> page) {
    const auto *from = reinterpret_cast<const char *>(packed.data());
    size_t bytes = 0;
    if (snappy_uncompressed_length(from, packed.size(), &bytes) != SNAPPY_OK)
        return bad("snappy says bad length");
    if (auto checked = check_size(bytes, page); !checked)
        return checked;
    if (snappy_uncompress(from, packed.size(), reinterpret_cast<char *>(page.data()), &bytes) !=
        SNAPPY_OK)
        return bad("snappy says bad input");
    return success();
}

}  // namespace

std::string packing_name(uint32_t flags) {
    switch (flags) {
        case packing::zlib:
            return "zlib";
        case packing::lzo:
            return "lzo";
        case packing::snappy:
            return "snappy";
        case packing::zstd:
            return "zstd";
        default:
            return "";
    }
}

Unpacker::Unpacker() = default;

Unpacker::~Unpacker() {
    if (zlib_)
        inflateEnd(zlib_.get());
    ZSTD_freeDCtx(zstd_);
}

Status Unpacker::unpack(uint32_t flags, std::span<const uint8_t> packed, std::span<uint8_t> page) {
    switch (flags) {
        case packing::zlib:
            return inflate_page(packed, page);
        case packing::lzo:
            return unpack_lzo(packed, page);
        case packing::snappy:
            return unpack_snappy(packed, page);
        case packing::zstd:
            return unpack_zstd(packed, page);
        default:
            char name[16];
            std::snprintf(name, sizeof name, "0x%x", flags);
            return bad(std::string("packing ") + name + " is not known");
    }
}

Status Unpacker::inflate_page(std::span<const uint8_t> packed, std::span<uint8_t> page) {
    if (!zlib_) {
        auto fresh = std::make_unique<z_stream_s>();
        if (const int said = inflateInit(fresh.get()); said != Z_OK)
            return bad(std::string("zlib says ") + zError(said));
        zlib_ = std::move(fresh);
    } else {
        inflateReset(zlib_.get());
    }
    zlib_->next_in = const_cast<uint8_t *>(packed.data());
    zlib_->avail_in = static_cast<uInt>(packed.size());
    zlib_->next_out = page.data();
    zlib_->avail_out = static_cast<uInt>(page.size());
    const int said = inflate(zlib_.get(), Z_FINISH);
    if (said == Z_BUF_ERROR)
        return bad(zlib_->avail_in == 0 ? "it is cut" : "it has more bytes than a page");
    if (said != Z_STREAM_END)
        return bad(std::string("zlib says ") + zError(said));
    return check_size(zlib_->total_out, page);
}

Status Unpacker::unpack_zstd(std::span<const uint8_t> packed, std::span<uint8_t> page) {
    if (zstd_ == nullptr)
        zstd_ = ZSTD_createDCtx();
    if (zstd_ == nullptr)
        return bad("there is no memory for zstd");
    const size_t bytes =
        ZSTD_decompressDCtx(zstd_, page.data(), page.size(), packed.data(), packed.size());
    if (ZSTD_isError(bytes) != 0)
        return bad(std::string("zstd says ") + ZSTD_getErrorName(bytes));
    return check_size(bytes, page);
}

}  // namespace whydrop::kdump
