import Glibc
import StokerHost
import StokerNet

/// What becomes of connections and the requests on them.
extension LoadLoop {
    /// Sends a turn, on a connection that is there or a new one.
    func begin(_ talker: Talker, scheduled: Nanoseconds) {
        let now = clock.now
        setInFlight(inFlight + 1, at: now)
        carry(Call(talker, scheduled: scheduled, began: now, endpoint: plan.target.endpoint))
    }

    private func carry(_ call: Call) {
        while let slot = idle.popLast() {
            guard let connection = connections[slot], connection.phase == .idle else { continue }
            call.record.isReused = true
            connection.call = call
            return send(connection)
        }
        open(for: call)
    }

    // MARK: - Opening

    private func open(for call: Call) {
        let now = clock.now
        let index = preferredAddress
        do throws(SystemError) {
            let descriptor = try addresses[index].connect()
            let slot = freeSlots.popLast() ?? connections.count
            generation &+= 1
            let connection = Connection(
                slot: slot, generation: generation, descriptor: descriptor, openedAt: now, addressIndex: index)
            connection.call = call
            if slot == connections.count { connections.append(connection) } else { connections[slot] = connection }
            tally.client.connections += 1
            guard poller.add(descriptor, token: connection.token) else {
                return fail(connection, .connectFailed, "epoll: \(SystemError.words(errno))", at: now)
            }
        } catch {
            finish(call, Self.connectOutcome(error.code), "\(error)", at: now)
        }
    }

    func connected(_ connection: Connection) {
        let code = Transfer.pendingError(connection.descriptor)
        guard code == 0 else {
            // The next request tries the host's next address, such as IPv4 after IPv6.
            if connection.addressIndex == preferredAddress, addresses.count > 1 {
                preferredAddress = (preferredAddress + 1) % addresses.count
            }
            return fail(connection, Self.connectOutcome(code), SystemError.words(code), at: clock.now)
        }
        guard let tls else { return ready(connection) }
        guard let session = tls.session(over: connection.descriptor) else {
            return fail(connection, .tls, "no memory for a TLS session", at: clock.now)
        }
        connection.tls = session
        connection.phase = .handshaking
        shakeHands(connection)
    }

    func shakeHands(_ connection: Connection) {
        switch connection.tls?.handshake() {
        case .bytes: ready(connection)
        case .wait: return
        case .closed, nil: fail(connection, .tls, "the server closed during the TLS handshake", at: clock.now)
        case .failed(let failure): fail(connection, Outcome(failure), failure.words, at: clock.now)
        }
    }

    private func ready(_ connection: Connection) {
        connection.call?.record.connect = max(1, clock.now - connection.openedAt)
        send(connection)
    }

    private static func connectOutcome(_ code: Int32) -> Outcome {
        switch code {
        case ECONNREFUSED, ENOENT: .refused
        case ETIMEDOUT: .connectTimeout
        case ECONNRESET: .reset
        default: .connectFailed
        }
    }

    // MARK: - Sending

    private func send(_ connection: Connection) {
        connection.phase = .busy
        scratch.removeAll(keepingCapacity: true)
        guard let call = connection.call else { return drop(connection) }
        if plan.target.isStreamed { Transfer.delayAcknowledgements(connection.descriptor) }
        writer.write(call.talker.current?.body ?? [], into: &scratch)
        if call.record.sent == 0 { call.record.sent = clock.now }
        let result = scratch.withUnsafeBytes { connection.write($0) }
        switch result {
        case .bytes(let count) where count == scratch.count: return
        // Some of it taken: the kernel tells of more room only after it has refused.
        case .bytes(let count):
            keepUnsent(connection, from: count)
            sendRest(connection)
        case .wait: keepUnsent(connection, from: 0)
        case .closed: lost(connection, .reset, "the server closed while the request was sent")
        case .failed(let failure): lost(connection, Outcome(failure), failure.words)
        }
    }

    private func keepUnsent(_ connection: Connection, from offset: Int) {
        connection.unsent = scratch
        connection.unsentOffset = offset
    }

    func sendRest(_ connection: Connection) {
        while connection.unsentOffset < connection.unsent.count {
            let offset = connection.unsentOffset
            let result = connection.unsent.withUnsafeBytes {
                connection.write(UnsafeRawBufferPointer(rebasing: $0[offset...]))
            }
            switch result {
            case .bytes(let count): connection.unsentOffset += count
            case .wait: return
            case .closed: return lost(connection, .reset, "the server closed while the request was sent")
            case .failed(let failure): return lost(connection, Outcome(failure), failure.words)
            }
        }
        connection.unsent = []
        connection.unsentOffset = 0
    }

    // MARK: - Ending

    /// The answer is whole.
    func answered(_ connection: Connection, reusable: Bool, at now: Nanoseconds) {
        guard let call = connection.call else { return }
        connection.call = nil
        // A request that is not sent in full leaves the connection in the middle of something.
        if reusable, connection.unsent.isEmpty {
            connection.phase = .idle
            idle.append(connection.slot)
        } else {
            drop(connection)
        }
        finish(call, call.reader.outcome, call.reader.sample, at: now)
    }

    func closedByServer(_ connection: Connection) {
        let now = clock.now
        guard let call = connection.call else { return drop(connection) }
        switch call.reader.closed(at: now) {
        case .whole: answered(connection, reusable: false, at: now)
        case .failed(let outcome): lost(connection, outcome, "")
        case .more: lost(connection, .truncated, "")
        }
    }

    /// The connection broke. Under a request that had no byte of an answer on a connection which had been idle, that is
    /// the server's keep-alive timeout meeting our send: HTTP clients send again, and so do we, once.
    func lost(_ connection: Connection, _ outcome: Outcome, _ words: String) {
        guard let call = connection.call else { return drop(connection) }
        connection.call = nil
        drop(connection)
        guard call.record.isReused, !call.isSecondTry, call.reader.byteCount == 0 else {
            return finish(call, outcome, words.isEmpty ? call.reader.sample : words, at: clock.now)
        }
        tally.client.staleConnections += 1
        call.isSecondTry = true
        call.record.isReused = false
        call.reader = AnswerReader(plan.target.endpoint)
        open(for: call)
    }

    func fail(_ connection: Connection, _ outcome: Outcome, _ words: String, at now: Nanoseconds) {
        guard let call = connection.call else { return drop(connection) }
        connection.call = nil
        drop(connection)
        finish(call, outcome, words.isEmpty ? call.reader.sample : words, at: now)
    }

    /// Closes a connection; its socket goes with the last reference.
    func drop(_ connection: Connection) {
        guard connections[connection.slot] === connection else { return }
        connection.phase = .busy
        connections[connection.slot] = nil
        freeSlots.append(connection.slot)
    }

    private func finish(_ call: Call, _ outcome: Outcome, _ sample: String, at now: Nanoseconds) {
        release(call, at: now)
        account(call.closed(outcome, at: now), sample: outcome == .ok ? "" : sample)
        goOn(call.talker, after: outcome, at: now)
    }

    /// One less in flight, and how long it was.
    private func release(_ call: Call, at now: Nanoseconds) {
        setInFlight(inFlight - 1, at: now)
        tally.client.residenceTime += Double(now - call.began)
    }

    func sweepDeadlines(_ now: Nanoseconds) {
        for case let connection? in connections {
            guard let outcome = connection.call?.overdue(plan.deadlines, at: now) else { continue }
            fail(connection, outcome, "", at: now)
        }
    }

    /// The run is over: what is under way is cut.
    func cutAll(at now: Nanoseconds) {
        for case let connection? in connections {
            guard let call = connection.call else { continue }
            connection.call = nil
            release(call, at: now)
            account(call.closed(.censored, at: now), sample: "")
        }
    }
}
