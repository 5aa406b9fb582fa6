extension HistogramLog {
    /// Longer files are none of ours: a run's log has a megabyte or two.
    package static let sizeLimit = 256 << 20

    /// Reads what `text()` wrote.
    ///
    /// - Throws: what is wrong, and in which line. Nothing that a file can say crashes or takes more memory than a run.
    package init(parsing text: String) throws(LoadError) {
        guard text.utf8.count <= Self.sizeLimit else { throw LoadError("the log is larger than 256 MiB") }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let comment = lines.first(where: { $0.hasPrefix(Self.mark) }) else {
            throw LoadError("the log has no line '\(Self.mark)…': it is not one of a load test, or was cut")
        }
        let skeleton = try LoadJSON.read(Skeleton.self, Array(comment.dropFirst(Self.mark.utf8.count).utf8))
        self.init(run: skeleton.run, plan: skeleton.plan, tally: try Self.tally(skeleton))
        var order = 0
        for (number, line) in lines.enumerated() where line.hasPrefix("Tag=") {
            do throws(LoadError) {
                let exact = skeleton.exact.indices.contains(order) ? skeleton.exact[order] : nil
                try tally.fill(line, exact)
            } catch { throw LoadError("line \(number + 1): \(error.message)") }
            order += 1
        }
        guard order == skeleton.exact.count else { throw LoadError("the log was cut: histograms are missing") }
    }

    private static func tally(_ skeleton: Skeleton) throws(LoadError) -> Tally {
        guard skeleton.schema == schema, skeleton.definitionVersion == LoadReport.definitions else {
            throw LoadError(
                "the log is of '\(skeleton.schema)', definitions \(skeleton.definitionVersion); this program reads "
                    + "'\(schema)', definitions \(LoadReport.definitions)")
        }
        guard skeleton.isSound else { throw LoadError("the log holds numbers that no run can have") }
        var tally = Tally(partLength: skeleton.partLength)
        tally.total = skeleton.total
        tally.warmUp = skeleton.warmUp
        tally.parts = skeleton.parts
        tally.timeline = skeleton.timeline
        tally.errors = skeleton.errors
        tally.span = skeleton.span
        tally.client = skeleton.client
        return tally
    }

    /// One run from its shards.
    ///
    /// - Throws: when they are not shards of one plan, or one is there twice.
    package static func merged(_ logs: [HistogramLog]) throws(LoadError) -> HistogramLog {
        guard var whole = logs.first else { throw LoadError("there is no log to merge") }
        var seen = [whole.plan.shard]
        for log in logs.dropFirst() {
            guard whole.plan.isOfOneRun(with: log.plan) else {
                throw LoadError("runs \(whole.run.id) and \(log.run.id) are not of one plan")
            }
            guard !seen.contains(log.plan.shard) else {
                throw LoadError("shard \(log.plan.shard.index) of \(log.plan.shard.count) is there twice")
            }
            seen.append(log.plan.shard)
            whole.tally.merge(log.tally)
            if log.run.ending != .complete { whole.run.ending = log.run.ending }
            whole.run.isCoLocated = whole.run.isCoLocated || log.run.isCoLocated
        }
        if logs.count > 1 { whole.plan.shard = Shard() }
        return whole
    }
}

extension PlanFacts {
    /// Whether both are shards of one plan.
    func isOfOneRun(with other: PlanFacts) -> Bool {
        var mine = self
        mine.shard = other.shard
        return mine == other && shard.count == other.shard.count
    }
}

extension Tally {
    /// Puts the histogram of a line where its tag and start say.
    fileprivate mutating func fill(_ line: Substring, _ exact: LatencyHistogram.Exact?) throws(LoadError) {
        let fields = line.dropFirst(4).split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count == 5, let start = Double(fields[1]), start.isFinite, start >= 0 else {
            throw LoadError("is not 'Tag=name,start,length,max,histogram'")
        }
        // Starts are written to the millisecond.
        let part = Int((start * 1e9 / Double(partLength)).rounded().clamped(to: 0...1e6))
        guard let place = place(tag: fields[0], part: part) else {
            throw LoadError("tag '\(fields[0])' has no place here")
        }
        self[place] = try HistogramCodec.histogram(of: fields[4], exact: exact)
    }

    private func place(tag: Substring, part: Int) -> HistogramLog.Place? {
        switch tag {
        case "loop_lag": return .loopLag
        case "warmup_censored_age": return .warmUpCensored
        case "censored_age": return parts.indices.contains(part) ? .censored(part) : nil
        default: break
        }
        if tag.hasPrefix("warmup_") { return Measure(rawValue: String(tag.dropFirst(7))).map { .warmUp($0) } }
        guard let measure = Measure(rawValue: String(tag)) else { return nil }
        guard Part.measures.contains(measure) else { return .total(measure) }
        return parts.indices.contains(part) ? .part(part, measure) : nil
    }
}

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        min(max(self, range.lowerBound), range.upperBound)
    }
}
