import Glibc

/// Runs `body` with a fresh directory of a short name (a unix socket's path has 107 bytes) and removes what it left.
func withTemporaryDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    var template = Array("/tmp/sta-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw SystemFailure(number: errno) }
    let path = String(cString: made)
    defer {
        for name in names(in: path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }
    return try await body(path)
}

struct SystemFailure: Error {
    var number: Int32
}

/// The names of the files in a directory, in order.
func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        names.append(
            withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            })
    }
    return names.filter { $0 != "." && $0 != ".." }.sorted()
}

/// Writes a whole file, or adds to its end.
func write(_ text: String, to path: String, appending: Bool = false) {
    guard let file = fopen(path, appending ? "a" : "w") else { return }
    fputs(text, file)
    fclose(file)
}
