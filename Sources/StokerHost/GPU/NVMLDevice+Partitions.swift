import CNVML
import StokerCore

/// Multi-instance GPU: a card in parts.
extension NVMLDevice {
    /// The parts of the card; nil when it is not parted.
    func partitions() throws(NVMLCode) -> [GPUPartition]? {
        var (current, pending): (UInt32, UInt32) = (0, 0)
        try caller.call("nvmlDeviceGetMigMode", functions.mig_mode) { $0(handle, &current, &pending) }
        guard current == 1 else { return nil }
        // Seven is what there is; an absurd number would keep us busy.
        let most = min(64, try number("nvmlDeviceGetMaxMigDeviceCount", functions.max_mig_count))
        var found: [GPUPartition] = []
        for index in 0..<max(0, most) {
            var part: cnvml_device?
            do throws(NVMLCode) {
                try caller.call("nvmlDeviceGetMigDeviceHandleByIndex", functions.mig_handle_by_index) {
                    $0(handle, UInt32(index), &part)
                }
                guard let part else { continue }
                found.append(try NVMLDevice(part, caller).partition())
            } catch {
                // Places between the parts are empty: not found.
                guard error.isAbsence || error.number == CNVML_INVALID_ARGUMENT else { throw error }
            }
        }
        return found
    }

    private func partition() throws(NVMLCode) -> GPUPartition {
        var result = GPUPartition(uuid: try uuid())
        result.product = (try? product()) ?? ""
        result.gpuInstance = (try? number("nvmlDeviceGetGpuInstanceId", functions.gpu_instance)).map { Int($0) }
        result.computeInstance = (try? number("nvmlDeviceGetComputeInstanceId", functions.compute_instance))
            .map { Int($0) }
        result.memory = (try? memory()) ?? GPUMemory()
        return result
    }
}
