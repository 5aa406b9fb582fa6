/// The instruments of a family for every case of an enum, made at once: all series exist, at zero, from the first
/// scrape, and a value that nobody foresaw cannot be written.
package struct LabelledCases<Value: CaseIterable & RawRepresentable & Hashable & Sendable, Member: Instrument>: Sendable
where Value.RawValue == String {
    private let members: [Value: Member]
    private let other: Member

    fileprivate init(of family: MetricFamily<Member>, after prefix: [String]) {
        var members: [Value: Member] = [:]
        for value in Value.allCases { members[value] = family.with(prefix + [value.rawValue]) }
        self.members = members
        // Used only if somebody wrote `allCases` by hand and forgot a case.
        other = members.values.first ?? family.with(prefix + [LabelValue.other])
    }

    /// The instrument of one case.
    ///
    /// No lock, no allocation.
    package subscript(value: Value) -> Member { members[value] ?? other }
}

extension MetricFamily {
    /// The instruments for each case of the last label, behind fixed values of the labels before it.
    ///
    ///     let restarts = try registry.counter("…_restarts_total", help: "…", labels: ["process", "reason"])
    ///     let mine = restarts.each(RestartReason.self, after: "deepseek-a")
    ///     mine[.oom].increment()
    package func each<Value: CaseIterable & RawRepresentable & Hashable & Sendable>(
        _ type: Value.Type, after prefix: String...
    ) -> LabelledCases<Value, Member> where Value.RawValue == String {
        LabelledCases(of: self, after: prefix)
    }
}
