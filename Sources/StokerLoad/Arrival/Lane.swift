/// One event loop's place in the whole plan: of everything that is numbered through it takes every `stride`-th.
///
/// All lanes of all shards together are the plan, without gaps and without doubles, and no two of them need to talk.
package struct Lane: Sendable, Equatable {
    /// The number of its first item.
    package let first: Int
    /// From one of its items to the next.
    package let stride: Int

    /// Item k belongs to shard k mod `count`, and there to loop (k / `count`) mod `loops`. Nonsense is clamped.
    package init(shard: Shard = Shard(), loop: Int = 0, loops: Int = 1) {
        let count = max(1, shard.count)
        let loops = max(1, loops)
        first = min(max(0, shard.index), count - 1) + count * min(max(0, loop), loops - 1)
        stride = count * loops
    }

    /// The number in the whole plan of this lane's item `index`, counted from 0.
    package func number(_ index: Int) -> Int { first &+ index &* stride }
}
