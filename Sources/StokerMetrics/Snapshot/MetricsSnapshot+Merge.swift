extension MetricsSnapshot {
    /// Both pages as one.
    ///
    /// Where both have a series with the same labels, the first one's is kept: adding them up would look like a reset
    /// of the whole whenever one of the two processes starts anew.
    ///
    /// A family that means something else in the other (kind or labels differ) is left out of it.
    package func merging(_ other: MetricsSnapshot) -> MetricsSnapshot {
        var merged: [Family] = []
        merged.reserveCapacity(families.count + other.families.count)
        var left = families[...]
        var right = other.families[...]
        while let mine = left.first, let theirs = right.first {
            let (name, other) = (mine.openName, theirs.openName)
            if name <= other { left.removeFirst() }
            if other <= name { right.removeFirst() }
            merged.append(name == other ? mine.merging(theirs) : name < other ? mine : theirs)
        }
        var result = MetricsSnapshot()
        result.families = merged + left + right
        return result
    }
}

extension MetricsSnapshot.Family {
    fileprivate func merging(_ other: MetricsSnapshot.Family) -> MetricsSnapshot.Family {
        guard name == other.name, kind == other.kind, labels == other.labels else { return self }
        let mine = Set(series.map(\.labels))
        var result = self
        result.series += other.series.filter { !mine.contains($0.labels) }
        result.series.sort { $0.labels.lexicographicallyPrecedes($1.labels) }
        return result
    }
}
