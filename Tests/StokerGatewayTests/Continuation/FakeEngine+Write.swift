extension FakeEngine {
    /// Chunks in the form of a real engine.
    func write(_ tokens: [String], finish: String, prompt: Int, isBegun: Bool, time: Int) -> [String] {
        var writer = Writer(engine: self, prompt: prompt, time: time)
        switch form {
        case .vllmChat, .vllmChatContinuousUsage: writer.vllmChat(tokens, finish)
        case .sglangChat: writer.sglangChat(tokens, finish)
        case .llamaChat: writer.llamaChat(tokens, finish)
        case .reasoningChat: writer.reasoningChat(tokens, finish, thinks: !isBegun)
        case .vllmText: writer.vllmText(tokens, finish)
        case .llamaText: writer.llamaText(tokens, finish)
        case .spacedText: writer.spacedText(tokens, finish)
        }
        return writer.events + ["data: [DONE]" + lineEnd + lineEnd]
    }
}

private struct Writer {
    var engine: FakeEngine
    var prompt: Int
    var time: Int
    var events: [String] = []

    private func counts(_ output: Int) -> String {
        #"{"prompt_tokens":\#(prompt),"total_tokens":\#(prompt + output),"completion_tokens":\#(output)}"#
    }

    private mutating func add(_ json: String) { events.append("data: \(json)" + engine.lineEnd + engine.lineEnd) }

    private mutating func chunk(_ object: String, _ choices: String, _ more: String = "") {
        add(
            #"{"id":"\#(engine.name)-1","object":"\#(object)","created":\#(time),"model":"\#(engine.name)-model","#
                + #""choices":[\#(choices)]\#(more)}"#)
    }

    mutating func vllmChat(_ tokens: [String], _ finish: String) {
        let continuous = engine.form == .vllmChatContinuousUsage
        func usage(_ output: Int) -> String { ",\"usage\":" + (continuous ? counts(output) : "null") }
        let object = "chat.completion.chunk"
        chunk(
            object,
            #"{"index":0,"delta":{"role":"assistant","content":"","reasoning_content":null},"logprobs":null,"#
                + #""finish_reason":null}"#,
            usage(0))
        for (index, token) in tokens.enumerated() {
            let end = index == tokens.count - 1 ? "\"\(finish)\",\"stop_reason\":null" : "null"
            chunk(
                object,
                #"{"index":0,"delta":{"content":\#(engine.literal(token))},"logprobs":null,"finish_reason":\#(end)}"#,
                usage(index + 1))
        }
        if tokens.isEmpty {
            chunk(object, #"{"index":0,"delta":{"content":""},"logprobs":null,"finish_reason":"\#(finish)"}"#, usage(0))
        }
        chunk(object, "", ",\"usage\":" + counts(tokens.count))
    }

    mutating func sglangChat(_ tokens: [String], _ finish: String) {
        let object = "chat.completion.chunk"
        chunk(
            object,
            #"{"index":0,"delta":{"role":"assistant","content":"","reasoning_content":null,"tool_calls":null},"#
                + #""logprobs":null,"finish_reason":null,"matched_stop":null}"#,
            ",\"usage\":null")
        for token in tokens {
            // Its time is that of the chunk.
            time += 1
            chunk(
                object,
                #"{"index":0,"delta":{"role":null,"content":\#(engine.literal(token)),"reasoning_content":null,"#
                    + #""tool_calls":null},"logprobs":null,"finish_reason":null,"matched_stop":null}"#,
                ",\"usage\":null")
        }
        chunk(
            object,
            #"{"index":0,"delta":{"role":null,"content":null},"finish_reason":"\#(finish)","matched_stop":"</s>"}"#)
        chunk(object, "", ",\"usage\":" + counts(tokens.count))
    }

    mutating func llamaChat(_ tokens: [String], _ finish: String) {
        let marks =
            #""created":\#(time),"id":"\#(engine.name)-1","model":"\#(engine.name)-model","#
            + #""system_fingerprint":"b0-unknown","object":"chat.completion.chunk""#
        add(#"{"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],\#(marks)}"#)
        for token in tokens {
            add(
                #"{"choices":[{"finish_reason":null,"index":0,"delta":{"content":\#(engine.literal(token))}}],\#(marks)}"#
            )
        }
        add(#"{"choices":[{"finish_reason":"\#(finish)","index":0,"delta":{}}],\#(marks)}"#)
        add(
            #"{"choices":[],\#(marks),"usage":{"completion_tokens":\#(tokens.count),"prompt_tokens":\#(prompt),"#
                + #""total_tokens":\#(prompt + tokens.count),"prompt_tokens_details":{"cached_tokens":\#(prompt - 1)}},"#
                + #""timings":{"cache_n":8,"prompt_ms":64.162}}"#)
    }

    /// Three tokens of reasoning, then the answer; one that goes on does not think again.
    mutating func reasoningChat(_ tokens: [String], _ finish: String, thinks: Bool) {
        let object = "chat.completion.chunk"
        chunk(object, #"{"index":0,"delta":{"role":"assistant"},"finish_reason":null}"#)
        for thought in thinks ? ["I", " \\\"think", " so"] : [] {
            chunk(object, #"{"index":0,"delta":{"reasoning_content":"\#(thought)"},"finish_reason":null}"#)
        }
        for token in tokens {
            chunk(object, #"{"index":0,"delta":{"content":\#(engine.literal(token))},"finish_reason":null}"#)
        }
        chunk(object, #"{"index":0,"delta":{},"finish_reason":"\#(finish)"}"#)
        chunk(object, "", ",\"usage\":" + counts(tokens.count + (thinks ? 3 : 0)))
    }

    mutating func vllmText(_ tokens: [String], _ finish: String) {
        for (index, token) in (tokens.isEmpty ? [""] : tokens).enumerated() {
            let end = index >= tokens.count - 1 ? "\"\(finish)\"" : "null"
            chunk(
                "text_completion",
                #"{"index":0,"text":\#(engine.literal(token)),"logprobs":null,"finish_reason":\#(end),"stop_reason":null,"#
                    + #""prompt_token_ids":null,"token_ids":null}"#,
                ",\"usage\":null")
        }
        chunk("text_completion", "", ",\"usage\":" + counts(tokens.count))
    }

    mutating func llamaText(_ tokens: [String], _ finish: String) {
        let marks =
            #""created":\#(time),"model":"\#(engine.name)-model","object":"text_completion","id":"\#(engine.name)-1""#
        for token in tokens {
            add(
                #"{"choices":[{"text":\#(engine.literal(token)),"index":0,"logprobs":null,"finish_reason":null}],\#(marks)}"#
            )
        }
        add(
            #"{"choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"\#(finish)"}],\#(marks),"usage":"#
                + counts(tokens.count) + "}")
    }

    /// Space wherever JSON allows it, a comment, an event of two data lines, and fields that nobody knows.
    mutating func spacedText(_ tokens: [String], _ finish: String) {
        let marks = #""id" : "\#(engine.name)-1" , "created" : \#(time) , "model":"\#(engine.name)-model""#
        events.append(": hello" + engine.lineEnd + engine.lineEnd)
        for token in tokens {
            events.append(
                "id: 5\(engine.lineEnd)event: message\(engine.lineEnd)data: { \(marks) , \"choices\" : [ "
                    + engine.lineEnd
                    + "data:\t{ \"text\" : \(engine.literal(token)) , \"index\" : 0 , \"x\" : 1.5e3 } ] }"
                    + engine.lineEnd + engine.lineEnd)
        }
        add(#"{ "choices" : [ { "finish_reason" : "\#(finish)" , "text" : "" } ] , \#(marks) }"#)
        add(#"{ \#(marks) , "choices" : [ ] , "usage" : \#(counts(tokens.count)) }"#)
    }
}
