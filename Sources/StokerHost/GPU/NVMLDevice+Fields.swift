import CNVML
import StokerCore

/// Values that NVML has no function for, asked for all at once: a call each would be slow.
extension NVMLDevice {
    /// What was asked for and was there. A field that an older driver does not know is an absence.
    func fields(_ ids: [Int]) throws(NVMLCode) -> [Int: UInt64] {
        var fields = ids.map { id in
            var field = cnvml_field()
            field.field = UInt32(id)
            field.result = Int32(CNVML_NOT_SUPPORTED)
            return field
        }
        try caller.call("nvmlDeviceGetFieldValues", functions.fields) { function in
            fields.withUnsafeMutableBufferPointer { room in
                room.baseAddress.map { function(handle, Int32(room.count), $0) } ?? Int32(CNVML_INVALID_ARGUMENT)
            }
        }
        let found = zip(ids, fields).compactMap { id, field in Self.value(of: field).map { (id, $0) } }
        return Dictionary(found, uniquingKeysWith: { first, _ in first })
    }

    /// All our fields are counts and never negative.
    static func value(of field: cnvml_field) -> UInt64? {
        guard field.result == CNVML_SUCCESS else { return nil }
        switch Int(field.value_type) {
        case CNVML_VALUE_DOUBLE: return UInt64(exactly: field.value.number.rounded())
        case CNVML_VALUE_UINT: return UInt64(field.value.unsigned_int)
        case CNVML_VALUE_ULONG, CNVML_VALUE_ULONGLONG: return field.value.unsigned_long
        case CNVML_VALUE_LONGLONG: return UInt64(exactly: field.value.signed_long)
        case CNVML_VALUE_INT: return UInt64(exactly: field.value.signed_int)
        case CNVML_VALUE_USHORT: return UInt64(field.value.unsigned_short)
        default: return nil
        }
    }

    static let fieldsOfInterest =
        throttleFields.map(\.field) + [
            CNVML_FIELD_MEMORY_TEMPERATURE, CNVML_FIELD_POWER_INSTANT, CNVML_FIELD_RECOVERY_ACTION,
        ]

    /// Nanoseconds for which the card was held down.
    static let throttleFields: [(field: Int, reason: GPUThrottle)] = [
        (CNVML_FIELD_POWER_POLICY_TIME, .powerCap), (CNVML_FIELD_SYNC_BOOST_TIME, .syncBoost),
        (CNVML_FIELD_SW_THERMAL_TIME, .thermal), (CNVML_FIELD_HW_THERMAL_TIME, .hardwareThermal),
        (CNVML_FIELD_POWER_BRAKE_TIME, .powerBrake),
    ]
}
