import CMetrics

/// The gzip form of some bytes; nil when there is no memory for it, and then the plain form is to be sent.
///
/// - Parameter level: 1 (fast) to 9 (small). A page of metrics repeats itself so much that 1 already makes it 15 times
///   smaller; the rest costs more time than it saves on a local network.
package func gzip(_ bytes: [UInt8], level: Int32 = 1) -> [UInt8]? {
    let bound = cmetrics_gzip_bound(bytes.count)
    let packed = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
        count = bytes.withUnsafeBufferPointer {
            cmetrics_gzip($0.baseAddress, $0.count, buffer.baseAddress, buffer.count, level)
        }
    }
    return packed.isEmpty ? nil : packed
}
