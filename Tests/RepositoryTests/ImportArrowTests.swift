import Testing

/// The module map of docs/architecture.md as a value: what each target may import. An import that is not here is a
/// decision, and decisions are made in a review of this file.
@Suite struct ImportArrowTests {
    struct Allowed {
        var own: Set<String> = []
        var outside: Set<String> = []
    }

    /// Modules of the toolchain that any target may use. Foundation is not among them: it has no place in the core, the
    /// data plane or the shim.
    static let toolchain: Set = ["Glibc", "Darwin", "Synchronization", "Dispatch"]

    static let map: [String: Allowed] = [
        "StokerCore": Allowed(),
        "ShimProtocol": Allowed(),
        "StokerConfig": Allowed(own: ["StokerCore"], outside: ["Yams", "Foundation", "FoundationEssentials"]),
        "StokerHost": Allowed(own: ["StokerCore", "CLinux", "CNVML"], outside: ["FoundationEssentials"]),
        "StokerMetrics": Allowed(own: ["StokerCore", "CMetrics"], outside: ["FoundationEssentials"]),
        "StokerNet": Allowed(own: ["StokerHost", "CLinux", "COpenSSL"], outside: ["NIOCore", "HeapModule"]),
        "StokerProbe": Allowed(own: ["StokerCore", "CCurl"], outside: ["FoundationEssentials"]),
        "StokerStore": Allowed(
            own: ["StokerCore"], outside: ["GRDB", "Dispatch", "Foundation", "FoundationEssentials"]),
        "StokerWire": Allowed(),
        "StokerAdmin": Allowed(
            own: ["StokerCore", "StokerMetrics"],
            outside: ["Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "Logging", "FoundationEssentials"]),
        "StokerGateway": Allowed(
            own: ["StokerCore", "StokerHost", "StokerMetrics", "StokerNet", "StokerWire", "CLinux"],
            outside: ["NIOCore", "Logging", "FoundationEssentials"]),
        "StokerContinuity": Allowed(own: ["StokerCore", "StokerStore"], outside: ["FoundationEssentials"]),
        "StokerLoad": Allowed(
            own: ["StokerCore", "StokerHost", "StokerMetrics", "StokerNet", "StokerWire", "CLinux"],
            outside: ["HeapModule", "DequeModule", "FoundationEssentials"]),
        "StokerKnowledge": Allowed(
            own: ["StokerCore", "StokerStore", "StokerMetrics"],
            outside: [
                "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "GRDB", "Logging", "ServiceLifecycle",
                "UnixSignals", "Foundation", "FoundationEssentials",
            ]),
        "StokerSimulator": Allowed(
            own: ["StokerCore", "StokerMetrics", "StokerWire"],
            outside: ["NIOCore", "NIOPosix", "FoundationEssentials"]),
        "StokerSupervisor": Allowed(
            own: ["StokerCore", "StokerHost", "StokerProbe", "StokerMetrics", "ShimProtocol", "CLinux"],
            outside: ["ServiceLifecycle", "Logging", "FoundationEssentials"]),
        "stoker-shim": Allowed(own: ["ShimProtocol", "CLinux"]),
        "stoker": Allowed(
            own: [
                "StokerCore", "StokerConfig", "StokerHost", "StokerMetrics", "StokerProbe", "StokerStore",
                "StokerAdmin", "StokerContinuity", "StokerGateway", "StokerKnowledge", "StokerLoad", "StokerSimulator",
                "StokerSupervisor",
            ],
            outside: [
                "ArgumentParser", "ServiceLifecycle", "UnixSignals", "Logging", "NIOCore", "NIOPosix", "Foundation",
                "FoundationEssentials",
            ]),
    ]

    @Test(arguments: SwiftFile.sources)
    func `a file imports only what its target may`(file: SwiftFile) throws {
        let allowed = try #require(Self.map[file.target], "no row in the module map for \(file.target)")
        for module in Self.imports(of: file) {
            #expect(
                allowed.own.union(allowed.outside).union(Self.toolchain).contains(module),
                "\(file.path) imports \(module)")
        }
    }

    @Test func `features never import each other, and nothing imports the program`() {
        let features: Set = [
            "StokerAdmin", "StokerContinuity", "StokerGateway", "StokerKnowledge", "StokerLoad", "StokerSimulator",
            "StokerSupervisor", "stoker",
        ]
        for (target, allowed) in Self.map where target != "stoker" {
            #expect(allowed.own.isDisjoint(with: features), "\(target) reaches sideways or up")
        }
    }

    @Test func `every row of the map has a target with code`() {
        let targets = Set(SwiftFile.sources.map(\.target))
        for target in Self.map.keys { #expect(targets.contains(target), "\(target) is gone: drop its row") }
    }

    /// The modules that a file imports, whatever stands before `import`.
    static func imports(of file: SwiftFile) -> Set<String> {
        var modules: Set<String> = []
        for line in file.code {
            let words = line.split(separator: " ")
            guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count,
                words[..<keyword].allSatisfy(Self.isModifier)
            else { continue }
            var name = words[keyword + 1]
            // `import struct Foundation.Data` names the kind first.
            if ["struct", "class", "enum", "func", "protocol", "typealias", "var", "let"].contains(name),
                keyword + 2 < words.count
            {
                name = words[keyword + 2]
            }
            modules.insert(String(name.prefix { $0 != "." }))
        }
        return modules
    }

    private static func isModifier(_ word: Substring) -> Bool {
        word.hasPrefix("@") || ["public", "package", "internal", "private", "fileprivate"].contains(word)
    }
}
