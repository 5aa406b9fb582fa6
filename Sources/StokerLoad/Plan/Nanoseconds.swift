/// A point in a run, counted from its origin, or a length of time.
///
/// A plain number, because the hot path keeps and compares millions of them. Always from `CLOCK_MONOTONIC`, which no
/// administrator and no NTP server moves.
package typealias Nanoseconds = Int64
