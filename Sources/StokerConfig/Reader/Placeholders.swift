import StokerCore

/// Replaces `${PORT}`, `${NAME}` and `${file:/path}`; `$${` stands for `${`.
///
/// What comes from the daemon's environment or from a file is a secret: it goes into the result and nowhere else. An
/// error names the variable or the file, never the text around it, which may hold another secret.
struct Placeholders {
    /// Largest secret file. A longer one is the wrong file.
    static let largestSecret = 64 << 10

    let environment: [String: String]
    let files: FileAccess
    /// What a relative `${file:…}` is relative to.
    let directory: String
    let diagnostics: Diagnostics

    /// Where a text is used, which decides whether it may hold secrets.
    enum Use {
        case secret
        /// Everybody can see it; the phrase says where.
        case shown(in: String)
    }

    /// The text with everything replaced; nil after an error.
    func expand(_ text: String, at place: Place, port: UInt16?, use: Use) -> Secret? {
        var result = Secret("", isSecret: false)
        var rest = Substring(text)
        var isWhole = true
        while let dollar = rest.range(of: "${") {
            if rest[..<dollar.lowerBound].last == "$" {
                result.revealed += rest[..<dollar.lowerBound].dropLast() + "${"
                rest = rest[dollar.upperBound...]
                continue
            }
            result.revealed += rest[..<dollar.lowerBound]
            guard let end = rest[dollar.upperBound...].firstIndex(of: "}") else {
                diagnostics.report(
                    .badPlaceholder, "${ without a closing }", at: place, hint: "write $${ for the two characters ${")
                return nil
            }
            let name = String(rest[dollar.upperBound..<end])
            if let value = value(of: name, at: place, port: port, use: use) {
                result.revealed += value.revealed
                result.isSecret = result.isSecret || value.isSecret
            } else {
                isWhole = false
            }
            rest = rest[rest.index(after: end)...]
        }
        result.revealed += rest
        return isWhole ? result : nil
    }

    private func value(of name: String, at place: Place, port: UInt16?, use: Use) -> Secret? {
        if name == "PORT" {
            if let port { return Secret(String(port), isSecret: false) }
            diagnostics.report(
                .badPlaceholder, "${PORT} is used, but the process has no port", at: place, hint: "port: 9001")
            return nil
        }
        let isFile = name.hasPrefix("file:")
        guard isFile || NameRule.variable.allows(name) else {
            diagnostics.report(
                .badPlaceholder, "${…} holds neither PORT, nor the name of a variable, nor file:/path", at: place,
                hint: "${PORT}, ${NAME} or ${file:/run/credentials/name}")
            return nil
        }
        if case .shown(let danger) = use {
            let shown = isFile ? "${file:…}" : "${\(name)}"
            diagnostics.report(
                .secretShown, "\(shown) is a secret, and \(danger)", at: place,
                hint: isFile ? "env: { API_KEY: \"${\(name)}\" }" : "env: { \(name): \"${\(name)}\" }")
            return nil
        }
        return isFile ? contents(of: String(name.dropFirst(5)), at: place) : variable(name, at: place)
    }

    private func variable(_ name: String, at place: Place) -> Secret? {
        if let value = environment[name] { return Secret(value, isSecret: true) }
        diagnostics.report(
            .secretMissing, "${\(name)} is not in the environment of stoker", at: place, hint: "export \(name)=…")
        return nil
    }

    private func contents(of written: String, at place: Place) -> Secret? {
        let path = Paths.absolute(written, in: directory)
        switch files.read(path, Self.largestSecret) {
        case .failure(let problem):
            let isThere = problem == .tooLarge || problem == .notRegular
            diagnostics.report(
                .secretMissing, "cannot read the secret file \(Spelling.shown(path)): \(problem.text)", at: place,
                hint: isThere ? "${file:/run/credentials/name}" : "install -m 600 /dev/stdin \(path)")
            return nil
        case .success(let file) where file.mode & 0o077 != 0:
            diagnostics.report(
                .secretExposed, "the secret file \(Spelling.shown(path)) is open to others (mode \(octal(file.mode)))",
                at: place, hint: "chmod 600 \(path)")
            return nil
        case .success(let file):
            return text(of: file.bytes, path: path, at: place)
        }
    }

    /// Editors and `echo` end a file with a newline that is not part of the secret.
    private func text(of bytes: [UInt8], path: String, at place: Place) -> Secret? {
        var bytes = bytes[...]
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            diagnostics.report(
                .badText, "the secret file \(Spelling.shown(path)) is not text in UTF-8", at: place,
                hint: "base64 --wrap=0 \(path)")
            return nil
        }
        return Secret(text, isSecret: true)
    }

    private func octal(_ mode: UInt32) -> String {
        let digits = String(mode & 0o777, radix: 8)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}

extension Substring {
    /// The first occurrence of two characters; Foundation's `range(of:)` is not wanted here.
    fileprivate func range(of pair: String) -> Range<Index>? {
        guard let first = pair.first, let second = pair.last else { return nil }
        var index = startIndex
        while let hit = self[index...].firstIndex(of: first) {
            let next = self.index(after: hit)
            guard next < endIndex else { return nil }
            if self[next] == second { return hit..<self.index(after: next) }
            index = next
        }
        return nil
    }
}
