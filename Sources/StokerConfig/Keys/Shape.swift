import StokerCore

/// How a single value is read from its text, and how it is written back.
struct Shape<Value: Sendable>: Sendable {
    /// The same for documentation and schema.
    var kind: ValueKind
    /// The value, or what is wrong with the text.
    let parse: @Sendable (String) throws(Complaint) -> Value
    /// The value as a config would say it; the reference shows defaults so.
    let text: @Sendable (Value) -> String
}

/// What is wrong with one text; `reason` follows `NAME is TEXT` in the message.
struct Complaint: Error, Equatable {
    var code: ConfigError.Code
    var reason: String
    /// A value to write instead; nil takes the key's example.
    var suggestion: String?

    static func mustBe(_ kind: ValueKind, _ code: ConfigError.Code = .outOfRange) -> Complaint {
        Complaint(code: code, reason: "; it must be \(kind.inWords)")
    }
}

extension Shape where Value == Duration {
    static func duration(_ range: ClosedRange<Duration>) -> Shape {
        let kind = ValueKind.duration(range)
        return Shape(kind: kind) { (text) throws(Complaint) in
            // A bare 0 has the same meaning in every unit.
            guard let value = text == "0" ? .zero : Duration(text: text) else {
                if let count = Int(text), count > 0 {
                    throw Complaint(code: .badDuration, reason: " without a unit", suggestion: "\(count)s")
                }
                throw Complaint(code: .badDuration, reason: "; durations are written 250ms, 5s, 10m, 1h or 7d")
            }
            guard range.contains(value) else { throw .mustBe(kind) }
            return value
        } text: {
            $0.text
        }
    }
}

extension Shape where Value == ByteSize {
    static func size(_ range: ClosedRange<ByteSize>) -> Shape {
        let kind = ValueKind.size(range)
        return Shape(kind: kind) { (text) throws(Complaint) in
            guard let value = text == "0" ? ByteSize(bytes: 0) : ByteSize(text: text) else {
                throw Complaint(
                    code: .badSize, reason: "; sizes are written 512B, 64KiB, 8MiB, 2GiB or 1TiB",
                    suggestion: binarySize(for: text))
            }
            guard range.contains(value) else { throw .mustBe(kind) }
            return value
        } text: {
            $0.text
        }
    }

    /// `64MB`, `64M` and `64mb` almost surely want `64MiB`.
    private static func binarySize(for text: String) -> String? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let letter = text.dropFirst(digits.count).first?.uppercased(), "KMGT".contains(letter) else { return nil }
        return ByteSize(text: "\(digits)\(letter)iB")?.text
    }
}

extension Shape where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> Shape {
        let kind = ValueKind.integer(range)
        return Shape(kind: kind) { (text) throws(Complaint) in
            guard let value = Int(text), text.first != "+" else { throw .mustBe(kind, .badNumber) }
            guard range.contains(value) else { throw .mustBe(kind) }
            return value
        } text: {
            String($0)
        }
    }
}

extension Shape where Value == Bool {
    static let flag = Shape(kind: .flag) { (text) throws(Complaint) in
        let mustBe = "; it must be \(ValueKind.flag.inWords)"
        switch text {
        case "true": return true
        case "false": return false
        case "yes", "on", "True", "TRUE": throw Complaint(code: .badChoice, reason: mustBe, suggestion: "true")
        case "no", "off", "False", "FALSE": throw Complaint(code: .badChoice, reason: mustBe, suggestion: "false")
        default: throw Complaint(code: .badChoice, reason: mustBe)
        }
    } text: {
        String($0)
    }
}

extension Shape where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    static func choice(of choices: [Value] = Array(Value.allCases)) -> Shape {
        let words = choices.map(\.rawValue)
        return Shape(kind: .choice(words)) { (text) throws(Complaint) in
            guard let value = choices.first(where: { $0.rawValue == text }) else {
                throw Complaint(
                    code: .badChoice, reason: "; it must be one of \(words.joined(separator: ", "))",
                    suggestion: Spelling.nearest(to: text, among: words))
            }
            return value
        } text: {
            $0.rawValue
        }
    }
}

extension Shape where Value == Endpoint {
    /// Port 0 is allowed: the kernel chooses, which tests use.
    static let address = Shape(kind: .address) { (text) throws(Complaint) in
        guard let value = Endpoint(text: text), value.host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x2F }) else {
            let isPort = UInt16(text) != nil
            throw Complaint(
                code: .badAddress, reason: "; addresses are written 127.0.0.1:8080 or [::1]:8080",
                suggestion: isPort ? "127.0.0.1:\(text)" : nil)
        }
        return value
    } text: {
        $0.text
    }
}

extension Shape where Value == String {
    static let path = Shape.checkedText(.path)
    static let url = Shape.checkedText(.url)
    static let line = Shape.checkedText(.text(multiline: false))
    static let multiline = Shape.checkedText(.text(multiline: true))

    static func name(_ rule: NameRule) -> Shape {
        let kind = ValueKind.name(pattern: rule.pattern, inWords: rule.inWords)
        return Shape(kind: kind) { (text) throws(Complaint) in
            guard rule.allows(text) else { throw .mustBe(kind, .badName) }
            return text
        } text: {
            $0
        }
    }

    /// Text that the kernel can take as an argument, a path or a variable.
    private static func checkedText(_ kind: ValueKind) -> Shape {
        var allowsBreaks = false
        if case .text(multiline: true) = kind { allowsBreaks = true }
        return Shape(kind: kind) { [allowsBreaks] (text) throws(Complaint) in
            guard !text.unicodeScalars.contains("\0") else {
                throw Complaint(code: .badText, reason: "; it contains a NUL character, which no program can be given")
            }
            guard allowsBreaks || !text.contains(where: \.isNewline) else {
                throw Complaint(code: .badText, reason: "; it must be a single line")
            }
            return text
        } text: {
            $0
        }
    }
}

extension Shape {
    /// The value, or `off` for nil. `false` means the same: YAML 1.1 tools write it so.
    static func orOff<Wrapped>(_ shape: Shape<Wrapped>) -> Shape where Value == Wrapped? {
        Shape(kind: .orOff(shape.kind)) { (text) throws(Complaint) in
            text == "off" || text == "false" ? nil : try shape.parse(text)
        } text: {
            $0.map(shape.text) ?? "off"
        }
    }
}
