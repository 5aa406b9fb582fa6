import CLinux
import StokerHost
import StokerNet
import Synchronization

/// Carries a plan out: one thread and one epoll instance for each loop, nothing shared while it runs.
package final class LoadRunner: Sendable {
    package let plan: LoadPlan
    private let userAgent: String
    private let mailboxes: [LoopMailbox]
    private let clock = Mutex<RunClock?>(nil)

    /// - Parameter userAgent: what the server is told about who asks.
    package init(_ plan: LoadPlan, userAgent: String = "stoker-load") {
        self.plan = plan
        self.userAgent = userAgent
        mailboxes = (0..<max(1, plan.capacity.loops)).map { _ in
            LoopMailbox(partLength: LoopShare.partLength(of: plan))
        }
    }

    /// Offers the load, and returns what was measured when the stop rule or `stop` has ended the run.
    ///
    /// - Throws: when the run cannot start at all. An unknown host or a server that refuses every connection is a
    ///   result and no error.
    package func run() async throws(LoadError) -> Tally {
        let addresses: [NetAddress]
        switch await resolve() {
        case .success(let found): addresses = found
        case .failure(let error): return unresolved(error.message)
        }
        let tls = try tlsClient()
        let clock = RunClock()
        self.clock.withLock { $0 = clock }
        let shares = mailboxes.enumerated().map { index, mailbox in
            LoopShare(
                plan: plan, loop: index, clock: clock, addresses: addresses, tls: tls, mailbox: mailbox,
                userAgent: userAgent)
        }
        let selfWatch = SelfWatch()
        var tally = try await offer(shares)
        selfWatch.report(into: &tally.client)
        return tally
    }

    /// Ends the run early: no more requests start, those under way are cut and counted as censored. `run` returns what
    /// was measured so far. From any thread, also twice.
    package func stop() { for mailbox in mailboxes { mailbox.stop() } }

    /// How the run stands, at most a quarter of a second old once somebody keeps asking. From any thread.
    package func snapshot() -> LoadSnapshot {
        let news = mailboxes.map { $0.read() }
        var tally = Tally(partLength: LoopShare.partLength(of: plan))
        for part in news { tally.merge(part.tally) }
        return LoadSnapshot(
            elapsed: clock.withLock { $0?.now } ?? 0, inFlight: news.reduce(0) { $0 + $1.inFlight },
            users: news.reduce(0) { $0 + $1.users }, tally: tally)
    }

    private func offer(_ shares: [LoopShare]) async throws(LoadError) -> Tally {
        let results = await withTaskGroup { group in
            for share in shares {
                group.addTask { await OwnThread.run { Self.runLoop(share) } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var tally = Tally(partLength: LoopShare.partLength(of: plan))
        for result in results { tally.merge(try result.get()) }
        return tally
    }

    private static func runLoop(_ share: LoopShare) -> Result<Tally, LoadError> {
        // 50 µs of lateness by default would be a tenth of a fast answer.
        _ = clinux_set_timer_slack(1000)
        do throws(LoadError) {
            return .success(try LoadLoop(share).run())
        } catch {
            return .failure(error)
        }
    }

    private func resolve() async -> Result<[NetAddress], LoadError> {
        let target = plan.target
        return await OwnThread.run {
            guard let path = target.socketPath else {
                do throws(ResolveError) {
                    return .success(try NetAddress.resolve(host: target.host, port: target.port))
                } catch {
                    return .failure(LoadError("\(error)"))
                }
            }
            guard let address = NetAddress(socketPath: path) else {
                return .failure(LoadError("\(path): a unix socket's path has 1 to 107 bytes"))
            }
            return .success([address])
        }
    }

    private func tlsClient() throws(LoadError) -> TLSClient? {
        guard plan.target.isTLS else { return nil }
        do throws(TLSFault) {
            return try TLSClient(host: plan.target.host, isInsecure: plan.target.isInsecure)
        } catch {
            throw LoadError("\(error)")
        }
    }

    /// One failed request says it all: the others would fail alike.
    private func unresolved(_ words: String) -> Tally {
        var tally = Tally(partLength: LoopShare.partLength(of: plan))
        var record = RequestRecord()
        record.outcome = .unknownHost
        tally.record(record, sample: words, objective: plan.objective, isWarmUp: false)
        return tally
    }
}
