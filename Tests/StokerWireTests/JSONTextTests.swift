import StokerWire
import Testing

@Suite struct JSONTextTests {
    @Test(arguments: ["", "plain", "\"quoted\" \\ \n\r\t", "\u{1}\u{7F}", "知识库 🔥"])
    func `what is written reads back the same`(text: String) {
        let written = Array(JSONText.encode(text).utf8)
        #expect(JSONText.decode(1..<written.count - 1, in: written.span) == text)
    }
}
