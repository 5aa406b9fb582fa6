import StokerCore

/// Finds the circles in `start_after`, each once, named from the process that comes first in the file.
struct StartCycles {
    /// A circle, its first name repeated at the end, and the entry that opens it.
    struct Cycle {
        var path: [String]
        var place: Place
    }

    private let edges: [String: [Located<String>]]
    private let names: [String]

    init(_ processes: [ProcessDraft]) {
        names = processes.map(\.plan.name)
        edges = Dictionary(processes.map { ($0.plan.name, $0.startAfter) }) { first, _ in first }
    }

    /// Depth first with an own stack: a long chain of processes must not overflow ours.
    var all: [Cycle] {
        var cycles: [Cycle] = []
        var finished: Set<String> = []
        for root in names where !finished.contains(root) {
            var way = Way()
            var pending = [(name: root, next: 0)]
            while let (name, next) = pending.popLast() {
                if next == 0 { way.enter(name) }
                guard let targets = edges[name], next < targets.count else {
                    finished.insert(name)
                    way.leave()
                    continue
                }
                pending.append((name, next + 1))
                let target = targets[next]
                if let circle = way.circle(to: target.value) {
                    cycles.append(Cycle(path: circle, place: opening(of: circle) ?? target.place))
                } else if !finished.contains(target.value), edges[target.value] != nil {
                    pending.append((target.value, 0))
                }
            }
        }
        return cycles
    }

    /// The place of the entry by which the first process of the circle waits for the next.
    private func opening(of circle: [String]) -> Place? {
        guard let first = circle.first, let second = circle.dropFirst().first else { return nil }
        return edges[first]?.first { $0.value == second }?.place
    }
}

/// The processes from the root of the search to where it is.
private struct Way {
    private var names: [String] = []
    private var positions: [String: Int] = [:]

    mutating func enter(_ name: String) {
        positions[name] = names.count
        names.append(name)
    }

    mutating func leave() {
        if let name = names.popLast() { positions[name] = nil }
    }

    /// The way round to `name`, if the search came from there.
    func circle(to name: String) -> [String]? {
        positions[name].map { names[$0...] + [name] }
    }
}
