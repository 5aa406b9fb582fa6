import Foundation
import StokerHost
import Testing

struct StartupMemoryTests {
    private let maps = """
        00400000-00452000 r-xp 00000000 08:02 173521 /usr/bin/stoker
        00651000-00652000 r--p 00051000 08:02 173521 /usr/bin/stoker
        00652000-00655000 rw-p 00052000 08:02 173521 /usr/bin/stoker
        7f0000000000-7f0000021000 rw-p 00000000 00:00 0
        7f00a0000000-7f00a0010000 r-xp 00000000 08:02 99 /usr/lib/libc.so.6
        7f00b0000000-7f00b0010000 rwxp 00000000 08:02 99 /usr/lib/jit.so
        7ffc1234000-7ffc1236000 r-xp 00000000 00:00 0 [vdso]
        garbage
        """

    @Test func `only unwritable program text of files is named`() {
        #expect(StartupMemory.textRanges(in: maps) == [0x400000..<0x452000, 0x7f00_a000_0000..<0x7f00_a001_0000])
    }

    @Test func `the program goes on after its text was given back`() throws {
        let own = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        #expect(StartupMemory.textRanges(in: own).isEmpty == false)
        StartupMemory.giveBack(maps: own)
        #expect(own.split(separator: "\n").count { $0.contains("r-xp") } > 0)
    }
}
