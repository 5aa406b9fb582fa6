import CCurl
import Glibc
import Synchronization

/// The one thread that touches curl handles, and the inbox through which others reach it.
///
/// While nothing is under way it sits in `poll` without a timeout: an idle client costs no wakeup.
final class CurlLoop: Sendable {
    private struct Inbox {
        var orders: [TransferOrder] = []
        /// The multi handle may be woken only while it lives; the thread clears this before it frees it.
        var isOpen = true
    }

    private let inbox: Mutex<Inbox>
    /// Used by the loop's thread alone, except `curl_multi_wakeup`, which curl allows from any thread and which happens
    /// under the inbox's lock while `isOpen`.
    nonisolated(unsafe) private let multi: UnsafeMutableRawPointer?

    /// Must run before any other call of libcurl, and once: a static is both.
    private static let globalInit: CURLcode = curl_global_init(Int(CURL_GLOBAL_SSL | CURL_GLOBAL_WIN32))

    init() {
        multi = Self.globalInit == CURLE_OK ? curl_multi_init() : nil
        inbox = Mutex(Inbox(isOpen: multi != nil))
        if multi != nil { startThread() }
    }

    /// Hands over one transfer; its `finish` is called in any case.
    func submit(_ order: TransferOrder) {
        let isTaken = inbox.withLock { inbox in
            guard inbox.isOpen else { return false }
            inbox.orders.append(order)
            curl_multi_wakeup(multi)
            return true
        }
        if !isTaken { order.finish(.cancelled) }
    }

    /// Makes the thread look at its inbox and at what was cancelled.
    func wake() {
        inbox.withLock { inbox in
            if inbox.isOpen { curl_multi_wakeup(multi) }
        }
    }

    /// Ends everything under way as cancelled, then the thread.
    func close() {
        inbox.withLock { inbox in
            if inbox.isOpen { curl_multi_wakeup(multi) }
            inbox.isOpen = false
        }
    }

    private func startThread() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let failure = pthread_create(&thread, nil, curlThreadMain, context.toOpaque())
        guard failure == 0 else {
            context.release()
            close()
            curl_multi_cleanup(multi)
            return
        }
        pthread_detach(thread)
    }

    // MARK: - On the thread

    /// Runs until `close`; called once.
    fileprivate func run() {
        guard let multi else { return }
        var transfers: [UnsafeMutableRawPointer: Transfer] = [:]
        while let orders = takeOrders() {
            for order in orders { begin(order, in: &transfers) }
            giveUpCancelled(in: &transfers)
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            collectFinished(from: &transfers)
            // Woken by a socket, by curl's own next timeout, or by an order; without any of them it does not return.
            curl_multi_poll(multi, nil, 0, .max, nil)
        }
        for transfer in transfers.values { end(transfer, code: CURLE_ABORTED_BY_CALLBACK, stop: .cancelled) }
        let unborn = inbox.withLock { inbox in
            defer { inbox.orders = [] }
            return inbox.orders
        }
        for order in unborn { order.finish(.cancelled) }
        curl_multi_cleanup(multi)
    }

    /// The orders since the last call; nil when the loop is closed.
    private func takeOrders() -> [TransferOrder]? {
        inbox.withLock { inbox in
            guard inbox.isOpen else { return nil }
            defer { inbox.orders = [] }
            return inbox.orders
        }
    }

    private func begin(_ order: TransferOrder, in transfers: inout [UnsafeMutableRawPointer: Transfer]) {
        guard !order.handle.isCancelled, let transfer = Transfer(order) else {
            return order.finish(.cancelled)
        }
        transfers[transfer.easy] = transfer
        guard curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else {
            transfers[transfer.easy] = nil
            return end(transfer, code: CURLE_FAILED_INIT)
        }
    }

    private func giveUpCancelled(in transfers: inout [UnsafeMutableRawPointer: Transfer]) {
        for (easy, transfer) in transfers where transfer.order.handle.isCancelled {
            transfers[easy] = nil
            end(transfer, code: CURLE_ABORTED_BY_CALLBACK, stop: .cancelled)
        }
    }

    private func collectFinished(from transfers: inout [UnsafeMutableRawPointer: Transfer]) {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            // The message dies with the handle's removal: read it first.
            let code = message.pointee.data.result
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let transfer = transfers.removeValue(forKey: easy)
            else { continue }
            end(transfer, code: code)
        }
    }

    /// Reads what is to be known before the handle goes, then frees it, then tells the caller.
    private func end(_ transfer: Transfer, code: CURLcode, stop: TransferOutcome.Stop? = nil) {
        var outcome = transfer.outcome(code: code)
        outcome.stop = stop ?? outcome.stop
        curl_multi_remove_handle(multi, transfer.easy)
        transfer.free()
        transfer.order.finish(outcome)
    }
}

/// A plain function, because a `@convention(c)` closure that captures crashes the Swift 6.3.1 compiler.
private func curlThreadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    _ = ccurl_name_thread("stoker-curl")
    // Signals are for the main thread; and OpenSSL's writes raise SIGPIPE, which CURLOPT_NOSIGNAL tells curl to leave
    // to us.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    Unmanaged<CurlLoop>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
