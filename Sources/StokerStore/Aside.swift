import Glibc

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Damaged databases that were moved aside, `<path>.corrupt-<seconds since 1970>`.
enum Aside {
    /// Deletes all but the newest so many, with their logs: damage that comes back must not fill the disk.
    static func keepNewest(_ count: Int, of path: String) {
        guard let slash = path.lastIndex(of: "/") else { return }
        let folder = String(path[..<slash])
        let prefix = path[path.index(after: slash)...] + ".corrupt-"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let times = Set(names.filter { $0.hasPrefix(prefix) }.compactMap { time(in: $0.dropFirst(prefix.count)) })
        for time in times.sorted().dropLast(count) {
            unlink("\(folder)/\(prefix)\(time)")
            unlink("\(folder)/\(prefix)\(time)-wal")
        }
    }

    private static func time(in rest: Substring) -> Int64? { Int64(rest.prefix { $0 != "-" }) }
}
