/// Why a metric was refused.
///
/// A wrong metric is a mistake of ours and never a reason to stop serving: it is thrown, not trapped.
package enum MetricsError: Error, Equatable, Sendable {
    /// The name breaks the naming rules; `reason` says which.
    case badName(String, reason: String)
    /// A label breaks the naming rules, is reserved or is given twice.
    case badLabel(metric: String, label: String, reason: String)
    /// Another family of this name exists.
    case duplicate(String)
    /// The bucket edges cannot make a histogram.
    case badBuckets(metric: String, reason: String)
    /// A collector gave two samples with the same labels, or one that does not fit its family.
    case badSample(metric: String, reason: String)
}

extension MetricsError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .badName(let name, let reason): "metric \(name): \(reason)"
        case .badLabel(let metric, let label, let reason): "metric \(metric), label \(label): \(reason)"
        case .duplicate(let name): "metric \(name) is registered already"
        case .badBuckets(let metric, let reason): "metric \(metric): \(reason)"
        case .badSample(let metric, let reason): "metric \(metric): \(reason)"
        }
    }
}
