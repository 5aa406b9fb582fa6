/// The frame of a page: one file that needs nothing else, now or in ten years.
package enum HTMLPage {
    /// - Parameters:
    ///   - title: plain text.
    ///   - body: HTML.
    ///   - data: JSON that the page carries for whoever wants to work with it.
    package static func render(title: String, body: [String], data: String?) -> String {
        let raw = data.map {
            "<h2>Data</h2><p class=\"note-text\">This page carries its report as JSON in the element <code>#report</code>.</p>"
                + "<script type=\"application/json\" id=\"report\">\(HTMLText.embedded($0))</script>"
        }
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>\(HTMLText.escaped(title))</title>
            <style>
            \(HTMLStyle.sheet)
            </style>
            </head>
            <body>
            \((body + [raw ?? ""]).filter { !$0.isEmpty }.joined(separator: "\n"))
            </body>
            </html>

            """
    }
}
