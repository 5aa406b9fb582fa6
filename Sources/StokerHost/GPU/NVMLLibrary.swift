import CNVML

/// NVIDIA's management library, loaded for as long as somebody holds this object.
///
/// Unchecked: nothing of it changes after its making, and NVML's functions may be called from several threads at once.
final class NVMLLibrary: @unchecked Sendable {
    /// What the loader finds by itself where the driver is installed.
    static let standardName = "libnvidia-ml.so.1"

    let functions: cnvml_functions
    private let handle: UnsafeMutableRawPointer

    /// - Throws: `GPUSourceFailure` with the loader's words.
    init(path: String) throws(GPUSourceFailure) {
        var functions = cnvml_functions()
        var reason: UnsafePointer<CChar>?
        guard let handle = cnvml_open(path, &functions, &reason) else {
            throw GPUSourceFailure(reason.map { String(cString: $0) } ?? "cannot load \(path)")
        }
        self.handle = handle
        self.functions = functions
    }

    deinit { cnvml_close(handle) }

    /// Whether the loader's words say that there is no such library, rather than one that cannot be used.
    static func isMissing(_ failure: GPUSourceFailure, path: String) -> Bool {
        failure.reason.hasPrefix("\(path): cannot open shared object file: No such file or directory")
    }
}

/// Calls NVML's functions, each noted for as long as it lasts.
struct NVMLCaller {
    let library: NVMLLibrary
    let log: GPUCallLog
    /// `GPU 3`; nil: the call is about no card.
    var card: String?

    init(_ library: NVMLLibrary, log: GPUCallLog, card: String? = nil) {
        self.library = library
        self.log = log
        self.card = card
    }

    /// - Throws: what the function answered; `noFunction` when there is none.
    func call<Function>(
        _ name: String, _ function: Function?, _ body: (Function) -> Int32
    ) throws(NVMLCode) {
        guard let function else { throw .noFunction }
        log.enter(name, card: card)
        let code = body(function)
        log.leave()
        guard code == CNVML_SUCCESS else { throw NVMLCode(code) }
    }

    /// A text that the function writes into room of that size.
    func text(
        _ name: String, size: Int, _ function: ((UnsafeMutablePointer<CChar>, UInt32) -> Int32)?
    ) throws(NVMLCode) -> String {
        // One more: a library that forgets the end does not make us read on.
        var bytes = [CChar](repeating: 0, count: size + 1)
        try call(name, function) { function in
            bytes.withUnsafeMutableBufferPointer { room in
                room.baseAddress.map { function($0, UInt32(clamping: size)) } ?? Int32(CNVML_INVALID_ARGUMENT)
            }
        }
        return bytes.withUnsafeBufferPointer {
            String(decoding: $0.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}
