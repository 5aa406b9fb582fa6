import NIOCore
import StokerCore
import StokerGateway
import StokerTesting
import Testing

@Suite("The request's envelope")
struct EnvelopeTests {
    static func read(_ text: String) -> Result<RequestEnvelope, RequestEnvelope.Fault> {
        do throws(RequestEnvelope.Fault) {
            return .success(try RequestEnvelope.read(ByteBuffer(string: text)))
        } catch {
            return .failure(error)
        }
    }

    @Test("model and stream are found at the top level only, whatever surrounds them")
    func found() throws {
        let text = #" {"messages":[{"model":"no","stream":true}], "model" : "m" ,"stream": false,"n":-1.5e+3} "#
        let envelope = try Self.read(text).get()
        #expect(envelope.model == "m")
        #expect(!envelope.streams)
        let body = ByteBuffer(string: text)
        #expect(String(buffer: envelope.rewriting(body, model: "x\n")).contains(#""model" : "x\n" ,"#))
    }

    @Test("an escaped key or value means what it means to the engine")
    func escapes() throws {
        #expect(try Self.read(#"{"mod\u0065l":"a\u00e9\ud83d\ude00\/b"}"#).get().model == "aé😀/b")
        #expect(Self.read(#"{"model":"m","mod\u0065l":"x"}"#) == .failure(.doubledKey("model")))
        #expect(Self.read(#"{"model":"\ud800"}"#) == .failure(.modelNotText))
    }

    @Test(
        "what is not JSON is refused at the byte where it stops being JSON",
        arguments: [
            ("", 0), ("{", 1), (#"{"a"}"#, 4), (#"{"a":}"#, 5), (#"{"a":1,}"#, 7), (#"{"a":01}"#, 5),
            (#"{"a":NaN}"#, 5),
            (#"{"a":+1}"#, 5), (#"{"a":1.}"#, 7), (#"{"a":tru}"#, 5), (#"{"a":"\x"}"#, 7), ("{\"a\":\"\n\"}", 6),
            (#"{"a":[1 2]}"#, 8), (#"{"a":[1}"#, 7), (#"{"a":1} x"#, 8), (#"{'a':1}"#, 1), (#"{"a":"\u12g4"}"#, 10),
        ])
    func notJSON(_ text: String, _ place: Int) {
        #expect(Self.read(text) == .failure(.notJSON(at: place)))
    }

    @Test("other bodies that cannot be routed have their own reasons")
    func reasons() {
        #expect(Self.read("[1]") == .failure(.notAnObject))
        #expect(Self.read("{}") == .failure(.modelMissing))
        #expect(Self.read(#"{"model":null}"#) == .failure(.modelNotText))
        #expect(Self.read(#"{"model":""}"#) == .failure(.modelNotText))
        #expect(Self.read(#"{"model":"m","stream":1,"stream":2}"#) == .failure(.doubledKey("stream")))
        let deep = String(repeating: "[", count: 10_000)
        #expect(Self.read("{\"a\":\(deep)") == .failure(.tooDeep))
        let nested = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        #expect(Self.read("{\"model\":\"m\",\"a\":\(nested)}").map(\.model) == .success("m"))
        var bytes = ByteBuffer(string: #"{"model":"m"#)
        bytes.writeBytes([0xC3, 0x28])
        bytes.writeString("\"}")
        #expect(throws: RequestEnvelope.Fault.notUTF8) { try RequestEnvelope.read(bytes) }
    }

    @Test("a hundred thousand keys are read in one pass")
    func manyKeys() throws {
        let keys = (0..<100_000).map { "\"k\($0)\":{}" }.joined(separator: ",")
        #expect(try Self.read("{\(keys),\"model\":\"m\"}").get().model == "m")
    }

    @Test("mutated bodies never crash", arguments: 0..<10 as Range<UInt64>)
    func fuzz(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var bytes = Array(#"{"model":"mé\u00e9","a":[1,{"b":[]},-2e5,null],"stream":true}"#.utf8)
            for _ in 0...random.next() % 4 { random.mutate(&bytes) }
            let envelope = try? RequestEnvelope.read(ByteBuffer(bytes: bytes))
            #expect(envelope.map { $0.modelValue.upperBound <= bytes.count } ?? true)
        }
    }
}
