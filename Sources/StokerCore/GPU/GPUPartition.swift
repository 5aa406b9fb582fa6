/// A part of a card that programs see as a card of its own (MIG).
package struct GPUPartition: Sendable, Equatable, Codable {
    /// NVML's `MIG-…`.
    package var uuid: String
    /// `NVIDIA H100 80GB HBM3 MIG 1g.10gb`; empty where NVML does not say.
    package var product: String
    /// NVML's numbers of the memory slice and of the processors in it.
    package var gpuInstance: Int?
    package var computeInstance: Int?
    package var memory = GPUMemory()

    package init(uuid: String, product: String = "", gpuInstance: Int? = nil, computeInstance: Int? = nil) {
        self.uuid = uuid
        self.product = product
        self.gpuInstance = gpuInstance
        self.computeInstance = computeInstance
    }
}
