/// The instruments of a family for every case of an enum, made at once: all series exist, at zero, from the first
/// scrape, and a value that nobody foresaw cannot be written.
package struct LabelledCases<Value: CaseIterable & RawRepresentable & Hashable & Sendable, Member: Instrument>: Sendable
where Value.RawValue == String {
    /// By the tag of the case, which is where it stands among the cases of its enum. A dictionary would hash the raw
    /// value, a text, for each count.
    private let members: [Member]
    private let other: Member

    fileprivate init(of family: MetricFamily<Member>, after prefix: [String]) {
        let cases = Array(Value.allCases)
        let other = cases.first.map { family.with(prefix + [$0.rawValue]) } ?? family.with(prefix + [LabelValue.other])
        var members: [Member] = []
        for value in cases {
            let tag = Self.tag(of: value)
            while members.count <= tag { members.append(other) }
            members[tag] = family.with(prefix + [value.rawValue])
        }
        self.members = members
        // Used only if somebody wrote `allCases` by hand and forgot a case.
        self.other = other
    }

    /// The instrument of one case.
    ///
    /// No lock, no allocation, no hashing.
    package subscript(value: Value) -> Member {
        let tag = Self.tag(of: value)
        return tag < members.count ? members[tag] : other
    }

    /// What the compiler numbers a case without a payload by: a byte, or nothing where there is but one case.
    private static func tag(of value: Value) -> Int {
        withUnsafeBytes(of: value) { $0.first.map(Int.init) ?? 0 }
    }
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
