import CNVML
import StokerCore

/// Who holds memory of the card.
extension NVMLDevice {
    /// More at once are not asked for: a list that grows with each answer is a mistake.
    private static var mostProcesses: Int { 4096 }

    /// All lists joined; nil when what came cannot be true.
    ///
    /// Drivers 535.43 to 535.98 fill a larger struct than they say, so that every second entry is nonsense; it shows by
    /// more memory than the card has, and then the whole list is worth nothing.
    func processes(memoryOfCard: Int64?) throws(NVMLCode) -> [GPUProcess]? {
        var found = try computeProcesses()
        for (name, function) in [
            ("nvmlDeviceGetGraphicsRunningProcesses_v3", functions.graphics_processes_v3),
            ("nvmlDeviceGetMPSComputeRunningProcesses_v3", functions.mps_processes_v3),
        ] {
            do throws(NVMLCode) {
                found += try list(name, function)
            } catch {
                guard error.isAbsence else { throw error }
            }
        }
        return Self.processes(found, memoryOfCard: memoryOfCard)
    }

    /// What NVML's entries say; nil when one of them cannot be true.
    static func processes(_ entries: [cnvml_process], memoryOfCard: Int64?) -> [GPUProcess]? {
        var result: [GPUProcess] = []
        for entry in entries {
            guard let pid = Int32(exactly: entry.pid), pid > 0 else { return nil }
            // All bits set: the driver does not tell processes apart (MIG without the right to, WSL).
            let memory = entry.memory == .max ? nil : GPUUnit.bytes(entry.memory)
            if entry.memory != .max, memory == nil { return nil }
            if let memory, let memoryOfCard, memory > memoryOfCard { return nil }
            let instance = entry.gpu_instance == CNVML_NO_INSTANCE ? nil : Int(entry.gpu_instance)
            result.append(GPUProcess(pid: pid, memory: memory, gpuInstance: instance))
        }
        return GPUProcess.merged(result)
    }

    private func computeProcesses() throws(NVMLCode) -> [cnvml_process] {
        if let function = functions.compute_processes_v3 ?? functions.compute_processes_v2 {
            return try list("nvmlDeviceGetComputeRunningProcesses", function)
        }
        let entries = try grow(
            "nvmlDeviceGetComputeRunningProcesses", functions.compute_processes_v1, cnvml_process_v1()
        ) { $0(handle, $1, $2) }
        return entries.map {
            cnvml_process(
                pid: $0.pid, memory: $0.memory, gpu_instance: CNVML_NO_INSTANCE, compute_instance: CNVML_NO_INSTANCE)
        }
    }

    private func list(_ name: String, _ function: cnvml_get_processes?) throws(NVMLCode) -> [cnvml_process] {
        try grow(name, function, cnvml_process()) { $0(handle, $1, $2) }
    }

    /// Asks with more room until the list fits; processes may start between two questions.
    private func grow<Function, Entry>(
        _ name: String, _ function: Function?, _ empty: Entry,
        _ body: (Function, UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<Entry>?) -> Int32
    ) throws(NVMLCode) -> [Entry] {
        var room = 32
        while true {
            var entries = [Entry](repeating: empty, count: room)
            var count = UInt32(room)
            do throws(NVMLCode) {
                try caller.call(name, function) { function in
                    entries.withUnsafeMutableBufferPointer { body(function, &count, $0.baseAddress) }
                }
                return Array(entries.prefix(Int(count)))
            } catch {
                guard error.number == CNVML_INSUFFICIENT_SIZE, room < Self.mostProcesses else { throw error }
                room = min(Self.mostProcesses, max(room * 2, Int(count) + 8))
            }
        }
    }
}
