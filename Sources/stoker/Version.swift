/// The version of this build, shown by `stoker --version`, `stoker status` and `stoker_build_info`.
enum Version {
    static let text = "0.1.0"
    /// The commit, where the build was told it.
    static let revision = "unknown"
}
