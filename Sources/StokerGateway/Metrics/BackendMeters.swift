import StokerCore
import StokerMetrics

/// The handles for one backend.
package final class BackendMeters {
    private let families: BackendFamilies
    private let backend: String
    private let duration: Histogram
    private let errors: LabelledCases<AttemptFailure.Reason, Counter>
    private let retries: LabelledCases<AttemptFailure.Reason, Counter>
    private let seams: LabelledCases<AttemptFailure.Reason, Counter>
    private let stalls: LabelledCases<StallPhase, Counter>
    private let ejections: LabelledCases<AttemptFailure.Reason, Counter>
    private let sparings: Counter
    private let panics: Counter
    private var codes: [Int: Counter] = [:]

    init(_ families: BackendFamilies, backend: String) {
        self.families = families
        self.backend = backend
        duration = families.upstreamDuration.with(backend)
        errors = families.upstreamErrors.each(AttemptFailure.Reason.self, after: backend)
        retries = families.retries.each(AttemptFailure.Reason.self, after: backend)
        seams = families.seams.each(AttemptFailure.Reason.self, after: backend)
        stalls = families.streamStalls.each(StallPhase.self, after: backend)
        ejections = families.ejections.each(AttemptFailure.Reason.self, after: backend)
        sparings = families.sparings.with(backend)
        panics = families.panics.with(backend)
    }

    /// A response head has come.
    package func answered(code: Int) {
        if let counter = codes[code] { return counter.increment() }
        let counter = families.upstreamRequests.with(backend, "\(code)")
        codes[code] = counter
        counter.increment()
    }

    /// An attempt is over, however it went.
    package func ended(after elapsed: Duration) { duration.observe(elapsed.inSeconds) }

    /// An attempt has failed.
    package func failed(_ failure: AttemptFailure) { errors[failure.reason].increment() }

    /// A request is sent elsewhere after this backend failed.
    package func retried(after failure: AttemptFailure) { retries[failure.reason].increment() }

    /// A begun stream goes on elsewhere after this backend failed.
    package func seam(after failure: AttemptFailure) { seams[failure.reason].increment() }

    /// It left the rotation.
    package func ejected(for failure: AttemptFailure) { ejections[failure.reason].increment() }

    /// It would have left it, had another one served.
    package func spared() { sparings.increment() }

    /// It is asked although it is out of rotation, because nobody else is in.
    package func panicked() { panics.increment() }

    /// A gap above the limit.
    package func stalled(isStreaming: Bool) { stalls[isStreaming ? .streaming : .beforeFirstToken].increment() }
}
