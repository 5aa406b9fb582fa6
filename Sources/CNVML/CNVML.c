#include "CNVML.h"

#include <dlfcn.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

// The layouts that NVML compiles in on 64-bit Linux: a mistake here would be somebody else's memory.
_Static_assert(sizeof(void *) == 8, "NVML's 64-bit ABI");
_Static_assert(sizeof(struct cnvml_pci_info) == 68 && offsetof(struct cnvml_pci_info, bus_id) == 36, "nvmlPciInfo_t");
_Static_assert(sizeof(struct cnvml_utilization) == 8, "nvmlUtilization_t");
_Static_assert(sizeof(struct cnvml_memory) == 24, "nvmlMemory_t");
_Static_assert(sizeof(struct cnvml_memory_v2) == 40 && offsetof(struct cnvml_memory_v2, total) == 8, "nvmlMemory_v2_t");
_Static_assert(sizeof(struct cnvml_temperature) == 12, "nvmlTemperature_v1_t");
_Static_assert(sizeof(struct cnvml_process_v1) == 16, "nvmlProcessInfo_v1_t");
_Static_assert(
    sizeof(struct cnvml_process) == 24 && offsetof(struct cnvml_process, gpu_instance) == 16, "nvmlProcessInfo_v2_t");
_Static_assert(
    sizeof(struct cnvml_field) == 40 && offsetof(struct cnvml_field, value_type) == 24
        && offsetof(struct cnvml_field, value) == 32,
    "nvmlFieldValue_t");
_Static_assert(
    sizeof(struct cnvml_event) == 32 && offsetof(struct cnvml_event, gpu_instance) == 24, "nvmlEventData_t");

_Static_assert(
    sizeof(struct cnvml_activity) == 40 && offsetof(struct cnvml_activities, sm) == 24
        && offsetof(struct cnvml_activities, tensor) == 64 && sizeof(struct cnvml_activities) == 24 + 40 * 333,
    "nvmlGpmMetricsGet_t");

struct symbol {
    const char *name;
    size_t place;
};

#define SYMBOL(name, member) {name, offsetof(struct cnvml_functions, member)}

static const struct symbol symbols[] = {
    SYMBOL("nvmlInitWithFlags", init_with_flags),
    SYMBOL("nvmlInit_v2", init),
    SYMBOL("nvmlShutdown", shutdown),
    SYMBOL("nvmlSystemGetDriverVersion", driver_version),
    SYMBOL("nvmlDeviceGetCount_v2", count),
    SYMBOL("nvmlDeviceGetHandleByIndex_v2", handle_by_index),
    SYMBOL("nvmlDeviceGetUUID", uuid),
    SYMBOL("nvmlDeviceGetName", name),
    SYMBOL("nvmlDeviceGetPciInfo_v3", pci_info),
    SYMBOL("nvmlDeviceGetUtilizationRates", utilization),
    SYMBOL("nvmlDeviceGetMemoryInfo_v2", memory_v2),
    SYMBOL("nvmlDeviceGetMemoryInfo", memory),
    SYMBOL("nvmlDeviceGetTemperature", temperature),
    SYMBOL("nvmlDeviceGetTemperatureV", temperature_v),
    SYMBOL("nvmlDeviceGetPowerUsage", power),
    SYMBOL("nvmlDeviceGetEnforcedPowerLimit", power_limit),
    SYMBOL("nvmlDeviceGetTotalEnergyConsumption", energy),
    SYMBOL("nvmlDeviceGetClockInfo", clock),
    SYMBOL("nvmlDeviceGetFanSpeed", fan_speed),
    SYMBOL("nvmlDeviceGetCurrentClocksEventReasons", clocks_event_reasons),
    SYMBOL("nvmlDeviceGetCurrentClocksThrottleReasons", clocks_throttle_reasons),
    SYMBOL("nvmlDeviceGetFieldValues", fields),
    SYMBOL("nvmlDeviceGetTotalEccErrors", ecc_errors),
    SYMBOL("nvmlDeviceGetRemappedRows", remapped_rows),
    SYMBOL("nvmlDeviceGetRetiredPages", retired_pages),
    SYMBOL("nvmlDeviceGetCurrPcieLinkGeneration", link_generation),
    SYMBOL("nvmlDeviceGetCurrPcieLinkWidth", link_width),
    SYMBOL("nvmlDeviceGetMaxPcieLinkGeneration", max_link_generation),
    SYMBOL("nvmlDeviceGetMaxPcieLinkWidth", max_link_width),
    SYMBOL("nvmlDeviceGetPcieReplayCounter", link_replays),
    SYMBOL("nvmlDeviceGetComputeRunningProcesses_v3", compute_processes_v3),
    SYMBOL("nvmlDeviceGetComputeRunningProcesses_v2", compute_processes_v2),
    SYMBOL("nvmlDeviceGetComputeRunningProcesses", compute_processes_v1),
    SYMBOL("nvmlDeviceGetGraphicsRunningProcesses_v3", graphics_processes_v3),
    SYMBOL("nvmlDeviceGetMPSComputeRunningProcesses_v3", mps_processes_v3),
    SYMBOL("nvmlDeviceGetMigMode", mig_mode),
    SYMBOL("nvmlDeviceGetMaxMigDeviceCount", max_mig_count),
    SYMBOL("nvmlDeviceGetMigDeviceHandleByIndex", mig_handle_by_index),
    SYMBOL("nvmlDeviceGetGpuInstanceId", gpu_instance),
    SYMBOL("nvmlDeviceGetComputeInstanceId", compute_instance),
    SYMBOL("nvmlGpmQueryDeviceSupport", activity_support),
    SYMBOL("nvmlGpmSampleAlloc", sample_alloc),
    SYMBOL("nvmlGpmSampleFree", sample_free),
    SYMBOL("nvmlGpmSampleGet", sample_get),
    SYMBOL("nvmlGpmMetricsGet", activities),
    SYMBOL("nvmlEventSetCreate", event_set_create),
    SYMBOL("nvmlEventSetFree", event_set_free),
    SYMBOL("nvmlDeviceRegisterEvents", register_events),
    SYMBOL("nvmlEventSetWait_v2", event_set_wait_v2),
    SYMBOL("nvmlEventSetWait", event_set_wait),
};

void *cnvml_open(const char *path, struct cnvml_functions *functions, const char **reason) {
    memset(functions, 0, sizeof *functions);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        *reason = dlerror();
        return NULL;
    }
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *found = dlsym(handle, symbols[i].name);
        memcpy((char *)functions + symbols[i].place, &found, sizeof found);
    }
    return handle;
}

void cnvml_close(void *handle) { dlclose(handle); }

int cnvml_read_activity(
    const struct cnvml_functions *functions, cnvml_sample earlier, cnvml_sample later, double *sm, double *tensor) {
    if (functions->activities == NULL) return CNVML_FUNCTION_NOT_FOUND;
    struct cnvml_activities activities = {.version = 1, .count = 2, .earlier = earlier, .later = later};
    activities.sm.id = CNVML_ACTIVITY_SM;
    activities.tensor.id = CNVML_ACTIVITY_TENSOR;
    int code = functions->activities(&activities);
    if (code != CNVML_SUCCESS) return code;
    *sm = activities.sm.result == CNVML_SUCCESS ? activities.sm.percent : NAN;
    *tensor = activities.tensor.result == CNVML_SUCCESS ? activities.tensor.percent : NAN;
    return CNVML_SUCCESS;
}
