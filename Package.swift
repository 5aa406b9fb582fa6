// swift-tools-version: 6.1
// The module map, the duty of each target and the import arrows are drawn in docs/architecture.md;
// Tests/RepositoryTests holds this file and the imports to them.

import PackageDescription

/// Every target is built alike: Swift 6 language mode, the coming language features on, a warning is an error.
/// SwiftPM refuses `.treatAllWarnings` from 6.1 manifests, so `make` passes `-warnings-as-errors` on the command line.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Where bytes pass: the debug build, with which all tests run, checks that no two accesses overlap; the release build
/// does not check it again for each byte.
let hot =
    strict + [
        SwiftSetting.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
    ]

/// One of our own libraries.
func library(
    _ name: String, _ own: [Target.Dependency] = [], outside: [Target.Dependency] = [],
    settings: [SwiftSetting] = strict
) -> Target {
    .target(name: name, dependencies: own + outside, swiftSettings: settings)
}

/// The tests of one target; they may also use the fakes and the manual clock of `StokerTesting`.
func tests(_ name: String, _ own: [Target.Dependency] = [], outside: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.init(stringLiteral: name), "StokerTesting"] + own + outside,
        swiftSettings: strict)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "stoker",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "stoker", targets: ["stoker"]),
        .executable(name: "stoker-shim", targets: ["stoker-shim"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C: the system's libraries, and the calls that Swift cannot make because they are variadic.
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(name: "CLinux"),
        .target(name: "CNVML"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .target(name: "CMetrics", linkerSettings: [.linkedLibrary("z")]),

        // Nouns and decisions.
        library("StokerCore"),
        library("ShimProtocol"),

        // Means: each imports Core only; StokerNet stands on Host.
        library("StokerConfig", ["StokerCore"], outside: [yams]),
        library("StokerHost", ["StokerCore", "CLinux", "CNVML"]),
        library("StokerMetrics", ["StokerCore", "CMetrics"]),
        library("StokerNet", ["StokerHost", "CLinux", "COpenSSL"], outside: [nioCore, heap], settings: hot),
        library("StokerProbe", ["StokerCore", "CCurl"]),
        library("StokerStore", ["StokerCore"], outside: [grdb]),
        library("StokerWire", settings: hot),

        // Features: they never import each other; the executable joins them.
        library(
            "StokerAdmin", ["StokerCore", "StokerMetrics"],
            outside: [hummingbird, httpTypes, nioCore, logging]),
        library("StokerContinuity", ["StokerCore", "StokerStore"]),
        library(
            "StokerGateway", ["StokerCore", "StokerHost", "StokerMetrics", "StokerNet", "StokerWire", "CLinux"],
            outside: [nioCore, logging], settings: hot),
        library(
            "StokerKnowledge", ["StokerCore", "StokerStore", "StokerMetrics"],
            outside: [hummingbird, hummingbirdCore, httpTypes, nioCore, grdb, lifecycle, unixSignals, logging]),
        library(
            "StokerLoad", ["StokerCore", "StokerHost", "StokerMetrics", "StokerNet", "StokerWire", "CLinux"],
            outside: [heap, deque]),
        library(
            "StokerSimulator", ["StokerCore", "StokerMetrics", "StokerWire"], outside: [nioCore, nioPosix]),
        library(
            "StokerSupervisor", ["StokerCore", "StokerHost", "StokerProbe", "StokerMetrics", "ShimProtocol"],
            outside: [lifecycle, logging]),

        // Programs.
        .executableTarget(
            name: "stoker-shim", dependencies: ["ShimProtocol", "CLinux"], swiftSettings: strict,
            // There is one shim for each process: without relocations its data stays shared, 0.7 MiB instead of 0.95.
            linkerSettings: [.unsafeFlags(["-Xlinker", "-no-pie"], .when(configuration: .release))]),
        .executableTarget(
            name: "stoker",
            dependencies: [
                "StokerCore", "StokerConfig", "StokerHost", "StokerMetrics", "StokerNet", "StokerProbe", "StokerStore",
                "StokerAdmin", "StokerContinuity", "StokerGateway", "StokerKnowledge", "StokerLoad", "StokerSimulator",
                "StokerSupervisor", argumentParser, lifecycle, unixSignals, logging, nioPosix, nioCore,
            ],
            swiftSettings: strict),

        // Tests.
        .target(
            name: "StokerTesting", dependencies: ["StokerCore"], path: "Tests/StokerTesting", swiftSettings: strict),
        tests("StokerCore"),
        tests("ShimProtocol", ["StokerCore"]),
        tests("StokerConfig", outside: [yams]),
        tests("StokerHost", ["ShimProtocol", "StokerCore", "CLinux"]),
        tests("StokerMetrics"),
        tests("StokerNet", ["StokerHost", "StokerCore"], outside: [nioCore]),
        tests("StokerProbe", outside: [nioCore, nioPosix, nioHTTP1]),
        tests("StokerStore", outside: [grdb]),
        tests("StokerAdmin", ["StokerMetrics", "StokerProbe"], outside: [logging]),
        tests("StokerContinuity", ["StokerCore", "StokerStore"]),
        tests("StokerWire"),
        tests(
            "StokerGateway", ["StokerCore", "StokerHost", "StokerMetrics", "StokerNet", "StokerWire"],
            outside: [nioCore, nioPosix, nioHTTP1, nioEmbedded]),
        tests(
            "StokerKnowledge", ["StokerStore", "StokerMetrics"],
            outside: [hummingbird, hummingbirdTesting, httpTypes, grdb]),
        tests("StokerLoad", ["CLinux", "StokerCore", "StokerHost", "StokerMetrics", "StokerWire"]),
        tests("StokerSimulator", ["StokerMetrics"], outside: [nioCore, nioPosix, nioHTTP1]),
        tests("StokerSupervisor", ["StokerHost", "StokerProbe", "StokerMetrics", "ShimProtocol"]),
        .testTarget(name: "RepositoryTests", dependencies: ["StokerCore"], swiftSettings: strict),
    ]
)
