import StokerLoad
import Testing

@Suite struct DescriptorNeedTests {
    private func plan(users: Double, shards: Int = 1) -> LoadPlan {
        var plan = LiveStage.plan(.users(UserArrival(stages: [Stage(duration: 0, level: users)])))
        plan.shard = Shard(index: 0, count: shards)
        return plan
    }

    @Test func `a limit that is high enough is no topic`() {
        #expect(DescriptorNeed.complaint(plan(users: 900), limit: 1024) == nil)
    }

    @Test func `a limit that is too low is named with a way out`() throws {
        let text = try #require(DescriptorNeed.complaint(plan(users: 2000), limit: 1024))
        #expect(text.contains("2000 requests at once need 2064 open files, and the limit is 1024"))
        #expect(text.contains("ulimit -n 2064") && text.contains("--users 960"))
    }

    @Test func `a shard needs its share`() {
        #expect(DescriptorNeed.requests(of: plan(users: 2001, shards: 4)) == 501)
    }

    @Test func `the highest stage decides`() {
        let stages = [Stage(duration: 1, level: 10), Stage(duration: 1, level: 70), Stage(duration: 1, level: 0)]
        #expect(DescriptorNeed.requests(of: LiveStage.plan(.users(UserArrival(stages: stages)))) == 70)
    }

    @Test func `an open loop is bounded by its cap alone`() {
        var plan = LiveStage.plan(.rate(RateArrival(stages: [Stage(duration: 0, level: 1e6)], spacing: .poisson)))
        #expect(DescriptorNeed.complaint(plan, limit: 100) == nil)
        plan.capacity.inFlight = 100
        #expect(DescriptorNeed.complaint(plan, limit: 100) != nil)
    }

    @Test(arguments: [Double.nan, .infinity, -1, 1e30])
    func `nonsense users are for others to refuse`(users: Double) {
        #expect(DescriptorNeed.requests(of: plan(users: users)) == nil)
    }
}
