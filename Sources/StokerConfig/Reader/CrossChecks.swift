import StokerCore

/// Checks between the parts of a file: names that must exist, ports that must differ, orders that must end.
struct CrossChecks {
    let draft: PlanDraft
    let diagnostics: Diagnostics

    /// The kernel's `sun_path` has 108 bytes, the last of them NUL.
    static let longestSocketPath = 107

    func run() {
        checkNames()
        checkPorts()
        checkStartOrder()
        checkModels()
        StandbyChecks(draft: draft, diagnostics: diagnostics).run()
        checkSocketPaths()
    }

    private func checkNames() {
        for process in draft.processes where process.plan.name == "gateway" {
            diagnostics.report(
                .reservedName, "gateway is the name of Stoker's own gateway process", at: process.place,
                hint: "gateway-b:")
        }
    }

    private func checkPorts() {
        var owners: [UInt16: String] = [:]
        var listeners = [(name: "gateway", endpoint: draft.plan.gateway.listen, place: draft.gatewayPlace)]
        if let admin = draft.plan.adminListen { listeners.append(("admin", admin, draft.adminPlace)) }
        for listener in listeners where listener.endpoint.port != 0 {
            claim(listener.endpoint.port, for: listener.name, at: listener.place, key: "listen: 127.0.0.1:", &owners)
        }
        for process in draft.processes where process.isPortKnown {
            guard let port = process.plan.endpoint?.port else { continue }
            claim(port, for: process.plan.name, at: process.portPlace, key: "port: ", &owners)
        }
    }

    private func claim(
        _ port: UInt16, for name: String, at place: Place, key: String, _ owners: inout [UInt16: String]
    ) {
        if let owner = owners[port] {
            diagnostics.report(
                .portClash, "port \(port) of \(name) is that of \(owner) already", at: place,
                hint: key + String(freePort(from: port)))
        } else {
            owners[port] = name
        }
    }

    /// The next port that nothing in this file uses; whether the machine uses it is not known here.
    private func freePort(from port: UInt16) -> UInt16 {
        var used = Set(draft.processes.compactMap { $0.plan.endpoint?.port })
        used.insert(draft.plan.gateway.listen.port)
        if let admin = draft.plan.adminListen { used.insert(admin.port) }
        let above = (port...UInt16.max).first { !used.contains($0) }
        return above ?? (9001...port).first { !used.contains($0) } ?? port
    }

    private func checkStartOrder() {
        let names = draft.processes.map(\.plan.name)
        let known = Set(names)
        for process in draft.processes {
            for dependency in process.startAfter where !known.contains(dependency.value) {
                reportUnknown(dependency, names, hint: { "start_after: { \($0): ready }" })
            }
        }
        for cycle in StartCycles(draft.processes).all {
            diagnostics.report(
                .startCycle, "start_after goes round in a circle: \(cycle.path.joined(separator: " → "))",
                at: cycle.place, hint: "remove the entry \(cycle.path.dropFirst().first ?? "")")
        }
    }

    private func checkModels() {
        let names = draft.processes.map(\.plan.name)
        for member in draft.models.flatMap(\.members) {
            guard let process = draft.plan.process(named: member.value) else {
                reportUnknown(member, names, hint: { "backends: [\($0)]" })
                continue
            }
            if process.kind != .inference {
                diagnostics.report(
                    .wrongKind,
                    "\(process.name) is of kind \(process.kind.rawValue); a backend must be of kind inference",
                    at: member.place, hint: "remove \(process.name), or give it kind: inference")
            }
        }
    }

    private func reportUnknown(_ name: Located<String>, _ names: [String], hint: (String) -> String) {
        let shown = Spelling.shown(name.value)
        if let meant = Spelling.nearest(to: name.value, among: names) {
            diagnostics.report(
                .unknownProcess, "there is no process \(shown); did you mean \(meant)?", at: name.place,
                hint: hint(meant))
        } else {
            diagnostics.report(
                .unknownProcess, "there is no process \(shown); there are: \(names.joined(separator: ", "))",
                at: name.place, hint: hint(names.first ?? "engine-a"))
        }
    }

    private func checkSocketPaths() {
        let plan = draft.plan
        let sockets = [plan.controlSocket, plan.shimSocket(of: ProcessPlan.longestGatewayName)]
        let longest = (sockets + plan.processes.map { plan.shimSocket(of: $0.name) }).max {
            $0.utf8.count < $1.utf8.count
        }
        guard let longest, longest.utf8.count > Self.longestSocketPath else { return }
        diagnostics.report(
            .pathTooLong,
            "the socket \(longest) has \(longest.utf8.count) bytes; the kernel allows \(Self.longestSocketPath)",
            at: draft.runtimePlace, hint: "runtime_dir: /run/stoker")
    }
}
