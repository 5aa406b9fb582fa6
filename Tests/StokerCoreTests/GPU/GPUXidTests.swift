import StokerCore
import Testing

@Suite struct GPUXidTests {
    private let gpu = GPUIdentity(name: "0", uuid: "GPU-a", vendor: .nvidia)
    private let other = GPUIdentity(name: "1", uuid: "GPU-b", vendor: .nvidia)

    private func xid(_ code: Int, _ gpu: GPUIdentity? = nil, at milliseconds: Int64 = 1) -> GPUXid {
        GPUXid(gpu: gpu ?? self.gpu, code: code, time: Timestamp(milliseconds: milliseconds))
    }

    @Test(
        arguments: [
            (79, .error), (48, .error), (95, .error), (119, .error), (94, .warning), (13, .info), (31, .info),
            (43, .info),
            (63, .info), (92, .info), (999, .warning), (0, .warning),
        ] as [(Int, Event.Severity)])
    func `a reset or a reboot is an error, a program's fault is none`(code: Int, severity: Event.Severity) {
        #expect(xid(code).severity == severity)
    }

    @Test(arguments: GPUXid.alertable + [13, 31, 43, 45, 63, 92])
    func `each that is known has a meaning of its own`(code: Int) {
        #expect(xid(code).meaning != xid(999).meaning)
        #expect(xid(code).meaning.hasSuffix("."))
    }

    @Test func `the alertable ones stand at zero as soon as a card is watched`() {
        var tally = XidTally()
        tally.watch(gpu)
        tally.watch(gpu)
        #expect(tally.entries.map(\.code) == GPUXid.alertable)
        #expect(tally.entries.allSatisfy { $0.count == 0 && $0.last == nil })
    }

    @Test func `counts only grow, for each card and code by itself, and remember when`() {
        var tally = XidTally()
        for xid in [xid(79, at: 1), xid(79, at: 5), xid(31, at: 7), xid(79, other, at: 9)] { tally.count(xid) }
        func entry(_ gpu: GPUIdentity, _ code: Int) -> XidTally.Entry? {
            tally.entries.first { $0.gpu == gpu && $0.code == code }
        }
        #expect(entry(gpu, 79)?.count == 2)
        #expect(entry(gpu, 79)?.last == Timestamp(milliseconds: 5))
        #expect(entry(gpu, 31)?.count == 1)
        #expect(entry(other, 79)?.count == 1)
        #expect(entry(other, 31) == nil)
    }

    @Test func `a driver that invents numbers fills no memory`() {
        var tally = XidTally()
        for code in 1000..<2000 { tally.count(xid(code)) }
        #expect(tally.entries.count == XidTally.mostCodes + 1)
        #expect(tally.entries.reduce(0) { $0 + $1.count } == 1000)
        #expect(tally.entries.contains { $0.code == XidTally.otherCode })
    }
}
