/// What is due next: a binary heap of times and whose they are.
///
/// One for a whole engine instead of a timer for each stream: a sift costs some 50 ns, a timer of the event loop a
/// microsecond.
package struct DueHeap: Sendable {
    private struct Item: Sendable {
        var due: Int64
        var id: UInt64
    }

    private var items: [Item] = []

    package init() {}

    package var count: Int { items.count }

    /// The earliest time, nil when nothing is planned.
    package var next: Int64? { items.first?.due }

    package mutating func push(_ id: UInt64, at due: Int64) {
        items.append(Item(due: due, id: id))
        var child = items.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard items[child].due < items[parent].due else { return }
            items.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the earliest, if its time has come.
    package mutating func popDue(at now: Int64) -> UInt64? {
        guard let first = items.first, first.due <= now else { return nil }
        let last = items.removeLast()
        if !items.isEmpty { sink(last) }
        return first.id
    }

    /// Puts `item` where it belongs below the root, which is free.
    private mutating func sink(_ item: Item) {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < items.count else { break }
            if child + 1 < items.count, items[child + 1].due < items[child].due { child += 1 }
            guard items[child].due < item.due else { break }
            items[parent] = items[child]
            parent = child
        }
        items[parent] = item
    }
}
