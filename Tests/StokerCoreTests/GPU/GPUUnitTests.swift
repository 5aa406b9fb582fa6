import StokerCore
import Testing

@Suite struct GPUUnitTests {
    @Test(arguments: [(0, 0), (87, 0.87), (100, 1)] as [(Int64, Double)])
    func `a percentage becomes a ratio`(percent: Int64, ratio: Double) {
        #expect(GPUUnit.ratio(percent: percent) == ratio)
    }

    @Test(arguments: [-1, 101, Int64.max] as [Int64])
    func `what is no percentage is absent`(percent: Int64) { #expect(GPUUnit.ratio(percent: percent) == nil) }

    @Test func `a fan may turn a little faster than full speed`() {
        #expect(GPUUnit.ratio(percent: 103, most: 200) == 1.03)
    }

    /// dcgm-exporter's own README shows this number as a temperature.
    @Test(arguments: [9_223_372_036_854_775_794, -300, 201] as [Int64])
    func `no card is so hot or so cold`(degrees: Int64) { #expect(GPUUnit.celsius(degrees) == nil) }

    @Test func `each driver's unit becomes the base unit`() {
        #expect(GPUUnit.celsius(41) == 41)
        #expect(GPUUnit.celsius(thousandths: 41_500) == 41.5)
        #expect(GPUUnit.watts(milliwatts: 71_500) == 71.5)
        #expect(GPUUnit.watts(microwatts: 71_500_000) == 71.5)
        #expect(GPUUnit.joules(millijoules: 1500) == 1.5)
        #expect(GPUUnit.hertz(megahertz: 1980) == 1.98e9)
        #expect(GPUUnit.hertz(1_700_000_000) == 1.7e9)
        #expect(GPUUnit.seconds(nanoseconds: 2_500_000_000) == 2.5)
        #expect(GPUUnit.bytes(80 << 30) == 80 << 30)
        #expect(GPUUnit.count(3) == 3)
    }

    @Test func `all bits set is no value, whatever its unit`() {
        #expect(GPUUnit.watts(milliwatts: Int64(UInt32.max)) == nil)
        #expect(GPUUnit.watts(microwatts: .max) == nil)
        #expect(GPUUnit.joules(millijoules: .max) == nil)
        #expect(GPUUnit.hertz(megahertz: Int64(UInt32.max)) == nil)
        #expect(GPUUnit.hertz(.max) == nil)
        #expect(GPUUnit.seconds(nanoseconds: .max) == nil)
        #expect(GPUUnit.bytes(.max) == nil)
        #expect(GPUUnit.count(.max) == nil)
        #expect(GPUUnit.celsius(thousandths: .max) == nil)
    }

    @Test(
        arguments: [
            ("2.5 GT/s PCIe", 1), ("5.0 GT/s PCIe", 2), ("8.0 GT/s PCIe", 3), ("16.0 GT/s PCIe", 4),
            ("32.0 GT/s PCIe", 5), ("64.0 GT/s PCIe", 6), ("5 GT/s", 2), ("Unknown", nil), ("", nil),
        ] as [(String, Int?)])
    func `the kernel's speed of a link is its generation`(text: String, generation: Int?) {
        #expect(GPUUnit.pcieGeneration(speed: text) == generation)
    }
}

@Suite struct GPUThrottleTests {
    @Test(
        arguments: [
            (0, []), (0x1, [.idle]), (0x4, [.powerCap]), (0x48, [.hardwareSlowdown, .hardwareThermal]),
            (0x1ff, GPUThrottle.allCases), (0x8000_0000_0000_0000, []),
        ] as [(UInt64, [GPUThrottle])])
    func `NVML's bits are reasons, and bits nobody knows are none`(bits: UInt64, reasons: [GPUThrottle]) {
        #expect(GPUThrottle.reasons(in: bits) == reasons)
    }

    @Test func `each reason has a bit of its own`() {
        #expect(GPUThrottle.allCases.reduce(0) { $0 | $1.bit } == 0x1ff)
    }

    @Test func `an idle card and one at its power limit are in good order`() {
        #expect(
            GPUThrottle.allCases.filter(\.isTrouble) == [.hardwareSlowdown, .thermal, .hardwareThermal, .powerBrake])
    }

    @Test(arguments: [
        ("00000000:3B:00.0", "0000:3b:00.0"), ("0000:3b:00.0", "0000:3b:00.0"),
        ("00010000:3B:00.0", "00010000:3b:00.0"),
        ("", ""), ("3b:00.0", "3b:00.0"),
    ])
    func `a PCI address is written as the kernel writes it`(text: String, address: String) {
        #expect(GPUIdentity.pciAddress(text) == address)
    }
}
