// zlib's `deflateInit2` is a macro, which Swift cannot see.
#ifndef STOKER_CZLIB_SHIM_H
#define STOKER_CZLIB_SHIM_H

#include <string.h>
#include <zlib.h>

/// Most bytes that `czlib_gzip` writes for an input of `count` bytes: zlib's own bound, and the header and trailer of gzip.
static inline size_t czlib_gzip_bound(size_t count) { return compressBound(count) + 18; }

/// Writes one gzip member (RFC 1952, no name, no time). Returns its size, or 0 when zlib has no memory or `capacity` is short.
static inline size_t czlib_gzip(const unsigned char *input, size_t count, unsigned char *output, size_t capacity) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    // 15 window bits and 16 for the gzip wrapper; level 1, because a page of metrics shrinks ten times even so.
    if (deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    stream.next_in = (unsigned char *)input;
    stream.avail_in = (uInt)count;
    stream.next_out = output;
    stream.avail_out = (uInt)capacity;
    int result = deflate(&stream, Z_FINISH);
    size_t written = capacity - stream.avail_out;
    deflateEnd(&stream);
    return result == Z_STREAM_END ? written : 0;
}

#endif
