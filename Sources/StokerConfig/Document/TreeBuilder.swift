import Yams

/// Copies what Yams composed into our own nodes, and refuses what a config has no use for.
struct TreeBuilder {
    let source: UniqueKeys
    let diagnostics: Diagnostics

    /// The root as our own node; nil when it was refused.
    func build(_ root: Node) -> ConfigNode? { node(root, depth: 1) }

    private func node(_ node: Node, depth: Int) -> ConfigNode? {
        let place = node.mark.map(Place.init) ?? Place(line: 1, column: 1)
        if node.anchor != nil {
            DocumentParser.reportAlias(at: place, diagnostics)
            return nil
        }
        guard depth <= DocumentParser.deepest else {
            DocumentParser.reportDepth(at: place, diagnostics)
            return nil
        }
        switch node {
        case .scalar(let scalar):
            return ConfigNode(place: place, content: .scalar(scalar.string, isPlain: scalar.style == .plain))
        case .mapping(let mapping):
            return ConfigNode(place: place, content: .mapping(entries(of: mapping, depth: depth)))
        case .sequence(let sequence):
            return ConfigNode(
                place: place, content: .sequence(sequence.compactMap { self.node($0, depth: depth + 1) }))
        case .alias:
            DocumentParser.reportAlias(at: place, diagnostics)
            return nil
        }
    }

    private func entries(of mapping: Node.Mapping, depth: Int) -> [ConfigNode.Entry] {
        var lines: [String: Int] = [:]
        var entries: [ConfigNode.Entry] = []
        for (key, value) in mapping {
            let place = key.mark.map(Place.init) ?? Place(line: 1, column: 1)
            guard let scalar = key.scalar else {
                diagnostics.report(.wrongType, "a key must be a single word", at: place, hint: "name: value")
                continue
            }
            let name = source.original(of: scalar.string)
            let valueNode = node(value, depth: depth + 1)
            if let valueNode {
                entries.append(
                    ConfigNode.Entry(key: name, place: place, value: valueNode, firstLine: lines[name]))
            }
            lines[name] = lines[name] ?? place.line
        }
        return entries
    }
}
