/// One line of a page, taken apart.
enum ExpositionLine: Equatable {
    case help(family: String, text: String)
    case type(family: String, kind: String)
    case unit(family: String, unit: String)
    case sample(Sample)
    case end
    case comment
    case blank

    /// A value with its name and labels.
    struct Sample: Equatable {
        var name: String
        /// In the order of the page, without escapes.
        var labels: [Label]
        var value: Double
        /// As written, since 1.0 and 1 are one number but two label values.
        var valueText: String
        var hasTimestamp = false
        var exemplar: ExemplarText?

        func label(_ name: String) -> String? { labels.first { $0.name == name }?.value }
        /// The labels that tell its series from others of the family: all but `le`.
        var identity: [Label] { labels.filter { $0.name != "le" } }
    }

    /// A label as read.
    struct Label: Hashable {
        var name: String
        var value: String
    }

    /// What follows ` # ` behind a sample.
    struct ExemplarText: Equatable {
        var labels: [Label]
        var value: Double
    }
}
