// What Stoker needs of NVIDIA's management library (NVML), which is loaded with dlopen and never linked: most machines
// have none, and its version is that of the driver. Written from the public ABI; names, sizes and offsets are those of
// API 13, which keeps the layouts of all earlier ones. Nothing here decides anything.
//
// Functions return 0 or one of NVML's error numbers. A pointer is null where the library has no such function: each is
// looked for by itself, so that an old driver costs a value and not all of them.
#ifndef CNVML_H
#define CNVML_H

#include <stdint.h>

/// Error numbers that Stoker tells apart; the rest only have a name.
enum {
    CNVML_SUCCESS = 0,
    CNVML_UNINITIALIZED = 1,
    CNVML_INVALID_ARGUMENT = 2,
    CNVML_NOT_SUPPORTED = 3,
    CNVML_NO_PERMISSION = 4,
    CNVML_NOT_FOUND = 6,
    CNVML_INSUFFICIENT_SIZE = 7,
    CNVML_DRIVER_NOT_LOADED = 9,
    CNVML_TIMEOUT = 10,
    CNVML_FUNCTION_NOT_FOUND = 13,
    CNVML_GPU_IS_LOST = 15,
    CNVML_RESET_REQUIRED = 16,
    CNVML_LIBRARY_VERSION_MISMATCH = 18,
    CNVML_NO_DATA = 21,
    CNVML_ARGUMENT_VERSION_MISMATCH = 25,
    CNVML_DEPRECATED = 26,
    CNVML_UNKNOWN = 999,
};

/// nvmlInitWithFlags: a machine whose cards are all gone is no failure.
enum { CNVML_INIT_NO_GPUS = 1 };

enum { CNVML_UUID_SIZE = 96, CNVML_NAME_SIZE = 96, CNVML_VERSION_SIZE = 80 };

/// Sensors and clocks (nvmlTemperatureSensors_t, nvmlClockType_t).
enum { CNVML_SENSOR_CORE = 0, CNVML_CLOCK_SM = 1, CNVML_CLOCK_MEMORY = 2 };

/// Kinds of bit errors and how far back they are counted (nvmlMemoryErrorType_t, nvmlEccCounterType_t).
enum { CNVML_ERRORS_CORRECTED = 0, CNVML_ERRORS_UNCORRECTED = 1, CNVML_SINCE_DRIVER_LOAD = 0 };

/// Why a page was retired (nvmlPageRetirementCause_t).
enum { CNVML_RETIRED_SINGLE_BIT = 0, CNVML_RETIRED_DOUBLE_BIT = 1 };

/// nvmlEventTypeXidCriticalError.
enum { CNVML_EVENT_XID = 8 };

/// No instance: the card is not parted, or an event is the whole card's.
#define CNVML_NO_INSTANCE 0xFFFFFFFFu

/// Values that have no function of their own (NVML_FI_DEV_…).
enum {
    CNVML_FIELD_POWER_POLICY_TIME = 74,
    CNVML_FIELD_SYNC_BOOST_TIME = 76,
    CNVML_FIELD_MEMORY_TEMPERATURE = 82,
    CNVML_FIELD_POWER_INSTANT = 186,
    CNVML_FIELD_RECOVERY_ACTION = 230,
    CNVML_FIELD_SW_THERMAL_TIME = 269,
    CNVML_FIELD_HW_THERMAL_TIME = 270,
    CNVML_FIELD_POWER_BRAKE_TIME = 271,
};

/// How the value of a field is to be read (nvmlValueType_t).
enum {
    CNVML_VALUE_DOUBLE = 0,
    CNVML_VALUE_UINT = 1,
    CNVML_VALUE_ULONG = 2,
    CNVML_VALUE_ULONGLONG = 3,
    CNVML_VALUE_LONGLONG = 4,
    CNVML_VALUE_INT = 5,
    CNVML_VALUE_USHORT = 6,
};

/// How busy a card's parts are (nvmlGpmMetricId_t), from Hopper on.
enum { CNVML_ACTIVITY_SM = 2, CNVML_ACTIVITY_TENSOR = 5 };

/// A card or a part of one, as long as the library is initialised.
typedef void *cnvml_device;
typedef void *cnvml_event_set;
/// The state of a card's counters at one moment, in memory of NVML's.
typedef void *cnvml_sample;

struct cnvml_pci_info {
    char legacy_bus_id[16];
    uint32_t domain, bus, device;
    uint32_t device_id, subsystem_id;
    char bus_id[32];
};

struct cnvml_utilization {
    uint32_t gpu, memory;
};

/// `used` includes what the driver keeps for itself.
struct cnvml_memory {
    uint64_t total, free, used;
};

/// `version` goes in.
struct cnvml_memory_v2 {
    uint32_t version;
    uint64_t total, reserved, free, used;
};

/// `version` and `sensor` go in.
struct cnvml_temperature {
    uint32_t version, sensor;
    int32_t degrees;
};

/// Functions without a version in their name fill this one, …
struct cnvml_process_v1 {
    uint32_t pid;
    uint64_t memory;
};

/// … those of version 2 and 3 this one.
struct cnvml_process {
    uint32_t pid;
    uint64_t memory;
    uint32_t gpu_instance, compute_instance;
};

struct cnvml_field {
    uint32_t field, scope;
    int64_t timestamp, latency;
    uint32_t value_type;
    int32_t result;
    union {
        double number;
        int32_t signed_int;
        uint32_t unsigned_int;
        uint64_t unsigned_long;
        int64_t signed_long;
        uint16_t unsigned_short;
    } value;
};

/// `version` goes in.
struct cnvml_activity_support {
    uint32_t version, is_supported;
};

struct cnvml_activity {
    uint32_t id;
    int32_t result;
    double percent;
    char *_Nullable texts[3];
};

/// `version`, `count`, the samples and the `id` of each value go in. NVML's own array has room for 98 and later for
/// 333; it looks at as many as `count` says.
struct cnvml_activities {
    uint32_t version, count;
    cnvml_sample _Nullable earlier, later;
    struct cnvml_activity sm, tensor;
    char room[40 * 331];
};

struct cnvml_event {
    cnvml_device _Nullable device;
    uint64_t type, data;
    uint32_t gpu_instance, compute_instance;
};

#pragma clang assume_nonnull begin

/// A getter of one number.
typedef int (*cnvml_get_number)(cnvml_device device, uint32_t *value);
/// A getter of a text; the length is that of its room.
typedef int (*cnvml_get_text)(cnvml_device device, char *text, uint32_t length);
/// `count` is the room, then the number; INSUFFICIENT_SIZE gives the number that there is.
typedef int (*cnvml_get_processes)(cnvml_device device, uint32_t *count, struct cnvml_process *_Nullable processes);

/// The functions, named after NVML's without `nvml` and `Device`.
struct cnvml_functions {
    int (*_Nullable init_with_flags)(uint32_t flags);
    int (*_Nullable init)(void);
    int (*_Nullable shutdown)(void);
    int (*_Nullable driver_version)(char *text, uint32_t length);
    int (*_Nullable count)(uint32_t *count);
    int (*_Nullable handle_by_index)(uint32_t index, cnvml_device _Nullable *_Nonnull device);

    cnvml_get_text _Nullable uuid;
    cnvml_get_text _Nullable name;
    int (*_Nullable pci_info)(cnvml_device device, struct cnvml_pci_info *info);

    int (*_Nullable utilization)(cnvml_device device, struct cnvml_utilization *utilization);
    int (*_Nullable memory_v2)(cnvml_device device, struct cnvml_memory_v2 *memory);
    int (*_Nullable memory)(cnvml_device device, struct cnvml_memory *memory);
    int (*_Nullable temperature)(cnvml_device device, uint32_t sensor, uint32_t *degrees);
    int (*_Nullable temperature_v)(cnvml_device device, struct cnvml_temperature *temperature);
    cnvml_get_number _Nullable power;
    cnvml_get_number _Nullable power_limit;
    int (*_Nullable energy)(cnvml_device device, uint64_t *millijoules);
    int (*_Nullable clock)(cnvml_device device, uint32_t domain, uint32_t *megahertz);
    cnvml_get_number _Nullable fan_speed;
    int (*_Nullable clocks_event_reasons)(cnvml_device device, uint64_t *bits);
    int (*_Nullable clocks_throttle_reasons)(cnvml_device device, uint64_t *bits);
    int (*_Nullable fields)(cnvml_device device, int count, struct cnvml_field *fields);

    int (*_Nullable ecc_errors)(cnvml_device device, uint32_t kind, uint32_t counter, uint64_t *count);
    int (*_Nullable remapped_rows)(
        cnvml_device device, uint32_t *corrected, uint32_t *uncorrected, uint32_t *pending, uint32_t *failed);
    int (*_Nullable retired_pages)(
        cnvml_device device, uint32_t cause, uint32_t *count, uint64_t *_Nullable addresses);

    cnvml_get_number _Nullable link_generation;
    cnvml_get_number _Nullable link_width;
    cnvml_get_number _Nullable max_link_generation;
    cnvml_get_number _Nullable max_link_width;
    cnvml_get_number _Nullable link_replays;

    cnvml_get_processes _Nullable compute_processes_v3;
    cnvml_get_processes _Nullable compute_processes_v2;
    int (*_Nullable compute_processes_v1)(
        cnvml_device device, uint32_t *count, struct cnvml_process_v1 *_Nullable processes);
    cnvml_get_processes _Nullable graphics_processes_v3;
    cnvml_get_processes _Nullable mps_processes_v3;

    int (*_Nullable mig_mode)(cnvml_device device, uint32_t *current, uint32_t *pending);
    cnvml_get_number _Nullable max_mig_count;
    int (*_Nullable mig_handle_by_index)(
        cnvml_device device, uint32_t index, cnvml_device _Nullable *_Nonnull partition);
    cnvml_get_number _Nullable gpu_instance;
    cnvml_get_number _Nullable compute_instance;

    int (*_Nullable activity_support)(cnvml_device device, struct cnvml_activity_support *support);
    int (*_Nullable sample_alloc)(cnvml_sample _Nullable *_Nonnull sample);
    int (*_Nullable sample_free)(cnvml_sample sample);
    int (*_Nullable sample_get)(cnvml_device device, cnvml_sample sample);
    int (*_Nullable activities)(struct cnvml_activities *activities);

    int (*_Nullable event_set_create)(cnvml_event_set _Nullable *_Nonnull set);
    int (*_Nullable event_set_free)(cnvml_event_set set);
    int (*_Nullable register_events)(cnvml_device device, uint64_t types, cnvml_event_set set);
    int (*_Nullable event_set_wait_v2)(cnvml_event_set set, struct cnvml_event *event, uint32_t milliseconds);
    int (*_Nullable event_set_wait)(cnvml_event_set set, struct cnvml_event *event, uint32_t milliseconds);
};

/// Loads the library and looks for each function. Returns a handle for `cnvml_close`, or null; `reason` is then the
/// loader's own words, valid until the next call on this thread.
void *_Nullable cnvml_open(const char *path, struct cnvml_functions *functions, const char *_Nullable *_Nonnull reason);

void cnvml_close(void *handle);

/// How busy a card was between two samples, in percent; NaN for what it cannot tell.
int cnvml_read_activity(
    const struct cnvml_functions *functions, cnvml_sample earlier, cnvml_sample later, double *sm, double *tensor);

#pragma clang assume_nonnull end

#endif
