/// The two text forms that scrapers ask for.
package enum ExpositionFormat: Sendable, CaseIterable {
    /// Prometheus text 0.0.4: what everything understands.
    case text004
    /// OpenMetrics 1.0.
    case openMetrics

    /// Prometheus 3 refuses a page whose Content-Type is missing or wrong, so there is exactly one for each form.
    package var contentType: String {
        switch self {
        case .text004: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}

/// What the `Accept` header of a scrape led to.
package struct ExpositionChoice: Sendable, Equatable {
    package var format: ExpositionFormat
    /// Whether the client named an escaping scheme; only then may the answer name one.
    package var namesEscaping: Bool

    /// The `Content-Type` to answer with.
    ///
    /// All our names are of the old alphabet, so nothing is ever escaped in them.
    package var contentType: String {
        namesEscaping ? format.contentType + "; escaping=underscores" : format.contentType
    }

    /// The form that the client likes best; 0.0.4 when the header is absent, unreadable or asks for what we have not.
    package init(accept: String?) {
        format = .text004
        namesEscaping = false
        var best = 0.0
        for range in (accept ?? "").split(separator: ",").compactMap(MediaRange.init) {
            guard let offered = range.format else { continue }
            // Of equals, OpenMetrics: whoever names it can read it, and it says more.
            guard range.quality > best || (range.quality == best && best > 0 && offered == .openMetrics) else {
                continue
            }
            best = range.quality
            format = offered
            namesEscaping = range.parameters["escaping"] != nil
        }
    }
}

/// One element of an `Accept` header.
private struct MediaRange {
    var type: String
    var parameters: [String: String] = [:]

    /// 0 to 1; 1 when it is not given, 0 when it cannot be read.
    var quality: Double {
        guard let text = parameters["q"] else { return 1 }
        guard let value = Double(text), (0...1).contains(value) else { return 0 }
        return value
    }

    /// Which of our forms it covers.
    ///
    /// A version that we do not speak covers none.
    var format: ExpositionFormat? {
        switch (type, parameters["version"]) {
        case ("application/openmetrics-text", "1.0.0"), ("application/openmetrics-text", nil): .openMetrics
        case ("text/plain", "0.0.4"), ("text/plain", nil), ("text/*", nil), ("*/*", nil): .text004
        default: nil
        }
    }

    init?(_ text: Substring) {
        let parts = text.split(separator: ";").map { $0.trimmingSpaces() }
        guard let first = parts.first, !first.isEmpty else { return nil }
        type = first.lowercased()
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimmingSpaces() }
            guard pair.count == 2 else { continue }
            parameters[pair[0].lowercased()] = String(pair[1].trimming { $0 == "\"" })
        }
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> Substring { trimming { $0 == " " || $0 == "\t" } }

    fileprivate func trimming(_ isLitter: (Character) -> Bool) -> Substring {
        var rest = drop(while: isLitter)
        while let last = rest.last, isLitter(last) { rest.removeLast() }
        return rest
    }
}
