import Foundation
import StokerCore
import StokerGateway

/// An engine that knows one answer, and goes on with it from wherever a request says: what a real one at temperature 0
/// should do. It writes in the form of one of the real ones.
struct FakeEngine: Sendable {
    enum Form: CaseIterable, Sendable {
        case vllmChat
        case vllmChatContinuousUsage
        case sglangChat
        case llamaChat
        case reasoningChat
        case vllmText
        case llamaText
        case spacedText
    }

    enum Escape: CaseIterable, Sendable {
        /// As llama.cpp: UTF-8.
        case plain
        /// As Python's `json` by default: everything else than ASCII as `\uXXXX`, in pairs where needed.
        case ascii
    }

    var form: Form
    var escape = Escape.plain
    var lineEnd = "\n"
    /// The tokens of the whole answer.
    var answer: [String]
    /// How many tokens the client's own prompt has.
    var promptTokens = 7
    var name = "a"

    var route: Route {
        switch form {
        case .vllmText, .llamaText, .spacedText: .completions
        default: .chat
        }
    }

    var dialect: ContinuationDialect { form == .llamaChat ? .assistantPrefill : .continueFinalMessage }

    /// A request for the whole answer.
    func request(maxTokens: Int? = nil, stop: [String] = [], extra: String = "") -> [UInt8] {
        let prompt =
            route == .chat ? #""messages":[{"role":"user","content":"Say \"it\"."}]"# : #""prompt" : "Say \"it\".""#
        let limit = maxTokens.map { ",\"max_tokens\":\($0)" } ?? ""
        let stops = stop.isEmpty ? "" : ",\"stop\":[" + stop.map { literal($0) }.joined(separator: ",") + "]"
        let usage = form == .vllmChatContinuousUsage ? #","continuous_usage_stats":true"# : ""
        let options = ",\"stream\":true,\"stream_options\":{\"include_usage\":true\(usage)}"
        return Array("{\"model\":\"m\",\(prompt)\(limit)\(stops)\(options)\(extra)}".utf8)
    }

    /// The events of its answer to a request, line ends included; nil when it refuses it.
    func events(_ body: [UInt8], time: Int = 100) -> [String]? {
        guard let asked = Asked(body, route: route, dialect: dialect) else { return nil }
        guard let left = rest(after: asked.begun) else { return nil }
        // A thought is a token too.
        let most = asked.most.map { form == .reasoningChat && asked.begun.isEmpty ? $0 - 3 : $0 } ?? .max
        var said = Array(left.prefix(most))
        var finish = said.count == most ? "length" : "stop"
        if let cut = Self.cut(said, at: asked.stops) {
            said = cut
            finish = "stop"
        }
        let prompt = promptTokens + (answer.count - left.count)
        return write(said, finish: finish, prompt: prompt, isBegun: !asked.begun.isEmpty, time: time)
    }

    /// The tokens that are left after a beginning of the answer.
    private func rest(after begun: String) -> [String]? {
        var text = ""
        for count in 0...answer.count {
            if text.utf8.elementsEqual(begun.utf8) { return Array(answer.dropFirst(count)) }
            if count < answer.count { text += answer[count] }
        }
        return nil
    }

    /// The tokens before a stop text within this part; the last one shortened.
    static func cut(_ tokens: [String], at stops: [String]) -> [String]? {
        let text = Array(tokens.joined().utf8)
        let starts = stops.compactMap { stop in
            text.indices.first { text[$0...].starts(with: Array(stop.utf8)) }
        }
        guard var room = starts.min() else { return nil }
        var said: [String] = []
        for token in tokens where room > 0 {
            said.append(String(decoding: token.utf8.prefix(room), as: UTF8.self))
            room -= said.last?.utf8.count ?? 0
        }
        return said
    }

    /// As a JSON string.
    func literal(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case _ where scalar.value < 0x20:
                out += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            case _ where scalar.value < 0x80 || escape == .plain: out.unicodeScalars.append(scalar)
            default:
                for unit in String(scalar).utf16 {
                    let hex = String(unit, radix: 16)
                    out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                }
            }
        }
        return out + "\""
    }
}

/// What a body asks for, read by another parser than ours.
private struct Asked {
    var begun = ""
    var most: Int?
    var stops: [String] = []

    init?(_ body: [UInt8], route: Route, dialect: ContinuationDialect) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] else { return nil }
        most = object["max_tokens"] as? Int
        stops = object["stop"] as? [String] ?? []
        guard route == .chat else {
            guard let prompt = object["prompt"] as? String, prompt.hasPrefix("Say \"it\".") else { return nil }
            begun = String(decoding: prompt.utf8.dropFirst(9), as: UTF8.self)
            return
        }
        guard let messages = object["messages"] as? [[String: Any]], let last = messages.last else { return nil }
        let isFlagged = object["continue_final_message"] as? Bool == true
        if isFlagged, object["add_generation_prompt"] as? Bool != false { return nil }
        if dialect == .continueFinalMessage ? isFlagged : last["role"] as? String == "assistant" {
            guard last["role"] as? String == "assistant", let text = last["content"] as? String else { return nil }
            begun = text
        }
    }
}
