package import StokerCore
import StokerHost
package import StokerProbe

/// The prober of production: HTTP and TCP over libcurl, programs by the host.
package struct SystemProber: Prober {
    private let client: CurlClient

    /// A prober over that client, which others may share.
    package init(client: CurlClient) { self.client = client }

    /// Asks; a program runs with the environment and in the directory of its process.
    package func ask(_ target: ProbeTarget, of process: ProcessPlan, timeout: Duration) async -> ProbeResult {
        guard case .exec(let command) = target else {
            // The gateway's certificate is for its clients' name of it, not for the address of the probe; and an
            // expired one is no reason to restart it.
            return await client.probe(target, timeout: timeout, checksCertificate: process.kind != .gateway)
        }
        let environment = process.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.revealed)" }
        let run = await runProgram(
            command, environment: environment, directory: process.directory, deadline: timeout)
        return ProbeResult(failure: Self.failure(run), total: run.took)
    }

    /// What the end of a program means for a probe.
    private static func failure(_ run: ProgramRun) -> ProbeResult.Failure? {
        switch run.end {
        case .exited(.code(0)): nil
        case .exited(let status): .exit(status.number)
        case .timeout: .timeout(phase: "exec")
        case .startFailed(let why): .other(why)
        }
    }
}
