import Testing

/// The rules of this target are only as good as the lexer under them.
@Suite struct SwiftCodeTests {
    @Test(
        "Comments and literals are blanked, code is kept, columns stay",
        arguments: [
            ("let a = 1 // try! this", "let a = 1             "),
            ("a /* b /* c */ d */ e", "a                   e"),
            ("print(\"fatalError()\")", "print(              )"),
            ("f(\"a\\\"b\") as! T", "f(      ) as! T"),
            ("f(\"x\\(g(\"y\"))z\") + 1", "f(             ) + 1"),
            ("f(#\"a\"b\\\"#) + 1", "f(        ) + 1"),
            ("#/a\"b/# + 1", "     /# + 1"),
            ("#if os(Linux)", "#if os(Linux)"),
        ])
    func blanks(text: String, expected: String) {
        #expect(SwiftCode.only(text) == expected)
    }

    @Test func `a literal of several lines keeps its line breaks`() {
        #expect(SwiftCode.only("let a = \"\"\"\n  \"try!\"\n  \"\"\"\nb") == "let a =    \n        \n     \nb")
    }
}
