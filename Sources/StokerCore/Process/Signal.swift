/// A Unix signal by its number on Linux (x86-64 and arm64 agree on all of these).
package struct Signal: Sendable, Hashable, CustomStringConvertible {
    /// SIGKILL.
    package static let kill = Signal(number: 9)
    /// SIGTERM.
    package static let terminate = Signal(number: 15)
    /// SIGCONT.
    package static let proceed = Signal(number: 18)
    /// SIGSTOP.
    package static let stop = Signal(number: 19)

    /// 1 to 64.
    package let number: Int32

    /// The signal of that number; any number will do, an odd one gets an odd name.
    package init(number: Int32) { self.number = number }

    /// The name from signal(7), `SIGRTMIN+2` for real-time signals, else `signal 99`.
    ///
    /// glibc takes 32 and 33 for itself, so that its SIGRTMIN is 34.
    package var description: String {
        if let name = Self.names[number] { return "SIG\(name)" }
        return (34...64).contains(number) ? "SIGRTMIN+\(number - 34)" : "signal \(number)"
    }

    private static let names: [Int32: String] = [
        1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
        11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 16: "STKFLT", 17: "CHLD", 18: "CONT", 19: "STOP",
        20: "TSTP", 21: "TTIN", 22: "TTOU", 23: "URG", 24: "XCPU", 25: "XFSZ", 26: "VTALRM", 27: "PROF", 28: "WINCH",
        29: "IO", 30: "PWR", 31: "SYS",
    ]
}
