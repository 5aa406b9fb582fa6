import Foundation
import StokerConfig
import StokerCore
import StokerLoad

/// The answer of the latest search, where `stoker doctor` and dashboards look for it.
struct LatestSweep {
    /// Within the state directory.
    private static let name = "load/latest.json"

    private let directory: String?

    /// - Parameter stateDirectory: as asked for; nil: that of the config, if one is found.
    init(stateDirectory: String?) {
        directory = stateDirectory ?? Self.ofConfig
    }

    func write(_ result: SweepResult) throws(LoadError) {
        guard let directory else {
            Refusal.note("load sweep", "no config, so no state directory: the answer is not kept; try --state-dir")
            return
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(result) else { throw LoadError("the answer holds a number that is none") }
        try LoadOutput.make("\(directory)/load")
        try LoadOutput.write(String(decoding: json, as: UTF8.self) + "\n", to: "\(directory)/\(Self.name)")
    }

    private static var ofConfig: String? {
        let named = ProcessInfo.processInfo.environment["STOKER_CONFIG"].map { [$0] } ?? []
        return (named + ConfigOption.defaultPaths).lazy.compactMap { ConfigReader.places(path: $0) }.first?
            .stateDirectory
    }
}
