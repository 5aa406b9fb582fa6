/// The elements of an `Accept…` header: what is named, with its parameters, and how much it is liked.
struct QualityList: Sequence {
    /// One element, such as `text/plain;version=0.0.4;q=0.5`.
    struct Element {
        /// In lower case.
        var name: String
        /// Names in lower case, values without quotes.
        var parameters: [String: String] = [:]

        /// 0 to 1: 1 when it is not given, 0 (not acceptable) when it cannot be read.
        var quality: Double {
            guard let text = parameters["q"] else { return 1 }
            guard let value = Double(text), (0...1).contains(value) else { return 0 }
            return value
        }
    }

    private let elements: [Element]

    /// Reads a header; what makes no sense is left out, as a scraper is better served with something than with an
    /// error.
    init(_ header: String?) {
        elements = (header ?? "").split(separator: ",").compactMap(Self.element)
    }

    func makeIterator() -> IndexingIterator<[Element]> { elements.makeIterator() }

    private static func element(_ text: Substring) -> Element? {
        let parts = text.split(separator: ";").map { trim($0) { $0 == " " || $0 == "\t" } }
        guard let name = parts.first, !name.isEmpty else { return nil }
        var element = Element(name: name.lowercased())
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map { trim($0) { $0 == " " || $0 == "\"" } }
            if pair.count == 2 { element.parameters[pair[0].lowercased()] = String(pair[1]) }
        }
        return element
    }

    private static func trim(_ text: Substring, _ isLitter: (Character) -> Bool) -> Substring {
        var rest = text.drop(while: isLitter)
        while let last = rest.last, isLitter(last) { rest.removeLast() }
        return rest
    }
}
