#include "CMetrics.h"

#include <limits.h>
#include <malloc.h>
#include <zlib.h>

// deflateBound counts the six bytes of the zlib form; gzip's header and trailer are eighteen.
enum { GZIP_EXTRA = 12 };

size_t cmetrics_gzip_bound(size_t length) { return deflateBound(NULL, length) + GZIP_EXTRA; }

size_t cmetrics_gzip(const uint8_t *input, size_t length, uint8_t *output, size_t room, int level) {
    z_stream stream = {0};
    if (length > UINT_MAX || room > UINT_MAX) return 0;
    // 16 above the largest window asks for the gzip form.
    if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    stream.next_in = (Bytef *)input;
    stream.avail_in = (uInt)length;
    stream.next_out = output;
    stream.avail_out = (uInt)room;
    int result = deflate(&stream, Z_FINISH);
    size_t written = result == Z_STREAM_END ? stream.total_out : 0;
    deflateEnd(&stream);
    return written;
}

size_t cmetrics_deflate(const uint8_t *input, size_t length, uint8_t *output, size_t room, int level) {
    uLongf written = room;
    return compress2(output, &written, input, length, level) == Z_OK ? written : 0;
}

size_t cmetrics_inflate(const uint8_t *input, size_t length, uint8_t *output, size_t room) {
    uLongf written = room;
    return uncompress(output, &written, input, length) == Z_OK ? written : 0;
}

uint64_t cmetrics_heap_bytes(void) {
    struct mallinfo2 info = mallinfo2();
    return (uint64_t)info.uordblks + (uint64_t)info.hblkhd;
}
