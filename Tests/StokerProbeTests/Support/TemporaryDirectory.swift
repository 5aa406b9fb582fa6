import Glibc

/// Runs `body` with a fresh directory of a short name (a unix socket's path has 107 bytes) and removes what it left.
func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/stk-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw SystemFailure(number: errno) }
    let path = String(cString: made)
    defer {
        for name in (try? entries(of: path)) ?? [] { unlink("\(path)/\(name)") }
        rmdir(path)
    }
    try await body(path)
}

struct SystemFailure: Error {
    var number: Int32
}

private func entries(of path: String) throws -> [String] {
    guard let directory = opendir(path) else { throw SystemFailure(number: errno) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        names.append(
            withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            })
    }
    return names.filter { $0 != "." && $0 != ".." }
}
