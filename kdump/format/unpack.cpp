// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdump/format/unpack.h"

#include <libdeflate.h>
#include <lzo/lzo1x.h>
#include <snappy-c.h>
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
    libdeflate_free_decompressor(deflate_);
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
    if (deflate_ == nullptr)
        deflate_ = libdeflate_alloc_decompressor();
    if (deflate_ == nullptr)
        return bad("there is no memory for libdeflate");
    size_t used = 0, bytes = 0;
    switch (libdeflate_zlib_decompress_ex(deflate_, packed.data(), packed.size(), page.data(),
                                          page.size(), &used, &bytes)) {
        case LIBDEFLATE_SUCCESS:
            return check_size(bytes, page);
        case LIBDEFLATE_INSUFFICIENT_SPACE:
            return bad("it has more bytes than a page");
        default:
            return bad("its zlib data is damaged or cut");
    }
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
