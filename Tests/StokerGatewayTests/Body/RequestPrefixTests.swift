import NIOCore
import StokerCore
import StokerGateway
import StokerTesting
import Testing

@Suite struct RequestPrefixTests {
    private func key(_ text: String) throws -> UInt64? {
        let body = ByteBuffer(string: text)
        return RequestPrefix.key(body, try RequestEnvelope.read(body))
    }

    private func chat(_ messages: [String], rest: String = "") -> String {
        let list = messages.map { #"{"role":"user","content":"\#($0)"}"# }.joined(separator: ", ")
        return #"{"model":"m","messages":[\#(list)]\#(rest)}"#
    }

    private let long = String(repeating: "You are helpful. ", count: 20)

    @Test func `what comes behind 256 bytes of messages makes no difference`() throws {
        let one = try key(chat([long, "hello"]))
        #expect(one != nil)
        #expect(try key(chat([long, "good bye", "more"], rest: #","stream":true"#)) == one)
        #expect(try key(chat(["\(long)!", "hello"])) != one)
    }

    @Test func `behind a short message the next one counts too`() throws {
        #expect(try key(chat(["short", "hello"])) != key(chat(["short", "good bye"])))
        #expect(try key(chat(["short", long, "a"])) == key(chat(["short", long, "b"])))
    }

    @Test func `of a message its first KiB counts`() throws {
        let document = String(repeating: "x", count: 5000)
        #expect(try key(chat([document + "a"])) == key(chat([document + "b", "c"])))
        #expect(try key(chat(["a" + document])) != key(chat(["b" + document])))
    }

    @Test func `a prompt counts with its first KiB`() throws {
        let document = String(repeating: "x", count: 2000)
        func prompt(_ text: String) throws -> UInt64? { try key(#"{"model":"m","prompt":"\#(text)"}"#) }
        #expect(try prompt(document + "a") == prompt(document + "b"))
        #expect(try prompt("a") != prompt("b"))
        #expect(try prompt("a") != nil)
    }

    @Test(arguments: [
        #"{"model":"m"}"#, #"{"model":"m","messages":[]}"#, #"{"model":"m","messages":null}"#,
        #"{"model":"m","messages":" x "}"#, #"{"model":"m","prompt":""}"#, #"{"model":"m","prompt":[]}"#,
        #"{"model":"m","input":"text"}"#,
    ])
    func `a request that says nothing has no key`(body: String) throws {
        #expect(try key(body) == nil)
    }

    @Test func `messages of any shape are as good as others`() throws {
        #expect(try key(#"{"model":"m","messages":[1,[2],"x",{"a":[{}]}]}"#) != nil)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `mutated bodies never crash`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var bytes = Array(chat(["a", "é\\u00e9", long]).utf8)
            for _ in 0...random.next() % 4 { random.mutate(&bytes) }
            let body = ByteBuffer(bytes: bytes)
            guard let envelope = try? RequestEnvelope.read(body) else { continue }
            _ = RequestPrefix.key(body, envelope)
        }
    }
}
