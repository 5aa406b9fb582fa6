/// Which build of Stoker speaks.
package struct BuildInfo: Sendable, Equatable {
    package var version: String
    /// The commit it was built from; `unknown` outside a checkout.
    package var revision: String

    package init(version: String, revision: String) {
        self.version = version
        self.revision = revision
    }

    /// Adds `stoker_build_info` to a registry.
    package func collect(into registry: MetricsRegistry) {
        registry.collect("build") { [self] scrape in
            scrape.info(
                "stoker_build_info", help: "What was built, from what and for what.",
                ["version": version, "revision": revision, "swift_version": Self.compiler, "arch": Self.architecture])
        }
    }

    /// The compiler's version; the language offers comparisons only, so it is as precise as what is asked for here.
    static var compiler: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.1 or 6.2"
        #endif
    }

    static var architecture: String {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "arm64"
        #else
            "other"
        #endif
    }
}
