import StokerConfig
import StokerCore
import Testing

@Suite struct ProcessTests {
    @Test(arguments: [
        ("engine: simulator", ProcessKind.inference, Engine?.some(.simulator)),
        ("engine: stoker", .knowledge, .stoker),
        ("kind: knowledge", .knowledge, .stoker),
        ("kind: inference, command: [x]", .inference, .openai),
        ("kind: knowledge, command: [x]", .knowledge, nil),
        ("command: [x]", .other, nil),
        ("engine: vllm, url: \"http://h\"", .inference, .vllm),
    ])
    func `kind and engine follow from each other`(keys: String, kind: ProcessKind, engine: Engine?) throws {
        let process = try Reading.process("a", in: "processes: { a: { \(keys) } }")
        #expect(process.kind == kind && process.engine == engine)
    }

    @Test(arguments: Engine.allCases)
    func `an engine brings its port and its probes`(engine: Engine) throws {
        let profile = EngineProfile.of(engine)
        let process = try Reading.process("engine: \(engine.rawValue)", "command: [serve]")
        let url = "http://127.0.0.1:\(profile.defaultPort)\(profile.healthPath)"
        #expect(process.endpoint == BackendAddress(host: "127.0.0.1", port: profile.defaultPort))
        #expect(process.probes.readiness?.target == .http(url: url))
        #expect(process.probes.startup?.target == .http(url: url))
        #expect(process.probes.startup?.interval == .milliseconds(250))
        #expect(process.probes.readiness?.timeout == profile.probeTimeout)
        #expect(process.probes.startTimeout == profile.startTimeout)
        #expect(process.probes.liveness == nil)
        #expect(process.command == ["serve"] + profile.addedArguments)
    }

    @Test func `a process without engine, port and probes is only run`() throws {
        let process = try Reading.process("command: [sleep, infinity]")
        #expect(process.endpoint == nil && process.probes == ProbePlans())
        #expect(process.environment["PORT"] == nil)
    }

    @Test(arguments: [
        ("[llama-server, --metrics]", ["llama-server", "--metrics"]),
        ("[llama-server, --metrics=1]", ["llama-server", "--metrics=1"]),
        ("[llama-server, --metrics-port, \"1\"]", ["llama-server", "--metrics-port", "1", "--metrics"]),
    ])
    func `an argument that is there is not added again`(written: String, expected: [String]) throws {
        #expect(try Reading.process("engine: llama.cpp", "command: \(written)").command == expected)
    }

    @Test(arguments: [
        (["engine: llama.cpp", "command: [x, -np, \"4\"]"], Int?.some(4)),
        (["engine: llama.cpp", "command: [x, -np, \"4\"]", "slots: 6"], 6),
        (["engine: vllm", "url: http://h", "slots: 9"], 9),
        (["engine: simulator", "added_arguments: [--slots, \"2\"]"], 2),
        (["engine: vllm", "command: [vllm, serve]"], nil),
    ])
    func `slots are what the config says, else the command`(keys: [String], slots: Int?) throws {
        #expect(try Reading.process(keys.joined(separator: "\n    ")).slots == slots)
    }

    @Test func `options are added with their values, and left out with them`() throws {
        let equal = try Reading.process(
            "engine: openai", "command: [x]", "port: 9001",
            "added_arguments: [--slots, \"2\", --tokens, \"2\", --seed, \"-1\"]")
        #expect(equal.command == ["x", "--slots", "2", "--tokens", "2", "--seed", "-1"])
        let there = try Reading.process(
            "engine: openai", "command: [x, --slots, \"4\"]", "port: 9001",
            "added_arguments: [--slots, \"2\", --metrics]")
        #expect(there.command == ["x", "--slots", "4", "--metrics"])
    }

    @Test func `added arguments can be others, or none`() throws {
        let none = try Reading.process("engine: llama.cpp", "command: [x]", "added_arguments: []")
        #expect(none.command == ["x"])
        let others = try Reading.process("engine: stoker", "added_arguments: [--seed, \"dir/${PORT}\"]")
        #expect(others.command?.suffix(2) == ["--seed", "dir/9010"])
    }

    @Test func `Stoker's own engines need no command`() throws {
        let text = """
            state_dir: /srv/s
            processes:
              kb: { engine: stoker }
              sim: { engine: simulator, port: 9005 }
              lone: { engine: simulator, port: 9006 }
            models: { gemma: { backends: [sim], served_as: gemma-3 } }
            """
        let plan = try Reading.plan(text)
        #expect(
            plan.process(named: "kb")?.command == [
                "/usr/bin/stoker", "knowledge", "--listen", "127.0.0.1:9010", "--database",
                "/srv/s/knowledge/kb.sqlite",
            ])
        let simulate = ["/usr/bin/stoker", "simulate", "--listen"]
        #expect(plan.process(named: "sim")?.command == simulate + ["127.0.0.1:9005", "--model", "gemma-3"])
        #expect(plan.process(named: "lone")?.command == simulate + ["127.0.0.1:9006", "--model", "lone"])
    }

    @Test(arguments: [
        ("[/usr/bin/x, ./y]", "/usr/bin/x"), ("[bin/x, ./y]", "/opt/e/bin/x"), ("[../x, ./y]", "/opt/x"),
        ("[x, ./y]", "x"),
    ])
    func `the program is relative to the directory, arguments stay as written`(written: String, program: String) throws
    {
        let process = try Reading.process("directory: /opt/e", "command: \(written)")
        #expect(process.command == [program, "./y"] && process.directory == "/opt/e")
    }

    @Test func `the directory is relative to that of the file, and is it by default`() throws {
        #expect(try Reading.process("command: [x]").directory == "/etc/stoker")
        #expect(try Reading.process("command: [x]", "directory: ..").directory == "/etc")
    }

    @Test func `PORT is replaced wherever a command is written`() throws {
        let process = try Reading.process(
            "engine: openai", "port: 9001",
            "command: [x, \"--port=${PORT}\", \"$${PORT}\", $PORT]",
            "probes: { liveness: { exec: [./check, \"${PORT}\"] }, readiness: { http: \"/x?p=${PORT}\" } }")
        #expect(process.command == ["x", "--port=9001", "${PORT}", "$PORT"])
        #expect(process.probes.liveness?.target == .exec(command: ["/etc/stoker/check", "9001"]))
        #expect(process.probes.readiness?.target == .http(url: "http://127.0.0.1:9001/x?p=9001"))
    }

    @Test func `policies are read, each in its place`() throws {
        let process = try Reading.process(
            "command: [x]", "autostart: false",
            "restart: { backoff: { initial: 1s, max: 2s }, give_up: { starts: 3, within: 4s }, stable_after: 5s }",
            "stop: { grace: 6s }", "log: { max_size: 7MiB }",
            "limits: { open_files: 80, core: 9MiB, address_space: 10MiB, oom_score_adjust: 11 }")
        #expect(
            process.restart
                == RestartPolicy(
                    initialDelay: .seconds(1), maxDelay: .seconds(2), stableAfter: .seconds(5), giveUpStarts: 3,
                    giveUpWithin: .seconds(4)))
        #expect(process.stop.grace == .seconds(6) && process.log.maxSize == .mebibytes(7) && !process.autostart)
        #expect(
            process.limits
                == ResourceLimits(
                    openFiles: 80, coreBytes: 9 << 20, addressSpaceBytes: 10 << 20, oomScoreAdjust: 11))
    }

    @Test func `policies have the defaults of the core`() throws {
        let process = try Reading.process("command: [x]")
        #expect(process.restart == RestartPolicy() && process.stop == StopPolicy())
        #expect(process.log == LogPolicy() && process.limits == ResourceLimits() && process.autostart)
    }

    @Test func `the order of the file is kept`() throws {
        let text = "processes:\n" + "dacb".map { "  \($0): { command: [x] }\n" }.joined()
        #expect(try Reading.plan(text).processes.map(\.name) == ["d", "a", "c", "b"])
    }

    @Test func `names of all allowed lengths are taken`() throws {
        for length in [1, 47, 48] {
            let name = String(repeating: "a", count: length)
            #expect(try Reading.plan("processes: { \(name): { command: [x] } }").processes.map(\.name) == [name])
        }
    }

    @Test func `start conditions are read`() throws {
        let text = "processes: { a: { command: [x], start_after: { b: ready, c: started } }, b: { command: [x] }, "
        let process = try Reading.process("a", in: text + "c: { command: [x] } }")
        #expect(process.startAfter == ["b": .ready, "c": .started])
    }
}
