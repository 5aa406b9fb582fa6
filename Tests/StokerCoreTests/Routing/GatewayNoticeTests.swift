import FoundationEssentials
import StokerCore
import Testing

@Suite("What the gateway lived through becomes events")
struct GatewayNoticeTests {
    typealias Matter = GatewayNotice.Matter

    private let table = RoutingTable(
        version: 1, epoch: 1, limits: GatewayPlan(listen: Endpoint(host: "127.0.0.1", port: 0)), backends: [],
        models: [])

    private static let continued = Matter(.streamContinued, backend: "a", other: "b", reason: "reset")

    private static func notice(_ sequence: Int64, _ matter: Matter = continued, count: Int = 1) -> GatewayNotice {
        GatewayNotice(
            sequence: sequence, matter, count: count,
            examples: (0..<min(count, GatewayNotice.maxExamples)).map {
                GatewayNotice.Example(requestID: "r\($0)", model: "m")
            }, since: Timestamp(milliseconds: 1))
    }

    private func report(_ notices: [GatewayNotice], life: Int64 = 7) -> GatewayWatch.Observation {
        .report(
            GatewayStatus(
                version: 1, epoch: 1, backends: [], notices: GatewayNotices(life: life, notices: notices)))
    }

    private func effects(of notice: GatewayNotice) -> [GatewayWatch.Effect] {
        var watch = GatewayWatch(wanted: table)
        return watch.handle(report([notice]))
    }

    @Test func `a hundred streams that were continued are one event, with a few requests as evidence`() {
        #expect(
            effects(of: Self.notice(1, count: 100)) == [
                .record(
                    .streamContinued, .info, subject: "a",
                    message: "100 streams that it had begun were continued on b.",
                    evidence: [
                        "reason: reset", "count: 100", "from: a", "to: b", "request: r0, model: m",
                        "request: r1, model: m", "request: r2, model: m", "request: r3, model: m",
                        "request: r4, model: m",
                    ])
            ])
    }

    @Test func `one stream is told as one`() {
        #expect(
            effects(of: Self.notice(1)) == [
                .record(
                    .streamContinued, .info, subject: "a",
                    message: "A stream that it had begun was continued on b.",
                    evidence: ["reason: reset", "count: 1", "from: a", "to: b", "request: r0, model: m"])
            ])
    }

    @Test(arguments: [
        (
            Matter(.streamLost, backend: "a", reason: "reset", obstacle: "the request has tools"),
            Event.Kind.streamLost,
            "2 streams that it had begun were lost: the request has tools."
        ),
        (
            Matter(.streamLost, backend: "a", reason: "reset"), .streamLost,
            "2 streams that it had begun were lost: nobody could go on."
        ),
        (
            Matter(.backendSilent, backend: "a", reason: "silent"), .backendSilent,
            "2 requests left it: nobody hears anything of it."
        ),
        (
            Matter(.backendFrozen, backend: "a", reason: "frozen"), .backendFrozen,
            "2 requests left it: it says nothing, and its health path does not answer."
        ),
    ])
    func `what a person may act on is a warning`(matter: Matter, kind: Event.Kind, message: String) {
        #expect(
            effects(of: Self.notice(1, matter, count: 2)) == [
                .record(
                    kind, .warning, subject: "a", message: message,
                    evidence: [
                        "reason: \(matter.reason)", "count: 2", "from: a", "request: r0, model: m",
                        "request: r1, model: m",
                    ])
            ])
    }

    @Test func `a notice that the gateway repeats is told once`() {
        var watch = GatewayWatch(wanted: table)
        #expect(watch.handle(report([Self.notice(1)])).count == 1)
        #expect(watch.read == NoticeMark(life: 7, sequence: 1))
        #expect(watch.handle(report([Self.notice(1)])) == [])
        #expect(watch.handle(report([Self.notice(1), Self.notice(2), Self.notice(3)])).count == 2)
        #expect(watch.handle(report([])) == [])
        #expect(watch.read == NoticeMark(life: 7, sequence: 3))
    }

    @Test func `a gateway that has started anew counts anew`() {
        var watch = GatewayWatch(wanted: table)
        _ = watch.handle(report([Self.notice(9)]))
        #expect(watch.handle(report([Self.notice(1)], life: 8)).count == 1)
        #expect(watch.read == NoticeMark(life: 8, sequence: 1))
        _ = watch.handle(report([], life: 9))
        #expect(watch.read == NoticeMark(life: 9, sequence: 0))
    }

    @Test func `silence in between loses no notice and doubles none`() {
        var watch = GatewayWatch(wanted: table)
        _ = watch.handle(report([Self.notice(1)]))
        _ = watch.handle(.silence("refused"))
        #expect(watch.handle(report([Self.notice(1), Self.notice(2)])).count == 1)
    }

    @Test func `a gateway of an earlier release has none`() throws {
        let json = #"{"version":1,"epoch":1,"backends":[]}"#
        let status = try JSONDecoder().decode(GatewayStatus.self, from: Data(json.utf8))
        var watch = GatewayWatch(wanted: table)
        #expect(watch.handle(.report(status)) == [])
        #expect(watch.read == nil)
    }

    @Test func `a notice survives its way through JSON`() throws {
        let lost = Matter(.streamLost, backend: "a", reason: "reset", obstacle: "the request has tools")
        let page = GatewayNotices(life: .max, notices: [Self.notice(1, count: 3), Self.notice(2, lost)])
        #expect(try JSONDecoder().decode(GatewayNotices.self, from: JSONEncoder().encode(page)) == page)
    }

    @Test(arguments: [NoticeMark(life: 1, sequence: 0), NoticeMark(life: .max, sequence: .max)])
    func `a mark is read as it is written`(mark: NoticeMark) { #expect(NoticeMark(text: mark.text) == mark) }

    @Test(arguments: ["", "1", "1.", ".1", "1.2.3", "a.b", "1.99999999999999999999"])
    func `what is no mark is nothing`(text: String) { #expect(NoticeMark(text: text) == nil) }
}
