/// 256 short English words, the most common first. With a space before, byte-pair tokenizers trained on much English
/// (GPT, Llama, Qwen, DeepSeek) have each as one token; what the server counts in the end is in the report.
enum Words {
    /// Each as it stands in a text, with its space before.
    static let all: [[UInt8]] = text.split { $0 == " " || $0 == "\n" }.map { Array(" \($0)".utf8) }

    private static let text = """
        the of and to in is that for it as was with be by on not he his but at are this have from or had an they
        which one you were all her she there would their we him been has when who will no more if out so up said
        what its about than into them can only other time new some could these two may first then do any like my now
        over such our man me even most made after also did many off before must well back through years much where
        your way down should because long each just state those people too little good world make very year still
        see own work men day get here old life both between being under three never know same last another while us
        might great go come since against right came take used himself few house use place during high without again
        home around small however found school part once upon say city end line water group fact head hand side set
        number course war until always away public put think almost far took yet night less young given power room
        eyes big early face order best going looked case system within large next let several want along left done
        name body light second money sense open free mind door full office car white kind field local table book
        street family today paper game result type words road real morning rest town north south land west east hard
        half across seen felt late
        """
}
