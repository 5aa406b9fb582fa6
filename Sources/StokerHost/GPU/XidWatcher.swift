import CNVML
import StokerCore
import Synchronization

/// Listens for the faults that NVIDIA's driver reports, on a thread of its own, for the waiting is NVML's.
final class XidWatcher: Sendable {
    /// What there is to listen to. Unchecked: handles are numbers of NVML's, which takes them from any thread.
    private struct Subject: @unchecked Sendable {
        let number: Int
        let library: NVMLLibrary
        let cards: [(handle: cnvml_device, identity: GPUIdentity)]
    }

    private struct State {
        var subject: Subject?
        var subjects = 0
        var tally = XidTally()
        var pending: [GPUXid] = []
        var hasEnded = false
    }

    /// How long NVML waits for an event before we look whether we still want one.
    private static let slice = Duration.milliseconds(500)
    /// More that nobody takes are counted only.
    private static let mostPending = 256

    private let bell: Descriptor
    private let wall: @Sendable () -> Timestamp
    private let state = Mutex(State())

    init(bell: Descriptor, wall: @escaping @Sendable () -> Timestamp) {
        self.bell = bell
        self.wall = wall
    }

    /// Starts the thread, which runs until the bell rings.
    func start() throws(SystemError) {
        try OwnThread.start(named: "gpu-xid") { [self] in
            repeat {
                if let subject = state.withLock({ $0.subject }) { listen(to: subject) }
            } while !bell.waitUntilReadable(Deadline(after: Self.slice))
            state.withLock { $0.hasEnded = true }
        }
    }

    /// Whether its thread is done with the driver.
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Listens to the cards of this session from now on; nil: it is over.
    func follow(_ session: NVMLSession?) {
        state.withLock { state in
            state.subjects += 1
            state.subject = session.map { session in
                Subject(
                    number: state.subjects, library: session.library,
                    cards: session.cards.map { ($0.device.handle, $0.identity) })
            }
        }
    }

    /// All that was counted since the start.
    var tally: XidTally { state.withLock { $0.tally } }

    /// Those that came since the last call, oldest first.
    func takePending() -> [GPUXid] {
        state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
    }

    /// Holds the driver by itself, so that a session which ends elsewhere does not take the event set from under it.
    private func listen(to subject: Subject) {
        let functions = subject.library.functions
        guard (try? NVMLSession.initialise(NVMLCaller(subject.library, log: GPUCallLog()))) != nil else { return }
        defer { _ = functions.shutdown?() }
        var made: cnvml_event_set?
        guard functions.event_set_create?(&made) == Int32(CNVML_SUCCESS), let set = made else { return }
        defer { _ = functions.event_set_free?(set) }
        let watched = subject.cards.filter {
            functions.register_events?($0.handle, UInt64(CNVML_EVENT_XID), set) == Int32(CNVML_SUCCESS)
        }
        guard !watched.isEmpty, let wait = functions.event_set_wait_v2 ?? functions.event_set_wait else { return }
        state.withLock { state in for card in watched { state.tally.watch(card.identity) } }
        while state.withLock({ $0.subject?.number }) == subject.number {
            var event = cnvml_event()
            let deadline = Deadline(after: Self.slice)
            switch Int(wait(set, &event, UInt32(Self.slice.milliseconds))) {
            case CNVML_SUCCESS:
                take(event, of: subject)
                if bell.waitUntilReadable(Deadline(after: .zero)) { return }
            // A library that does not wait is waited for.
            case CNVML_TIMEOUT: if bell.waitUntilReadable(deadline) { return }
            default: return
            }
        }
    }

    private func take(_ event: cnvml_event, of subject: Subject) {
        guard event.type == UInt64(CNVML_EVENT_XID), let code = Int(exactly: event.data),
            let gpu = subject.cards.first(where: { $0.handle == event.device })?.identity
        else { return }
        let instance = event.gpu_instance == CNVML_NO_INSTANCE ? nil : Int(event.gpu_instance)
        let xid = GPUXid(gpu: gpu, code: code, time: wall(), gpuInstance: instance)
        state.withLock { state in
            state.tally.count(xid)
            if state.pending.count < Self.mostPending { state.pending.append(xid) }
        }
    }
}
