// What the metrics need of zlib and malloc. This header includes neither: two Clang modules that both carry parts of
// glibc's headers, compiled with different feature macros, cannot be imported by one Swift module.
#ifndef STOKER_CMETRICS_H
#define STOKER_CMETRICS_H

#include <stddef.h>
#include <stdint.h>

/// The most bytes that `cmetrics_gzip` can need for an input of this length.
size_t cmetrics_gzip_bound(size_t length);

/// Writes the gzip form of `input` to `output`, which has room for `cmetrics_gzip_bound(length)` bytes.
/// Returns how many bytes were written; 0 when there was no memory or no room.
size_t cmetrics_gzip(const uint8_t *input, size_t length, uint8_t *output, size_t room, int level);

/// Writes the zlib form of `input`; `cmetrics_gzip_bound(length)` bytes are room enough. Returns how many bytes were
/// written; 0 when there was no memory or no room.
size_t cmetrics_deflate(const uint8_t *input, size_t length, uint8_t *output, size_t room, int level);

/// Unpacks the zlib form. Returns how many bytes were written; 0 when it is damaged, or more than there is room for.
size_t cmetrics_inflate(const uint8_t *input, size_t length, uint8_t *output, size_t room);

/// What the program has allocated and not freed, in bytes. Swift's Glibc module leaves <malloc.h> out.
uint64_t cmetrics_heap_bytes(void);

#endif
