import CNVML

/// An answer of NVML that is not success.
struct NVMLCode: Error, Equatable {
    var number: Int32

    init(_ number: Int32) { self.number = number }

    init(_ number: Int) { self.number = Int32(clamping: number) }

    /// The library is too old for that function.
    static let noFunction = NVMLCode(CNVML_FUNCTION_NOT_FOUND)

    /// The card, its driver, its mode or our rights have no such value: nothing is wrong.
    var isAbsence: Bool {
        [
            CNVML_NOT_SUPPORTED, CNVML_NO_PERMISSION, CNVML_NOT_FOUND, CNVML_FUNCTION_NOT_FOUND, CNVML_NO_DATA,
            CNVML_ARGUMENT_VERSION_MISMATCH, CNVML_DEPRECATED,
        ].contains(Int(number))
    }

    /// The card is of no use until somebody acts.
    var isLoss: Bool { [CNVML_GPU_IS_LOST, CNVML_RESET_REQUIRED].contains(Int(number)) }

    /// The driver went away under the library: it must be initialised anew.
    var isEndOfSession: Bool {
        [CNVML_UNINITIALIZED, CNVML_DRIVER_NOT_LOADED, CNVML_LIBRARY_VERSION_MISMATCH].contains(Int(number))
    }

    /// What it means, with its number.
    var words: String { "\(Self.meanings[number] ?? "an error that has no name here") (NVML error \(number))" }

    private static let meanings: [Int32: String] = [
        1: "not initialised", 2: "invalid argument", 3: "not supported", 4: "no permission", 6: "not found",
        7: "insufficient size", 8: "the card's power cables are not attached",
        9: "the NVIDIA driver is not loaded", 10: "timeout", 11: "the kernel has a problem with the card's interrupt",
        12: "a library that NVML needs is missing", 13: "the library has no such function",
        14: "the card's configuration memory is damaged", 15: "the GPU is lost, it has fallen off the bus",
        16: "the GPU must be reset before it can be used",
        17: "the system blocks access to the card (cgroup, container)",
        18: "library and loaded driver differ in version: reload the driver, or reboot", 19: "in use",
        20: "out of memory", 21: "no data", 25: "another version of the argument is wanted", 26: "no longer supported",
        27: "not ready", 28: "no GPU found", 999: "unknown error",
    ]
}
