/// One observation by name: the request to look at when a bucket is fuller than it should be.
///
/// Shown in OpenMetrics only. It must lead to a trace or an audit record, never to a person: no user, key or prompt.
package struct Exemplar: Sendable, Equatable {
    /// Most code points of label and value together, a rule of OpenMetrics 1.0.
    package static let maximumLength = 128

    /// What the value is: `request_id`, `trace_id`.
    package let label: String
    package let id: String

    /// Nil when it breaks a rule: an exemplar is a courtesy and not worth an error.
    package init?(label: String, id: String) {
        let length = label.unicodeScalars.count + id.unicodeScalars.count
        guard length <= Self.maximumLength, MetricName.isLabel(label), !id.unicodeScalars.contains("\r") else {
            return nil
        }
        self.label = label
        self.id = id
    }

    /// The request whose audit record and log lines carry this id.
    package static func request(_ id: String) -> Exemplar? { Exemplar(label: "request_id", id: id) }
}
