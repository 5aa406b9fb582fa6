import Glibc
import ShimProtocol
import StokerCore
import StokerHost
import Testing

extension ShimProcesses {
    @Suite struct LogTests {
        @Test("a flood of 1 GB neither fills the disk nor blocks the child nor grows the shim")
        func flood() async throws {
            let shim = try ShimUnderTest()
            try await shim.start(
                script: """
                    head -c 20000000 /dev/zero; echo first >&3
                    head -c 1073741824 /dev/zero; echo done >&3; exec sleep 1000
                    """, maximumLog: 8 << 20)
            #expect(try await shim.word() == "first")
            let before = anonymousKilobytes(of: shim.shim.pid)
            #expect(try await shim.word() == "done")
            #expect(anonymousKilobytes(of: shim.shim.pid) <= before + 64)
            #expect(size(shim.log) + size(shim.log + ".1") <= 8 << 20)
            #expect(size(shim.log + ".1") == 4 << 20)
        }

        @Test("the file and its directory belong to the user, the group may read")
        func modes() async throws {
            let shim = try ShimUnderTest()
            try await shim.start(script: "echo x")
            _ = try await shim.exit()
            #expect(try status(shim.log).st_mode & 0o777 == 0o640)
            #expect(try status(shim.directory.file("logs")).st_mode & 0o027 == 0)
        }

        @Test("a log goes on where the last one ended")
        func appends() async throws {
            let shim = try ShimUnderTest()
            try await shim.start(script: "echo one")
            _ = try await shim.exit()
            let other = try ShimUnderTest(log: shim.log)
            try await other.start(script: "echo two >&2")
            _ = try await other.exit()
            #expect(shim.logged == "one\ntwo\n")
        }

        @Test("a full disk does not block the child; what is lost is counted and told with the reason")
        func fullDevice() async throws {
            let shim = try ShimUnderTest(log: "/dev/full")
            try await shim.start(script: "head -c 3000000 /dev/zero; echo done >&3; exec sleep 1000")
            #expect(try await shim.word() == "done")
            var lost: UInt64 = 0
            while lost < 3_000_000 {
                let (bytes, error) = try await shim.next {
                    if case .logDropped(let bytes, let error) = $0 { (bytes, error) } else { nil }
                }
                #expect(error == ENOSPC)
                lost += bytes
            }
            #expect(lost == 3_000_000)
        }

        @Test(
            "on a full file system output is kept as far as it goes, and again when there is room",
            .enabled("needs the right to mount", { await mayMount() }))
        func fullFileSystem() async throws {
            let folder = try TemporaryDirectory()
            let program = try ShimUnderTest.program()
            let wrapper = try folder.write(
                """
                #!/bin/sh
                PATH=/usr/sbin:/usr/bin:/sbin:/bin
                [ -n "$STOKER_INNER" ] || STOKER_INNER=1 exec unshare -m "$0" "$@"
                mount -t tmpfs -o size=64k none \(folder.path)/full 2>/dev/null
                exec env -i \(program) "$@"
                """, to: "shim")
            mkdir(folder.file("full"), 0o755)
            let shim = try ShimUnderTest(program: wrapper, log: folder.file("full/engine.log"))
            try await shim.start(
                script: """
                    head -c 300000 /dev/zero; echo written >&3
                    : >\(folder.path)/full/engine.log; sleep 1.2; echo room again; echo said >&3; exec sleep 1000
                    """, maximumLog: 1 << 30)
            #expect(try await shim.word() == "written")
            var lost: UInt64 = 0
            while lost < 300_000 - 65_536 {
                lost += try await shim.next { if case .logDropped(let bytes, ENOSPC) = $0 { bytes } else { nil } }
            }
            #expect(try await shim.word() == "said")
            shim.send(.report)
            _ = try await shim.next { if case .state = $0 { true } else { nil } }
            let log = TextFile.read("/proc/\(shim.shim.pid)/root\(shim.log)")
            #expect(log == "room again\n")
        }

        @Test(
            "a log that cannot be opened does not keep the child from running",
            arguments: [
                ("/proc/version/x.log", ENOTDIR), ("/proc/no-such-directory/x.log", ENOENT), ("/tmp", EISDIR),
            ])
        func unopenable(path: String, error: Int32) async throws {
            let shim = try ShimUnderTest(log: path)
            try await shim.start(script: "echo 12345; echo said >&3; exec sleep 1000")
            #expect(try await shim.word() == "said")
            let lost = try await shim.next {
                if case .logDropped(let bytes, let error) = $0 { (bytes, error) } else { nil }
            }
            #expect(lost == (6, error))
        }

        @Test("a log on a device is neither rotated nor renamed")
        func device() async throws {
            let shim = try ShimUnderTest(log: "/dev/null")
            try await shim.start(script: "head -c 5000000 /dev/zero", maximumLog: 8192)
            #expect(try await shim.exit().status == .code(0))
            #expect(access("/dev/null.1", F_OK) != 0)
            #expect(try status("/dev/null").st_mode & S_IFMT == S_IFCHR)
        }

        @Test("a log that somebody removed or emptied is begun anew")
        func removed() async throws {
            let shim = try ShimUnderTest()
            for (generation, tamper) in [(1, { _ in 0 }), (2, { unlink($0) }), (3, { truncate($0, 0) })]
                as [(UInt64, (String) -> Int32)]
            {
                #expect(tamper(shim.log) == 0)
                try await shim.start(shim.order(["/bin/sh", "-c", "echo \(generation)"], generation: generation))
                _ = try await shim.exit()
                #expect(shim.logged == "\(generation)\n")
            }
        }

        /// The rights to mount: of root, outside most containers.
        private static func mayMount() async -> Bool {
            let run = await runProgram(
                ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"],
                environment: ["PATH=/usr/bin:/bin"], deadline: .seconds(10))
            return run.end == .exited(.code(0))
        }

        /// Memory of its own, without what is mapped from files.
        private func anonymousKilobytes(of pid: Int32) -> Int {
            let lines = TextFile.read("/proc/\(pid)/status")?.split(separator: "\n") ?? []
            let line = lines.first { $0.hasPrefix("RssAnon:") }
            return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
        }

        private func status(_ path: String) throws -> stat {
            var status = stat()
            guard stat(path, &status) == 0 else { throw SystemError(path) }
            return status
        }

        private func size(_ path: String) -> Int { (try? status(path)).map { Int($0.st_size) } ?? 0 }
    }
}
