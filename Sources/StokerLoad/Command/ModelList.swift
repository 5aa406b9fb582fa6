internal import FoundationEssentials
import StokerCore

/// The answer of `/v1/models`, as far as a load test needs it.
package enum ModelList {
    /// The first model's name.
    ///
    /// - Throws: one line when there is none or the answer is something else.
    package static func first(in body: [UInt8], from url: String) throws(LoadError) -> String {
        let page = try? JSONDecoder().decode(Page.self, from: Data(body))
        guard let page else {
            throw LoadError("\(url) is no list of models; name one with --model")
        }
        guard let name = page.data.first?.id, !name.isEmpty else {
            throw LoadError("\(url) lists no model; is one loaded? Or name it with --model")
        }
        return name
    }

    private struct Page: Decodable {
        var data: [Model]
    }

    private struct Model: Decodable {
        var id: String
    }
}
