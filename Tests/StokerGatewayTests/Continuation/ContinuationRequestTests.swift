import StokerCore
import StokerGateway
import StokerTesting
import StokerWire
import Testing

@Suite struct ContinuationRequestTests {
    private static func read(_ body: String, _ route: Route) -> Result<ContinuationRequest, ContinuationObstacle> {
        let bytes = Array(body.utf8)
        do throws(ContinuationObstacle) {
            return .success(try ContinuationRequest.read(bytes.span, route: route))
        } catch {
            return .failure(error)
        }
    }

    /// The body that goes on after these tokens.
    private static func outcome(
        _ body: String, _ route: Route, after tokens: [String], on dialect: ContinuationDialect = .continueFinalMessage,
        first: ContinuationDialect? = nil
    ) throws -> ContinuationRequest.Outcome {
        let payloads = tokens.map {
            route == .chat ? #"{"choices":[{"delta":{"content":"\#($0)"}}]}"# : #"{"choices":[{"text":"\#($0)"}]}"#
        }
        let transcript = StreamReading.watch(route, payloads).watch.transcript
        let bytes = Array(body.utf8)
        return try read(body, route).get().body(
            bytes.span, continuing: transcript, on: dialect, begunOn: first ?? dialect)
    }

    private static func sent(_ body: String) -> ContinuationRequest.Outcome { .send(Array(body.utf8)) }

    @Test func `a completion goes on with prompt and text, all else byte for byte`() throws {
        let body =
            #" { "x" : [1, {"prompt":"no"}], "prompt" : "a\"b" , "max_tokens" : 10,"min_tokens":1,"stop":null } "#
        let wanted =
            #" { "x" : [1, {"prompt":"no"}], "prompt" : "a\"b c\u00e9\n" , "max_tokens" : 8,"min_tokens":0,"stop":null } "#
        #expect(try Self.outcome(body, .completions, after: [" c", #"\u00e9\n"#]) == Self.sent(wanted))
        #expect(try Self.outcome(body, .completions, after: [" c", #"\u00e9\n"#], on: .prompt) == Self.sent(wanted))
        #expect(try Self.outcome(body, .completions, after: [" c"], on: .none) == .impossible(.dialect))
    }

    @Test func `a chat goes on with a message of the assistant's`() throws {
        let body = #"{"messages":[{"role":"user","content":"hi"}],"max_completion_tokens":5}"#
        let messages = #"{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"a b"}],"#
        #expect(
            try Self.outcome(body, .chat, after: ["a", " b"])
                == Self.sent(
                    messages
                        + #""max_completion_tokens":3,"continue_final_message":true,"add_generation_prompt":false}"#))
        #expect(
            try Self.outcome(body, .chat, after: ["a", " b"], on: .assistantPrefill)
                == Self.sent(messages + #""max_completion_tokens":3}"#))
        for dialect in [ContinuationDialect.none, .prompt] {
            #expect(try Self.outcome(body, .chat, after: ["a"], on: dialect) == .impossible(.dialect))
        }
    }

    @Test func `the flags of a chat are set where they stand`() throws {
        let body = #"{"add_generation_prompt":true,"messages":[{"role":"user"}],"continue_final_message":null}"#
        #expect(
            try Self.outcome(body, .chat, after: ["a"])
                == Self.sent(
                    #"{"add_generation_prompt":false,"messages":[{"role":"user"},{"role":"assistant","content":"a"}],"#
                        + #""continue_final_message":true}"#))
    }

    private static let prefilled = #"{"messages":[{"role":"user","content":"hi"},{"content":"x\n","role":"assistant"}]"#
    private static let extended = #"{"messages":[{"role":"user","content":"hi"},{"content":"x\na","role":"assistant"}]"#

    @Test func `a beginning that the client gave is made longer`() throws {
        let flags = #","continue_final_message":true,"add_generation_prompt":false}"#
        #expect(try Self.outcome(Self.prefilled + flags, .chat, after: ["a"]) == Self.sent(Self.extended + flags))
        #expect(
            try Self.outcome(Self.prefilled + "}", .chat, after: ["a"], on: .assistantPrefill)
                == Self.sent(Self.extended + "}"))
    }

    @Test func `the engine that began decides what the client's last message means`() throws {
        let flags = #","continue_final_message":true,"add_generation_prompt":false}"#
        #expect(
            try Self.outcome(Self.prefilled + "}", .chat, after: ["a"], first: .assistantPrefill)
                == Self.sent(Self.extended + flags))
        let added = Self.prefilled.dropLast() + #",{"role":"assistant","content":"a"}]"#
        #expect(try Self.outcome(Self.prefilled + "}", .chat, after: ["a"]) == Self.sent(added + flags))
        #expect(
            try Self.outcome(
                Self.prefilled + "}", .chat, after: ["a"], on: .assistantPrefill, first: .continueFinalMessage)
                == .impossible(.lastMessage))
    }

    @Test(arguments: [
        #"{"messages":[{"role":"assistant","content":[{"type":"text","text":"x"}]}],"continue_final_message":true}"#,
        #"{"messages":[{"role":"user","content":"x"}],"continue_final_message":true}"#,
        #"{"messages":[{"role":"assistant","content":null}],"continue_final_message":true}"#,
    ])
    func `a beginning that is no text of the assistant's cannot be made longer`(body: String) throws {
        #expect(try Self.outcome(body, .chat, after: ["a"]) == .impossible(.lastMessage))
    }

    @Test func `before the first text the same request is sent again`() throws {
        let body = #"{"messages":[{"role":"user"}],"max_tokens":5}"#
        #expect(try Self.outcome(body, .chat, after: [], on: .none) == Self.sent(body))
        #expect(
            try Self.outcome(#"{"prompt":"a","max_tokens":1}"#, .completions, after: [""])
                == Self.sent(#"{"prompt":"a","max_tokens":1}"#))
    }

    @Test(arguments: [
        #""max_tokens":2"#, #""max_tokens":9,"max_completion_tokens":2"#, #""n_predict":2"#, #""max_tokens":1"#,
        #""max_tokens":7,"n_predict":2"#,
    ])
    func `an answer with all its tokens needs no other backend`(limit: String) throws {
        #expect(try Self.outcome("{\"prompt\":\"p\",\(limit)}", .completions, after: ["a", "b"]) == .complete)
    }

    @Test(arguments: [
        (#""max_tokens":2,"max_completion_tokens":9"#, #""max_tokens":1,"max_completion_tokens":7"#),
        (#""n_predict":-1"#, #""n_predict":-1"#), (#""max_tokens":null"#, #""max_tokens":null"#),
        (#""max_tokens":0"#, #""max_tokens":0"#), (#""min_tokens":5"#, #""min_tokens":3"#),
        (#""top_p":1"#, #""top_p":1"#),
    ])
    func `limits are less by what was sent`(before: String, after: String) throws {
        #expect(
            try Self.outcome("{\"prompt\":\"p\",\(before)}", .completions, after: ["a", "b"])
                == Self.sent("{\"prompt\":\"pab\",\(after)}"))
    }

    @Test func `an answer that has said why it ends is complete`() throws {
        let body = Array(#"{"prompt":"p"}"#.utf8)
        let request = try ContinuationRequest.read(body.span, route: .completions)
        for last in [#"{"choices":[{"text":"a","finish_reason":"stop"}]}"#, "[DONE]"] {
            let watch = StreamReading.watch(.completions, [last]).watch
            #expect(
                request.body(body.span, continuing: watch.transcript, on: .none, begunOn: .none) == .complete)
        }
    }

    @Test func `what stands in the way of the answer stands in the way of the body`() throws {
        let body = Array(#"{"prompt":"p"}"#.utf8)
        let request = try ContinuationRequest.read(body.span, route: .completions)
        let watch = StreamReading.watch(.completions, [#"{"choices":[{"text":"\ud83d"}]}"#]).watch
        #expect(
            request.body(body.span, continuing: watch.transcript, on: .none, begunOn: .none)
                == .impossible(.brokenText))
    }
}

/// What a request says that forbids a continuation.
@Suite struct ContinuationObjectionTests {
    private static func why(_ body: String, _ route: Route) -> ContinuationObstacle? {
        let bytes = Array(body.utf8)
        do throws(ContinuationObstacle) {
            _ = try ContinuationRequest.read(bytes.span, route: route)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        (#""tools":[{"type":"function"}]"#, ContinuationObstacle.tools), (#""functions":[{}]"#, .tools),
        (#""tool_choice":"required""#, .tools), (#""tool_choice":{"type":"function"}"#, .tools),
        (#""response_format":{"type":"json_object"}"#, .structured),
        (#""response_format":{"type":"text","x":1}"#, .structured), (#""response_format":"json""#, .structured),
        (#""guided_json":{"a":1}"#, .structured), (#""guided_regex":"a+""#, .structured),
        (#""structured_outputs":{"choice":["a"]}"#, .structured), (#""grammar":"root ::= x""#, .structured),
        (#""json_schema":{"a":1}"#, .structured), (#""regex":"a""#, .structured), (#""ebnf":"a""#, .structured),
        (#""structural_tag":"x""#, .structured),
        (#""logprobs":true"#, .logprobs), (#""logprobs":0"#, .logprobs), (#""top_logprobs":2"#, .logprobs),
        (#""prompt_logprobs":1"#, .logprobs), (#""n_probs":5"#, .logprobs),
        (#""n":2"#, .choices), (#""n":1.0"#, .choices), (#""best_of":3"#, .choices),
        (#""use_beam_search":true"#, .choices),
        (#""echo":true"#, .echo), (#""suffix":"x""#, .suffix), (#""prompt_embeds":"x""#, .prompt),
        (#""stop":[1]"#, .stop), (#""stop":{"a":1}"#, .stop), (#""stop_regex":"a""#, .stop),
        (#""stop":"\ud800""#, .stop), (#""stop":["\#(String(repeating: "x", count: 257))"]"#, .stop),
        (#""stop":["1","2","3","4","5","6","7","8","9","a","b","c","d","e","f","g","h"]"#, .stop),
        (#""max_tokens":1.5"#, .limit), (#""max_tokens":"5""#, .limit), (#""min_tokens":1e3"#, .limit),
        (#""audio":{"voice":"x"}"#, .modality), (#""modalities":["text","audio"]"#, .modality),
        (#""max_tokens":5,"max_tokens":6"#, .doubledKey), (#""n":1,"\u006e":1"#, .doubledKey),
        (#""st\u006fp":[1]"#, .stop),
    ])
    func `a request that asks for more than plain text is not continued`(member: String, why: ContinuationObstacle) {
        #expect(Self.why("{\"messages\":[{\"role\":\"user\"}],\(member)}", .chat) == why)
        #expect(Self.why("{\(member),\"prompt\":\"p\"}", .completions) == why)
    }

    @Test(arguments: [
        #""tools":null"#, #""tools":[]"#, #""tool_choice":"none""#, #""response_format":{ "type" : "text" }"#,
        #""response_format":null"#, #""guided_json":null"#, #""logprobs":false"#, #""logprobs":null"#,
        #""top_logprobs":0"#, #""n":1"#, #""best_of":1"#, #""echo":false"#, #""suffix":"""#, #""suffix":null"#,
        #""stop":"a""#, #""stop":["a","é"]"#, #""stop":[]"#, #""modalities":["text"]"#,
        #""temperature":0,"temperature":1"#,
        #""x":{"tools":[1],"n":2}"#, #""stream_options":null"#,
    ])
    func `what changes nothing about that is no objection`(member: String) {
        #expect(Self.why("{\"messages\":[{\"role\":\"user\"}],\(member)}", .chat) == nil)
        #expect(Self.why("{\(member),\"prompt\":\"p\"}", .completions) == nil)
    }

    @Test(arguments: [
        (#"{"prompt":["a","b"]}"#, Route.completions, ContinuationObstacle.prompt),
        (#"{"prompt":[1,2]}"#, .completions, .prompt), (#"{"messages":[]}"#, .completions, .prompt),
        (#"{"prompt":"a","prompt":"b"}"#, .completions, .doubledKey),
        (#"{"messages":[]}"#, .chat, .messages), (#"{"messages":"a"}"#, .chat, .messages),
        (#"{"messages":[1]}"#, .chat, .messages), (#"{"prompt":"a"}"#, .chat, .messages),
        (#"{"prompt":"a"}"#, .embeddings, .route), ("{", .chat, .notJSON), ("[]", .chat, .notJSON),
        (#"{"prompt":"a"} x"#, .completions, .notJSON),
    ])
    func `a body without one text to go on with is not continued`(
        body: String, route: Route, why: ContinuationObstacle
    ) {
        #expect(Self.why(body, route) == why)
    }

    @Test func `stop texts and options are read as the engine reads them`() throws {
        let body = Array(
            #"{"prompt":"p","stop":["\n\n","\u00e9",""],"stream_options":{"include_usage":true},"no_stop_trim":true}"#
                .utf8)
        let request = try ContinuationRequest.read(body.span, route: .completions)
        #expect(request.stops == ["\n\n", "é"])
        #expect(request.includesUsage && request.includesStop)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `mutated bodies never crash, and a body that is made is JSON`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let whole = Array(
            #"{"messages":[{"role":"user","content":"é"}],"max_tokens":9,"stop":["a"],"continue_final_message":false}"#
                .utf8)
        let transcript = StreamReading.watch(.chat, [#"{"choices":[{"delta":{"content":"x\n"}}]}"#]).watch.transcript
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0...random.next() % 3 { random.mutate(&bytes) }
            guard let request = try? ContinuationRequest.read(bytes.span, route: .chat) else { continue }
            let made = request.body(
                bytes.span, continuing: transcript, on: .continueFinalMessage, begunOn: .continueFinalMessage)
            guard case .send(let body) = made else { continue }
            var scanner = JSONScanner()
            #expect(throws: Never.self) { try scanner.value(body.span) }
        }
    }
}
