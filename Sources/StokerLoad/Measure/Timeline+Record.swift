internal import Glibc

extension Timeline {
    /// The bin of that time, which is there afterwards.
    mutating func index(at time: Nanoseconds) -> Int {
        let time = max(0, time)
        // Divided once: this is on the path of every token.
        var index = Int(time / binLength)
        while index >= Self.maxBins {
            coarsen()
            index = Int(time / binLength)
        }
        while bins.count <= index { bins.append(Bin()) }
        return index
    }

    /// How many requests are in flight now; the highest of each bin is kept.
    package mutating func noteInFlight(_ count: Int, at time: Nanoseconds) {
        let bin = index(at: time)
        bins[bin].inFlight = max(bins[bin].inFlight, count)
    }

    mutating func record(_ record: RequestRecord) {
        let scheduled = index(at: record.scheduled)
        bins[scheduled].scheduled += 1
        if record.sent > 0 {
            let sent = index(at: record.sent)
            bins[sent].sent += 1
        }
        let ended = index(at: max(record.end, record.lastToken, record.scheduled))
        if record.outcome.isBad { bins[ended].bad += 1 }
        guard record.outcome == .ok else { return }
        bins[ended].ok += 1
        if let ttft = record.ttft {
            let first = index(at: record.firstToken)
            bins[first].take(ttft: ttft)
        }
        spread(record.tokens, from: record.firstToken, to: record.lastToken)
    }

    mutating func recordGap(at time: Nanoseconds, length: Nanoseconds) {
        let bin = index(at: time)
        bins[bin].gapSum &+= length
        bins[bin].gapCount &+= 1
    }

    /// Counts an answer's tokens evenly over the time they took: one pass at its end instead of work for each token.
    private mutating func spread(_ tokens: Int, from start: Nanoseconds, to end: Nanoseconds) {
        guard tokens > 0, start > 0 else { return }
        let last = index(at: max(start, end))
        let first = index(at: start)
        guard last > first else {
            bins[first].tokens += tokens
            return
        }
        var counted = 0
        for bin in first..<last {
            let passed = Double(Int64(bin + 1) * binLength - start) / Double(end - start)
            let due = Int(Double(tokens) * min(1, passed))
            bins[bin].tokens += due - counted
            counted = due
        }
        bins[last].tokens += tokens - counted
    }

    mutating func merge(_ other: Timeline) {
        var other = other
        while binLength < other.binLength { coarsen() }
        while other.binLength < binLength { other.coarsen() }
        for (number, bin) in other.bins.enumerated() {
            let (time, isTooLate) = Int64(number).multipliedReportingOverflow(by: other.binLength)
            guard !isTooLate else { continue }
            let mine = index(at: time)
            // Loops run at the same time: what they have in flight adds up.
            bins[mine].add(bin, inFlight: bins[mine].inFlight + bin.inFlight)
        }
    }

    private mutating func coarsen() {
        binLength *= 2
        bins = stride(from: 0, to: bins.count, by: 2).map { index in
            var bin = bins[index]
            if index + 1 < bins.count {
                bin.add(bins[index + 1], inFlight: max(bin.inFlight, bins[index + 1].inFlight))
            }
            return bin
        }
    }

    /// The heat cell of a TTFT.
    package static func heatCell(of ttft: Nanoseconds) -> Int {
        guard ttft > 1_000_000 else { return 0 }
        return min(heatCells - 1, Int(2 * log2(Double(ttft) / 1e6)))
    }

    /// The lower edge of a heat cell, in milliseconds; of the first one as well, which is open below.
    package static func heatEdge(_ cell: Int) -> Double { exp2(Double(cell) / 2) }
}

extension Timeline.Bin {
    mutating func take(ttft: Nanoseconds) {
        ttftSum &+= ttft
        ttftCount += 1
        if heat.isEmpty { heat = [UInt32](repeating: 0, count: Timeline.heatCells) }
        heat[Timeline.heatCell(of: ttft)] &+= 1
    }

    mutating func add(_ other: Timeline.Bin, inFlight: Int) {
        scheduled += other.scheduled
        sent += other.sent
        ok += other.ok
        bad += other.bad
        tokens += other.tokens
        self.inFlight = inFlight
        ttftSum &+= other.ttftSum
        ttftCount += other.ttftCount
        gapSum &+= other.gapSum
        gapCount += other.gapCount
        guard !other.heat.isEmpty else { return }
        if heat.isEmpty { heat = [UInt32](repeating: 0, count: Timeline.heatCells) }
        for (cell, count) in other.heat.enumerated() where cell < heat.count { heat[cell] &+= count }
    }

    /// The mean TTFT in milliseconds; nil without first tokens.
    package var ttftMean: Double? { ttftCount > 0 ? Double(ttftSum) / Double(ttftCount) / 1e6 : nil }

    /// The median TTFT in milliseconds, to a factor of √2 at most: in the middle of its heat cell.
    package var ttftMedian: Double? {
        let all = heat.reduce(0) { $0 + Int($1) }
        guard all > 0 else { return nil }
        var seen = 0
        for (cell, count) in heat.enumerated() where count > 0 {
            let before = seen
            seen += Int(count)
            guard seen * 2 >= all else { continue }
            let within = (Double(all) / 2 - Double(before)) / Double(count)
            return Timeline.heatEdge(cell) * (1 + within * 0.41421356)
        }
        return nil
    }

    /// The mean gap between token events in milliseconds; nil without gaps.
    package var gapMean: Double? { gapCount > 0 ? Double(gapSum) / Double(gapCount) / 1e6 : nil }
}
