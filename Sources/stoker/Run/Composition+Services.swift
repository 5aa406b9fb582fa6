import Foundation
import Logging
import ServiceLifecycle
import StokerAdmin
import StokerContinuity
import StokerCore
import StokerHost
import StokerMetrics
import StokerStore
import StokerSupervisor
import UnixSignals

extension Composition {
    /// Writes what is left when all others have ended.
    var storeKeeper: any Service {
        Routine { [store = parts.store] in
            try? await gracefulShutdown()
            await store.close()
        }
    }

    /// The API on the unix socket, and read-only on TCP where the plan says so.
    func adminServers(logger: Logger) -> [any Service] {
        let endpoint = MetricsEndpoint(
            registry: registry, startedAt: .now, merging: [{ [link = parts.link] _ in await link.metrics() }])
        let api = AdminAPI(
            controlPlane: daemon, metrics: MetricsPage(endpoint: endpoint),
            guardian: RequestGuard(hostNames: [ProcessInfo.processInfo.hostName]))
        var addresses: [AdminServer.Address] = [.unixSocket(path: plan.controlSocket)]
        if let listen = plan.adminListen { addresses.append(.tcp(listen)) }
        return addresses.map { address in
            let server = AdminServer(address: address, api: api, logger: logger)
            return Routine { try await server.run() }
        }
    }

    /// Keeps the gateway's table current and watches what it finds out.
    var gatewayTalk: any Service {
        Routine { [link = parts.link, supervisor = parts.supervisor] in
            await cancelWhenGracefulShutdown {
                await link.run(clock: ContinuousClock()) { traffic in
                    await supervisor.note { traffic.inFlight(at: $0) }
                }
            }
        }
    }

    /// Reads GPUs, if there are any.
    var gpuReader: [any Service] {
        guard let monitor = parts.gpus else { return [] }
        let service = GPUService(monitor: monitor, sink: parts.sink) { [daemon] in await daemon.namesByPID }
        return [Routine { await service.run(clock: ContinuousClock()) }]
    }

    /// SIGHUP reads the config again; what is wrong with it is an event.
    var hangUps: any Service {
        Routine { [daemon] in
            await cancelWhenGracefulShutdown {
                for await _ in await UnixSignalsSequence(trapping: .sighup) {
                    try? await daemon.reload()
                }
            }
        }
    }

    /// Does drills; one that runs when the daemon ends is ended first.
    var drilling: any Service {
        Routine { [drills] in await cancelWhenGracefulShutdown { await drills.run() } }
    }

    /// The supervisor and the daemon that follows it; asked to end, they end every process in order.
    var supervision: any Service {
        Routine { [daemon, supervisor = parts.supervisor, keeper = parts.keeper] in
            await withDiscardingTaskGroup { group in
                group.addTask { await supervisor.run() }
                group.addTask { await daemon.run() }
                group.addTask { await daemon.watchCanaries(clock: ContinuousClock()) }
                group.addTask { await keeper.run() }
                group.addTask { await giveBackMemory() }
                try? await gracefulShutdown()
                await daemon.stop()
                group.cancelAll()
            }
        }
    }
}

/// A service from a closure.
private struct Routine: Service {
    let body: @Sendable () async throws -> Void

    init(_ body: @escaping @Sendable () async throws -> Void) { self.body = body }

    func run() async throws { try await body() }
}

/// Waits until the start is surely over, then unmaps what only the start needed.
private func giveBackMemory() async {
    guard (try? await ContinuousClock().sleep(for: .seconds(5))) != nil,
        let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
    else { return }
    StartupMemory.giveBack(maps: maps)
}
