import StokerCore

extension TopScreen {
    /// One column of a table of requests.
    private struct Column<Row> {
        var column: Table.Column
        /// On a narrow terminal the column of the highest rank goes first; one of rank 0 stays.
        var rank: Int
        var cell: (Row) -> Table.Cell

        init(
            _ title: String, _ alignment: Table.Alignment = .left, rank: Int, _ tone: Tone = .plain,
            _ text: @escaping (Row) -> String
        ) {
            self.init(title, alignment, rank: rank) { Table.Cell(text($0), tone) }
        }

        init(
            _ title: String, _ alignment: Table.Alignment = .left, rank: Int, cell: @escaping (Row) -> Table.Cell
        ) {
            column = Table.Column(title, alignment)
            self.rank = rank
            self.cell = cell
        }
    }

    func table(of live: [LiveRequest], upTo rows: Int, _ style: TextStyle) -> [String] {
        guard !live.isEmpty else { return [style.paint("no request is running", .faint)] }
        return lines(live.prefix(rows), Self.running, left: history.page.inFlight - min(rows, live.count), style)
    }

    /// - Parameter finished: newest first.
    func table(of finished: [FinishedRequest], upTo rows: Int, _ style: TextStyle) -> [String] {
        guard !finished.isEmpty else { return [style.paint("no request has finished", .faint)] }
        return lines(finished.prefix(rows), columns(now), left: finished.count - min(rows, finished.count), style)
    }

    private func lines<Row>(
        _ rows: ArraySlice<Row>, _ columns: [Column<Row>], left: Int, _ style: TextStyle
    ) -> [String] {
        var columns = columns
        var table = Table(columns.map(\.column), rows: rows.map { row in columns.map { $0.cell(row) } })
        while let width = style.width, Self.width(of: table) > width,
            let last = columns.indices.filter({ columns[$0].rank > 0 }).max(by: { columns[$0].rank < columns[$1].rank })
        {
            columns.remove(at: last)
            table = Table(columns.map(\.column), rows: rows.map { row in columns.map { $0.cell(row) } })
        }
        let more = left > 0 ? [style.paint("and \(left) more", .faint)] : []
        return table.rendered(style).split(separator: "\n").map(String.init) + more
    }

    private static func width(of table: Table) -> Int {
        table.rendered(TextStyle()).split(separator: "\n").map { DisplayWidth.of($0) }.max() ?? 0
    }

    // MARK: - Running

    private static var running: [Column<LiveRequest>] {
        [
            Column("RUNNING", rank: 5, .faint) { $0.id },
            Column("AGE", .right, rank: 0) { time($0.ageSeconds) },
            Column("MODEL", rank: 1, .strong) { $0.model },
            Column("BACKEND", rank: 2) { $0.backend ?? "" },
            Column("STATE", rank: 0) { Table.Cell($0.phase.rawValue, $0.phase == .streaming ? .good : .plain) },
            Column("TTFT", .right, rank: 4) { time($0.ttftSeconds) },
            Column("TOKENS", .right, rank: 3) { $0.outputTokens > 0 ? "\($0.outputTokens)" : "" },
            Column("TOK/S", .right, rank: 6) { pace($0.outputTokens, over: $0.ageSeconds - ($0.ttftSeconds ?? 0)) },
            Column("SILENT", .right, rank: 7) { silence($0.silentSeconds) },
            Column("TRIES", .right, rank: 8) { tries($0.attempts) },
            Column("SEAMS", .right, rank: 9) { Table.Cell($0.seams > 0 ? "\($0.seams)" : "", .warning) },
        ]
    }

    /// Under a second it is only the time between two tokens.
    private static func silence(_ seconds: Double?) -> Table.Cell {
        guard let seconds, seconds >= 1 else { return "" }
        return Table.Cell(time(seconds), .warning)
    }

    // MARK: - Finished

    private func columns(_ now: Timestamp) -> [Column<FinishedRequest>] {
        [
            Column("FINISHED", rank: 5, .faint) { $0.id },
            Column("AGO", .right, rank: 0) {
                TimeText.coarse(.milliseconds(now.milliseconds - $0.endedAt.milliseconds))
            },
            Column("MODEL", rank: 1, .strong) { $0.model },
            Column("BACKEND", rank: 2) { $0.backend ?? "" },
            Column("END", rank: 0) { Self.end($0) },
            Column("TTFT", .right, rank: 4) { Self.time($0.ttftSeconds) },
            Column("ITL", .right, rank: 8) { Self.time($0.itlMeanSeconds) },
            Column("MAX ITL", .right, rank: 9) { Self.time($0.itlMaxSeconds) },
            Column("TOTAL", .right, rank: 3) { Self.time($0.durationSeconds) },
            Column("IN", .right, rank: 7) { $0.inputTokens.map { "\($0)" } ?? "" },
            Column("OUT", .right, rank: 6) { $0.outputTokens > 0 ? "\($0.outputTokens)" : "" },
            Column("TRIES", .right, rank: 10) { Self.tries($0.attempts) },
            Column("SEAMS", .right, rank: 11) { Table.Cell($0.seams > 0 ? "\($0.seams)" : "", .warning) },
            Column("WHY", rank: 12) { $0.errorCode ?? $0.finishReason ?? "" },
        ]
    }

    /// `ok`, or what went wrong and with which status.
    private static func end(_ request: FinishedRequest) -> Table.Cell {
        switch request.outcome {
        case .ok: Table.Cell("ok", .good)
        case .clientGone: Table.Cell("client gone", .faint)
        case .brokenOff: Table.Cell("broken off", .bad)
        case .slowReader: Table.Cell("slow reader", .warning)
        case .backendError: Table.Cell("backend error \(request.code)", .bad)
        case .refused: Table.Cell("refused \(request.code)", .warning)
        case .failed: Table.Cell("failed \(request.code)", .bad)
        }
    }

    // MARK: - Cells

    private static func pace(_ tokens: Int, over seconds: Double) -> String {
        tokens > 1 && seconds > 0.05 ? rate(Double(tokens) / seconds) : ""
    }

    /// One try is what everybody gets.
    private static func tries(_ count: Int) -> Table.Cell { Table.Cell(count > 1 ? "\(count)" : "", .warning) }
}
