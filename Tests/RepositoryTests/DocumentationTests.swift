import StokerCore
import Testing

/// The documents and the code say the same.
@Suite struct DocumentationTests {
    static let documents = Repository.files(endingIn: ".md").map(Document.init)

    @Test(arguments: documents)
    func `every relative link leads somewhere`(document: Document) {
        for link in document.links {
            let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let path = parts[0].isEmpty ? document.path : document.resolve(String(parts[0]))
            guard Repository.exists(path) else {
                Issue.record("\(document.path) links to \(link), which does not exist")
                continue
            }
            if parts.count == 2, path.hasSuffix(".md") {
                #expect(
                    Document(path: path).anchors.contains(String(parts[1])),
                    "\(document.path) links to \(link), and there is no such heading")
            }
        }
    }

    @Test func `every metric of the code is in docs/metrics.md, and no other`() throws {
        let page = try #require(Repository.text(of: "docs/metrics.md"))
        let documented = Set(page.matches(of: /`(stoker_[a-z0-9_]+)/).map { String($0.1) })
        let declared = Set(SwiftFile.sources.flatMap(Self.metricNames))
        for name in declared.subtracting(documented).sorted() { Issue.record("\(name) is not in docs/metrics.md") }
        for name in documented.subtracting(declared).sorted() { Issue.record("docs/metrics.md names \(name): no code") }
    }

    @Test func `every kind of event is in docs/events.md, and no other`() throws {
        let page = try #require(Repository.text(of: "docs/events.md"))
        let documented = Set(page.matches(of: /`([a-z]+\.[a-z-]+)`/).map { String($0.1) })
        let areas = Set(Event.Kind.allCases.map { String($0.rawValue.prefix { $0 != "." }) })
        for kind in Event.Kind.allCases {
            #expect(documented.contains(kind.rawValue), "\(kind.rawValue) is not in docs/events.md")
        }
        for word in documented where areas.contains(String(word.prefix { $0 != "." })) {
            #expect(Event.Kind(rawValue: word) != nil, "docs/events.md names \(word), and there is no such kind")
        }
    }

    @Test(arguments: Engine.allCases)
    func `docs/engines.md says what the profile says`(engine: Engine) throws {
        let page = Document(path: "docs/engines.md")
        let profile = EngineProfile.of(engine)
        let row = try #require(page.prose.first { $0.hasPrefix("| `\(engine.rawValue)`") }, "no row for \(engine)")
        let cells = row.split(separator: "|").map { $0.filter { $0 != " " && $0 != "`" } }
        #expect(cells[1] == "\(profile.defaultPort)")
        #expect(cells[2] == profile.healthPath)
        #expect(cells[3] == profile.probeTimeout.text)
        #expect(cells[4] == profile.startTimeout.text.replacing("m", with: "min"))
        #expect(cells[5] == profile.metricsPath ?? "none")
        #expect(cells.count > 6 && cells[6] == profile.addedArguments.joined())
    }

    @Test func `every command that README types exists`() throws {
        let readme = Document(path: "README.md")
        let makefile = try #require(Repository.text(of: "Makefile"))
        let targets = Set(makefile.matches(of: /(?m)^([a-z-]+):.*##/).map { String($0.1) })
        let commands = Set(SwiftFile.sources.filter { $0.target == "stoker" }.flatMap(Self.commandNames))
        for line in readme.fenced {
            let words = line.split(separator: " ")
            guard words.count > 1 else { continue }
            if words[0] == "make" { #expect(targets.contains(String(words[1])), "README: \(line)") }
            if words[0] == "stoker" || words[0].hasSuffix("/stoker") {
                #expect(commands.contains(String(words[1])), "README: \(line)")
            }
        }
    }

    @Test func `every command and make target is in a table of README`() throws {
        let readme = try #require(Repository.text(of: "README.md"))
        // Those under `stoker load` share a row, where their names stand alone.
        for command in SwiftFile.sources.filter({ $0.target == "stoker" }).flatMap(Self.commandNames) {
            let isThere = readme.contains("`stoker \(command)") || readme.contains("`\(command)`")
            #expect(isThere, "README does not mention stoker \(command)")
        }
    }

    @Test func `no file names a path of the machine it was written on`() {
        // Split, so that this file does not find itself.
        let machine = ["/wo" + "rk/", "/op" + "t/swift-packages"]
        let suffixes = [".swift", ".md", ".py", ".sh", ".yaml", ".yml", ".json", ".txt", "Makefile", ".h", ".c", "run"]
        for path in suffixes.flatMap({ Repository.files(endingIn: $0) }) {
            let text = Repository.text(of: path) ?? ""
            for prefix in machine where text.contains(prefix) { Issue.record("\(path) contains \(prefix)") }
        }
    }

    /// Whole string literals that look like one of our metric names. Suffixes of histograms are made, not declared.
    private static func metricNames(of file: SwiftFile) -> [String] {
        file.lines.flatMap { line in
            line.matches(of: /"(stoker_(?:gateway|supervisor|knowledge|[a-z]+)_[a-z0-9_]+)"/).map { String($0.1) }
        }
    }

    private static func commandNames(of file: SwiftFile) -> [String] {
        file.lines.joined(separator: "\n").matches(of: /commandName:\s*"([a-z-]+)"/).map { String($0.1) }
            .filter { $0 != "stoker" && $0 != "stoker-shim" }
    }
}
