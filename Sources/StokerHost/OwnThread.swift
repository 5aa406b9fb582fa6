import CLinux
import Glibc

/// Threads for calls that block: the cooperative pool has one thread per core, and each that blocks stalls all tasks.
package enum OwnThread {
    /// What a new thread is handed.
    private final class Work {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a thread that runs the body and ends. `ps -T` shows its name, of at most 15 bytes: worth having where one
    /// may hang in the kernel.
    package static func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        try start {
            clinux_name_thread(name)
            body()
        }
    }

    /// Starts a thread that runs the body and ends.
    package static func start(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work(body))
        let error = pthread_create(
            &thread, nil,
            { work in
                if let work { Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body() }
                return nil
            }, work.toOpaque())
        guard error == 0 else {
            work.release()
            throw SystemError("start a thread", code: error)
        }
        pthread_detach(thread)
    }

    /// Runs a blocking body on a thread of its own and waits for its result without blocking. When no thread can be
    /// had, the body runs where the caller is: late is better than never.
    package static func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            do throws(SystemError) {
                try start { continuation.resume(returning: body()) }
            } catch {
                continuation.resume(returning: body())
            }
        }
    }
}
