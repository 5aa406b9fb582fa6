import Foundation

/// A stream as a client reads it, by other code than ours.
struct ClientView: Equatable {
    var text = ""
    var reasoning = ""
    var ids: Set<String> = []
    var times: Set<Int> = []
    var models: Set<String> = []
    var roles = 0
    var finishes: [String] = []
    /// The counts of the last event that had some.
    var usage: [String: Int] = [:]
    var ends = 0
    var comments: [String] = []
    var errors = 0
    /// Data that is no JSON object, or comes after the end.
    var strays = 0

    init(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        for event in text.components(separatedBy: "\n\n") { take(event) }
    }

    private mutating func take(_ event: String) {
        var data: [Substring] = []
        for line in event.split(separator: "\n") {
            if line.hasPrefix(":") { comments.append(String(line)) }
            if line.hasPrefix("data:") { data.append(line.dropFirst(5)) }
        }
        guard !data.isEmpty else { return }
        let joined = data.joined(separator: "\n").trimmingCharacters(in: .whitespaces)
        if joined == "[DONE]" {
            ends += 1
        } else if ends == 0,
            let object = try? JSONSerialization.jsonObject(with: Data(joined.utf8)) as? [String: Any]
        {
            take(object)
        } else {
            strays += 1
        }
    }

    private mutating func take(_ object: [String: Any]) {
        if object["error"] != nil { errors += 1 }
        if let id = object["id"] as? String { ids.insert(id) }
        if let time = object["created"] as? Int { times.insert(time) }
        if let model = object["model"] as? String { models.insert(model) }
        if let usage = object["usage"] as? [String: Any] { self.usage = usage.compactMapValues { $0 as? Int } }
        for choice in object["choices"] as? [[String: Any]] ?? [] {
            if let finish = choice["finish_reason"] as? String { finishes.append(finish) }
            if let text = choice["text"] as? String { self.text += text }
            guard let delta = choice["delta"] as? [String: Any] else { continue }
            if delta["role"] is String { roles += 1 }
            if let text = delta["content"] as? String { self.text += text }
            if let text = delta["reasoning_content"] as? String { reasoning += text }
        }
    }
}
