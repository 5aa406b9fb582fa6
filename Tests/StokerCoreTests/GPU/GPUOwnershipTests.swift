import StokerCore
import Testing

@Suite struct GPUOwnershipTests {
    /// engine-a is 100, its workers 101 and 102 of 101; a notebook is 500; 900 has lost its parent.
    private let parents: [Int32: Int32] = [
        100: 50, 101: 100, 102: 101, 50: 1, 500: 499, 499: 1, 900: 1, 700: 701, 701: 700,
    ]
    private let ours: [Int32: String] = [100: "engine-a", 200: "engine-b"]

    @Test(
        arguments: [
            (100, "engine-a"), (101, "engine-a"), (102, "engine-a"), (200, "engine-b"), (500, nil), (900, nil),
            (50, nil),
            (1, nil), (0, nil), (-7, nil), (123_456, nil), (700, nil),
        ] as [(Int32, String?)])
    func `memory is its holder's nearest ancestor's that is ours`(pid: Int32, owner: String?) {
        #expect(GPUOwnership.owner(of: pid, parents: parents, ours: ours) == owner)
    }

    @Test func `of two of ours, one below the other, the nearer one has it`() {
        #expect(GPUOwnership.owner(of: 102, parents: parents, ours: [100: "outer", 101: "inner"]) == "inner")
    }

    @Test func `a chain without end is nobody's`() {
        let chain = Dictionary(uniqueKeysWithValues: (2...5000).map { (Int32($0), Int32($0 + 1)) })
        #expect(GPUOwnership.owner(of: 2, parents: chain, ours: [5000: "far"]) == nil)
    }

    @Test func `memory is summed by owner, strangers last, and what is unknown is not zero`() {
        let memory = GPUOwnership.memory(of: [
            GPUProcess(pid: 1, memory: 5, owner: "b"), GPUProcess(pid: 2, memory: 7),
            GPUProcess(pid: 3, memory: 1, owner: "a"),
            GPUProcess(pid: 4, memory: 2, owner: "b"), GPUProcess(pid: 5, memory: nil, owner: "c"),
            GPUProcess(pid: 6, memory: 3),
        ])
        #expect(memory.map(\.owner) == ["a", "b", nil])
        #expect(memory.map(\.bytes) == [1, 7, 10])
    }

    @Test func `a sum that cannot be is as much as can be`() {
        let memory = GPUOwnership.memory(of: [GPUProcess(pid: 1, memory: .max), GPUProcess(pid: 2, memory: .max)])
        #expect(memory.map(\.bytes) == [.max])
    }

    @Test func `a process on two lists counts once`() {
        let lists = [
            GPUProcess(pid: 7, memory: 10), GPUProcess(pid: 3, memory: 1), GPUProcess(pid: 7, memory: 12),
            GPUProcess(pid: 7, memory: nil),
        ]
        #expect(GPUProcess.merged(lists) == [GPUProcess(pid: 3, memory: 1), GPUProcess(pid: 7, memory: 12)])
    }

    @Test func `a process in two parts of a card counts in both`() {
        let lists = [GPUProcess(pid: 7, memory: 10, gpuInstance: 2), GPUProcess(pid: 7, memory: 10, gpuInstance: 1)]
        #expect(GPUProcess.merged(lists).map(\.gpuInstance) == [1, 2])
    }
}
