import StokerLoad
import Testing

@Suite struct OutcomeTests {
    @Test func `success and what the run itself cut are not bad, all else is`() {
        #expect(Outcome.allCases.filter { !$0.isBad } == [.ok, .censored])
    }

    @Test func `stamps out of order are noticed`() {
        var record = RequestRecord()
        record.scheduled = 1
        record.sent = 2
        record.end = 9
        #expect(record.isConsistent)
        record.head = 10
        #expect(!record.isConsistent)
    }
}
