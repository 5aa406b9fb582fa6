/// What the transport is to send back.
package struct ScrapeResponse: Sendable, Equatable {
    package var status: Int
    package var headers: [Header]
    /// Empty for HEAD.
    package var body: [UInt8]

    /// One header field.
    package struct Header: Sendable, Equatable {
        package var name: String
        package var value: String
    }

    /// The value of a header field, by its name as written here.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

extension ScrapeResponse {
    static func refusal(_ status: Int, _ text: String, _ header: Header) -> ScrapeResponse {
        ScrapeResponse(
            status: status, headers: [.init(name: "Content-Type", value: "text/plain; charset=utf-8"), header],
            body: Array((text + "\n").utf8))
    }
}
