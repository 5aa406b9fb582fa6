/// A list of small whole numbers in the order in which they came; any of them leaves in constant time.
///
/// The numbers are places in an array of the owner's; who stands beside whom is in `Links`, which several chains share
/// as long as no place is in two of them.
struct Chain: Sendable, Equatable {
    fileprivate(set) var first: Int?
    fileprivate(set) var last: Int?
    fileprivate(set) var count = 0

    var isEmpty: Bool { count == 0 }
}

/// The neighbours of all places.
struct Links: Sendable {
    private var before: [Int?] = []
    private var after: [Int?] = []

    /// Makes room for one more place.
    mutating func grow() {
        before.append(nil)
        after.append(nil)
    }

    mutating func append(_ place: Int, to chain: inout Chain) {
        before[place] = chain.last
        after[place] = nil
        if let last = chain.last { after[last] = place } else { chain.first = place }
        chain.last = place
        chain.count += 1
    }

    mutating func remove(_ place: Int, from chain: inout Chain) {
        let (left, right) = (before[place], after[place])
        if let left { after[left] = right } else { chain.first = right }
        if let right { before[right] = left } else { chain.last = left }
        chain.count -= 1
    }

    /// Who came after this one.
    func next(_ place: Int) -> Int? { after[place] }
}
