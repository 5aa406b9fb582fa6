import CMetrics

/// The zlib form of bytes (RFC 1950), which HdrHistogram's logs are written in.
package enum Zlib {
    /// nil when there is no memory for it.
    package static func packed(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8]? {
        let packed = [UInt8](unsafeUninitializedCapacity: cmetrics_gzip_bound(bytes.count)) { buffer, count in
            count = bytes.withUnsafeBufferPointer {
                cmetrics_deflate($0.baseAddress, $0.count, buffer.baseAddress, buffer.count, level)
            }
        }
        return packed.isEmpty ? nil : packed
    }

    /// nil when the bytes are damaged, empty, or hold more than `limit`: what comes from outside may be a bomb.
    package static func unpacked(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
        let unpacked = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = bytes.withUnsafeBufferPointer {
                cmetrics_inflate($0.baseAddress, $0.count, buffer.baseAddress, buffer.count)
            }
        }
        return unpacked.isEmpty ? nil : unpacked
    }
}
