/// How one of the ways to GPUs is doing: whether what it last said may still be shown as true.
package struct GPUSourceState: Sendable, Equatable, Codable {
    package enum Source: String, Sendable, Hashable, Codable, CaseIterable {
        /// NVIDIA's library, and the driver behind it, which hangs when a card is sick.
        case nvml
        /// `/sys/class/drm` for AMD.
        case sysfs

        /// As a person calls it.
        package var title: String { self == .nvml ? "NVML" : "amdgpu's sysfs" }
    }

    package enum State: String, Sendable, Codable, CaseIterable {
        /// It has not answered yet, and there is time.
        case starting
        /// Its readings are of now.
        case fresh
        /// It hangs in a call: its readings are of an earlier moment.
        case silent
        /// It answers that it cannot: no driver, wrong version. It is asked again.
        case unavailable
    }

    package var source: Source
    package var state: State
    /// Why it is not fresh, in a sentence; nil when it is.
    package var reason: String?
    /// When its last whole answer came; nil before the first.
    package var lastAnswer: Timestamp?
    /// Single values that could not be read, and answers that were none, since the start.
    package var errors: Int64

    package init(
        source: Source, state: State, reason: String? = nil, lastAnswer: Timestamp? = nil, errors: Int64 = 0
    ) {
        self.source = source
        self.state = state
        self.reason = reason
        self.lastAnswer = lastAnswer
        self.errors = errors
    }
}

/// What is known of a source that is asked on a thread of its own, at one moment: from this its state follows.
package struct GPUSourceFacts: Sendable, Equatable {
    /// Since when the present question is open; nil between two questions.
    package var askedAt: Duration?
    /// The call in which the thread is, `nvmlDeviceGetName of GPU 3`.
    package var call: String?
    /// When the last question was answered, well or not.
    package var answeredAt: Duration?
    /// The wall clock's time of the last good answer.
    package var lastAnswer: Timestamp?
    /// Why the last answer was none.
    package var failure: String?
    package var errors: Int64 = 0

    package init() {}

    /// What they mean now.
    ///
    /// - Parameter patience: for how long a question may be open before the source counts as silent.
    package func state(of source: GPUSourceState.Source, at now: Duration, patience: Duration) -> GPUSourceState {
        var result = GPUSourceState(source: source, state: .fresh, lastAnswer: lastAnswer, errors: errors)
        if let askedAt, now - askedAt >= patience {
            result.state = .silent
            result.reason = "\(source.title) has not answered for \((now - askedAt).wholeSeconds)"
            if let call { result.reason?.append(" (\(call))") }
        } else if let failure {
            result.state = .unavailable
            result.reason = failure
        } else if lastAnswer == nil {
            result.state = .starting
            result.reason = "\(source.title) has not answered yet"
        }
        return result
    }
}

extension Duration {
    /// `12 s`: how long something hangs is not a matter of tenths.
    fileprivate var wholeSeconds: String {
        self < .seconds(1) ? spoken : Duration.seconds(components.seconds).spoken
    }
}
