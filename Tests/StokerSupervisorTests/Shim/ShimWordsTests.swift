import ShimProtocol
import StokerCore
import StokerSupervisor
import Testing

@Suite struct ShimWordsTests {
    private let order = StartOrder(
        generation: 1, command: ["/usr/bin/vllm", "serve"], environment: ["HOME=/", "PATH=/bin:/usr/bin"],
        directory: "/srv/models", log: LogOrder(path: "/log", maximumBytes: 1),
        limits: LimitsOrder(openFiles: 9_999_999, coreBytes: 5, addressSpaceBytes: 6, oomScoreAdjust: -500))

    private func text(_ step: StartFailure.Step, _ error: Int32, exists: Bool = false) -> String {
        StartFailure(step: step, error: error).text(of: order, programExists: exists)
    }

    @Test("a program that cannot be started is named with the kernel's reason")
    func program() {
        #expect(text(.program, 2) == "/usr/bin/vllm: No such file or directory")
        #expect(text(.program, 13) == "/usr/bin/vllm: Permission denied")
        #expect(text(.program, 8) == "/usr/bin/vllm: Exec format error")
    }

    @Test("a script whose interpreter is missing is not called missing itself")
    func interpreter() {
        #expect(
            text(.program, 2, exists: true)
                == "/usr/bin/vllm: its interpreter, named in its first line, does not exist")
    }

    @Test("a program that was searched for is told with where")
    func searched() {
        var order = order
        order.command = ["vllm"]
        let failure = StartFailure(step: .program, error: 2)
        #expect(failure.text(of: order, programExists: false) == "vllm: not found in PATH (/bin:/usr/bin)")
        order.environment = []
        #expect(failure.text(of: order, programExists: false) == "vllm: not found in PATH ()")
    }

    @Test("every other step says what it could not do")
    func others() {
        #expect(text(.directory, 2) == "directory /srv/models: No such file or directory")
        #expect(text(.output, 24) == "pipe for its output: Too many open files")
        #expect(text(.openFiles, 1) == "limit of 9999999 open files: Operation not permitted")
        #expect(text(.coreBytes, 1) == "core file limit of 5 bytes: Operation not permitted")
        #expect(text(.addressSpace, 1) == "address space limit of 6 bytes: Operation not permitted")
        #expect(text(.oomScore, 13) == "oom_score_adj -500: Permission denied")
        #expect(text(.busy, 16) == "its shim is still busy with an earlier one")
        #expect(text(.order, 22) == "an empty command")
    }

    @Test("a plan becomes an order: environment sorted, secrets revealed, limits taken over")
    func plan() {
        var process = ProcessPlan(name: "a", kind: .other, command: ["/bin/engine"], directory: "/srv")
        process.environment = ["B": Secret("hidden", isSecret: true), "A": "1"]
        process.log = LogPolicy(maxSize: .mebibytes(2))
        let order = StartOrder(process, generation: 3, logPath: "/log/a.log", inherited: [])
        #expect(order.environment == ["A=1", "B=hidden"])
        #expect(order.log == LogOrder(path: "/log/a.log", maximumBytes: 2 << 20))
        #expect(order.directory == "/srv")
        #expect(order.limits == LimitsOrder(coreBytes: 0, oomScoreAdjust: 300))
    }

    @Test("inherited descriptors are announced as systemd announces them")
    func inherited() {
        let process = ProcessPlan(name: "gateway", kind: .gateway, command: ["/bin/stoker"])
        let order = StartOrder(process, generation: 1, logPath: "/log", inherited: ["gateway", "tls"])
        #expect(order.environment == ["LISTEN_FDNAMES=gateway:tls", "LISTEN_FDS=2"])
    }

    @Test("ends are told in the words of the core")
    func ends() {
        #expect(ExitStatus(ChildStatus.code(3)) == .code(3))
        #expect(ExitStatus(ChildStatus.signal(11, dumpedCore: true)) == .signal(11, dumpedCore: true))
    }
}
