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
    /// All our names are of the old alphabet, so that nothing in them is ever escaped, whatever the scheme.
    package var contentType: String {
        namesEscaping ? format.contentType + "; escaping=underscores" : format.contentType
    }

    /// The form that the client likes best; 0.0.4 when the header is absent, unreadable or asks for what we have not.
    package init(accept: String?) {
        format = .text004
        namesEscaping = false
        var best = 0.0
        for element in QualityList(accept) {
            guard let offered = Self.format(of: element) else { continue }
            // Of equals, OpenMetrics: whoever names it can read it, and it says more.
            let isBetter = element.quality > best || (element.quality == best && offered == .openMetrics)
            guard element.quality > 0, isBetter else { continue }
            best = element.quality
            format = offered
            namesEscaping = element.parameters["escaping"] != nil
        }
    }

    /// Which of our forms an element covers; a version that we do not speak covers none.
    private static func format(of element: QualityList.Element) -> ExpositionFormat? {
        switch (element.name, element.parameters["version"]) {
        case ("application/openmetrics-text", "1.0.0"), ("application/openmetrics-text", nil): .openMetrics
        case ("text/plain", "0.0.4"), ("text/plain", nil), ("text/*", nil), ("*/*", nil): .text004
        default: nil
        }
    }
}
