/// All families at one moment, as a value: it can be merged, sent to another process, rendered and compared.
package struct MetricsSnapshot: Sendable, Equatable {
    /// Ascending by `openName`, none twice: so both formats show the same order, and neither one name for two families.
    package var families: [Family]

    /// Sorts what is given; families must have distinct names.
    package init(families: [Family] = []) {
        self.families = families.sorted { $0.openName < $1.openName }
    }

    /// What a family's numbers mean.
    package enum Kind: UInt8, Sendable, CaseIterable {
        case counter, gauge, histogram
        /// Metadata in labels; the value is always 1.
        case info
    }

    /// One metric with all its series.
    package struct Family: Sendable, Equatable {
        /// As in the 0.0.4 format: a counter with `_total`, an info with `_info`.
        package var name: String
        /// One sentence.
        package var help: String
        package var kind: Kind
        /// Label names in the order in which they are printed.
        package var labels: [String]
        /// Ascending by label values, no label set twice.
        package var series: [Series]

        package init(name: String, help: String, kind: Kind, labels: [String] = [], series: [Series] = []) {
            self.name = name
            self.help = help
            self.kind = kind
            self.labels = labels
            self.series = series
        }
    }

    /// One label set and its value.
    package struct Series: Sendable, Equatable {
        /// One for each label name of the family.
        package var labels: [String]
        package var value: Value

        package init(labels: [String], value: Value) {
            self.labels = labels
            self.value = value
        }
    }

    /// What a series holds.
    package enum Value: Sendable, Equatable {
        case number(Double)
        case histogram(Distribution)
    }

    /// The state of a histogram.
    package struct Distribution: Sendable, Equatable {
        /// Upper edges, ascending and finite.
        package var edges: [Double]
        /// Observations per bucket, not cumulative; one more than edges, the last is what lies above all.
        package var counts: [UInt64]
        package var sum: Double
        /// The latest observation by name of each bucket that has one.
        package var exemplars: [Int: Marked]

        package init(edges: [Double], counts: [UInt64], sum: Double, exemplars: [Int: Marked] = [:]) {
            self.edges = edges
            self.counts = counts
            self.sum = sum
            self.exemplars = exemplars
        }

        /// How many observations there were.
        package var count: UInt64 { counts.reduce(0, &+) }
    }

    /// An observation that is known by name.
    package struct Marked: Sendable, Equatable {
        package var exemplar: Exemplar
        package var value: Double

        package init(exemplar: Exemplar, value: Double) {
            self.exemplar = exemplar
            self.value = value
        }
    }
}
