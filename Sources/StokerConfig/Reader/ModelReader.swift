import StokerCore

/// A model as read, with the places that later checks need.
struct ModelDraft {
    var plan: ModelPlan
    /// Of the model's name in the file.
    var place: Place
    /// Backends, standby and canary as written, in this order.
    var members: [Located<String>]
    /// The standby among them.
    var standby: [Located<String>] = []
}

/// Reads one entry of `models`.
struct ModelReader {
    let diagnostics: Diagnostics
    let entry: ConfigNode.Entry

    func read() -> ModelDraft {
        let section = SectionReader(
            ModelKeys.section, entry.value, path: "models.\(entry.key)", place: entry.place,
            hint: "\(entry.key): { \(ModelKeys.backends.hint) }", diagnostics)
        let items = section.list(ModelKeys.backends)
        let backends = names(items, of: ModelKeys.backends, section)
        let standby = names(section.list(ModelKeys.standby), of: ModelKeys.standby, section)
        let canary = names(section.list(ModelKeys.canary), of: ModelKeys.canary, section)
        if let items, items.isEmpty {
            diagnostics.report(
                .emptyValue, "\(entry.key) has no backend", at: section.place(of: ModelKeys.backends),
                hint: ModelKeys.backends.hint)
        }
        let members = backends + standby + canary
        reportDuplicates(members)
        let plan = ModelPlan(
            name: entry.key, backends: backends.map(\.value), standby: standby.map(\.value),
            canary: canary.map(\.value), servedAs: section.value(ModelKeys.servedAs), deadlines: deadlines(section),
            seams: section.value(ModelKeys.seams), affinity: section.value(ModelKeys.affinity), queue: queue(section),
            failback: section.value(ModelKeys.failback))
        return ModelDraft(plan: plan, place: entry.place, members: members, standby: standby)
    }

    /// Whether a name is that of a process is checked once all are known.
    private func names(
        _ items: [ConfigNode]?, of key: KeyDescription, _ section: SectionReader
    ) -> [Located<String>] {
        (items ?? []).compactMap { node in
            section.scalar(node, as: .line, of: key.item).map { Located(value: $0, place: node.place) }
        }
    }

    private func reportDuplicates(_ members: [Located<String>]) {
        var seen: Set<String> = []
        for member in members where !seen.insert(member.value).inserted {
            diagnostics.report(
                .duplicateEntry, "\(Spelling.shown(member.value)) is named twice for \(entry.key)", at: member.place,
                hint: "name it once, in backends, standby or canary")
        }
    }

    private func queue(_ section: SectionReader) -> QueuePlan {
        let reader = section.section(ModelKeys.queue, QueueKeys.section)
        return QueuePlan(size: reader.value(QueueKeys.size), wait: reader.value(QueueKeys.wait))
    }

    private func deadlines(_ section: SectionReader) -> Deadlines {
        let reader = section.section(ModelKeys.deadlines, DeadlinesKeys.section)
        let deadlines = Deadlines(
            connect: reader.value(DeadlinesKeys.connect), firstToken: reader.value(DeadlinesKeys.firstToken),
            stall: reader.value(DeadlinesKeys.stall), answer: reader.value(DeadlinesKeys.answer))
        if deadlines.connect > deadlines.firstToken {
            diagnostics.report(
                .conflict,
                "first_token is \(deadlines.firstToken.text), less than connect, which is \(deadlines.connect.text)",
                at: reader.place(of: DeadlinesKeys.firstToken.description),
                hint: DeadlinesKeys.firstToken.description.hint)
        }
        return deadlines
    }
}
