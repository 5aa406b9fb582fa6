// A libnvidia-ml.so.1 that says what a script beside it says. The script, `nvml.script` in the directory of this
// library, is read anew at each call, so a test changes its mind by writing the file (elsewhere, then rename).
//
//     cc -shared -fPIC -o libnvidia-ml.so.1 fake_nvml.c
//     cc -shared -fPIC -DnvmlDeviceGetMemoryInfo_v2=absent_memory_v2 …        a library without that function
//
// One statement a line; what is not said has the default of the function below. GPU is an index.
//
//     gpus 2                                 how many there are
//     driver 550.54.15
//     value GPU KEY NUMBER                   a number; see the keys below
//     text GPU KEY WORDS                     name, uuid, pci
//     process GPU PID BYTES [INSTANCE]       one that holds memory
//     part GPU INSTANCE BYTES                a MIG partition with that much memory
//     fail FUNCTION CODE                     all calls of that function answer with that NVML error
//     fail FUNCTION@GPU CODE                 …for one GPU
//     lost GPU                               all that is about it answers 15 (GPU is lost), and it has no handle
//     hang FUNCTION                          it does not return as long as the line is there
//     xid NUMBER GPU CODE [INSTANCE]         an event; those with a number above the last one delivered are new
//
// Written against NVML's public ABI by itself, not with Stoker's header: it would repeat its mistakes.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7 };
enum { TIMEOUT = 10, GPU_IS_LOST = 15 };
enum { MOST_GPUS = 16, MOST_PARTS = 8, LINE = 256 };

#define PUBLIC __attribute__((visibility("default")))

// A handle is the address of one of these: parts have handles of their own.
static struct device {
    int gpu, part;
} devices[MOST_GPUS][MOST_PARTS + 1];

static int initialised;

static FILE *script(void) {
    char path[4096];
    Dl_info self;
    if (!dladdr((void *)&script, &self)) return NULL;
    snprintf(path, sizeof path, "%s", self.dli_fname);
    char *slash = strrchr(path, '/');
    snprintf(slash ? slash + 1 : path, 32, "nvml.script");
    return fopen(path, "re");
}

// Calls `found` for each line that begins with `prefix`, with what follows it, until it returns other than 0.
static int each(const char *prefix, int (*found)(const char *rest, void *context), void *context) {
    FILE *file = script();
    if (!file) return 0;
    char line[LINE];
    int result = 0;
    size_t length = strlen(prefix);
    while (!result && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, prefix, length) == 0 && (line[length] == ' ' || line[length] == 0))
            result = found(line + length + (line[length] == ' '), context);
    }
    fclose(file);
    return result;
}

static int copy(const char *rest, void *context) {
    snprintf(context, LINE, "%s", rest);
    return 1;
}

static int lookup(const char *prefix, char *text) { return each(prefix, copy, text); }

static long long value(int gpu, const char *key, long long otherwise) {
    char prefix[LINE], text[LINE];
    snprintf(prefix, sizeof prefix, "value %d %s", gpu, key);
    return lookup(prefix, text) ? strtoll(text, NULL, 0) : otherwise;
}

static int said(const char *prefix) {
    char text[LINE];
    return lookup(prefix, text);
}

static int gpu_count(void) {
    char text[LINE];
    int count = lookup("gpus", text) ? atoi(text) : 1;
    return count < MOST_GPUS ? count : MOST_GPUS;
}

static void rest(void) {
    struct timespec moment = {0, 2000000};
    nanosleep(&moment, NULL);
}

// What stands before each function: it hangs, it fails, the card is lost, nobody has initialised.
static int before(const char *function, int gpu) {
    char prefix[LINE], text[LINE];
    snprintf(prefix, sizeof prefix, "hang %s", function);
    while (said(prefix)) rest();
    snprintf(prefix, sizeof prefix, "fail %s", function);
    if (lookup(prefix, text)) return atoi(text);
    if (gpu < 0) return SUCCESS;
    snprintf(prefix, sizeof prefix, "fail %s@%d", function, gpu);
    if (lookup(prefix, text)) return atoi(text);
    if (!initialised) return UNINITIALIZED;
    snprintf(prefix, sizeof prefix, "lost %d", gpu);
    return said(prefix) ? GPU_IS_LOST : SUCCESS;
}

#define BEGIN(device)                                        \
    struct device *it = device;                              \
    if (!it) return INVALID_ARGUMENT;                        \
    int failure = before(__func__, it->gpu);                 \
    if (failure) return failure

// A number with a key; a negative one, from the script or by default, is not supported.
#define NUMBER(function, key, otherwise)                     \
    PUBLIC int function(void *device, uint32_t *result) {    \
        BEGIN(device);                                       \
        long long number = value(it->gpu, key, otherwise);   \
        if (number < 0) return NOT_SUPPORTED;                \
        *result = (uint32_t)number;                          \
        return SUCCESS;                                      \
    }

// The library

PUBLIC int nvmlInit_v2(void) {
    int failure = before(__func__, -1);
    if (!failure) initialised++;
    return failure;
}

PUBLIC int nvmlInitWithFlags(uint32_t flags) {
    (void)flags;
    int failure = before(__func__, -1);
    if (!failure) initialised++;
    return failure;
}

PUBLIC int nvmlShutdown(void) {
    if (initialised) initialised--;
    return SUCCESS;
}

PUBLIC int nvmlSystemGetDriverVersion(char *text, uint32_t length) {
    char found[LINE];
    snprintf(text, length, "%s", lookup("driver", found) ? found : "550.54.15");
    return before(__func__, -1);
}

PUBLIC int nvmlDeviceGetCount_v2(uint32_t *count) {
    *count = (uint32_t)gpu_count();
    return initialised ? before(__func__, -1) : UNINITIALIZED;
}

PUBLIC int nvmlDeviceGetHandleByIndex_v2(uint32_t index, void **device) {
    if ((int)index >= gpu_count()) return INVALID_ARGUMENT;
    int failure = before(__func__, (int)index);
    devices[index][0] = (struct device){(int)index, 0};
    *device = &devices[index][0];
    return failure;
}

// Who it is

static void words(struct device *it, const char *key, const char *otherwise, char *text, uint32_t length) {
    char prefix[LINE], found[LINE];
    snprintf(prefix, sizeof prefix, "text %d %s", it->gpu, key);
    const char *result = lookup(prefix, found) ? found : otherwise;
    if (it->part)
        snprintf(text, length, "%s%s", key[0] == 'u' ? "MIG-" : "Part of ", result);
    else
        snprintf(text, length, "%s", result);
}

PUBLIC int nvmlDeviceGetUUID(void *device, char *text, uint32_t length) {
    BEGIN(device);
    char otherwise[64];
    snprintf(otherwise, sizeof otherwise, "GPU-00000000-0000-0000-0000-%08d%04d", it->gpu, it->part);
    words(it, "uuid", otherwise, text, length);
    return SUCCESS;
}

PUBLIC int nvmlDeviceGetName(void *device, char *text, uint32_t length) {
    BEGIN(device);
    words(it, "name", "NVIDIA Fake 80GB", text, length);
    return SUCCESS;
}

PUBLIC int nvmlDeviceGetPciInfo_v3(void *device, void *info) {
    BEGIN(device);
    memset(info, 0, 68);
    char otherwise[32];
    snprintf(otherwise, sizeof otherwise, "00000000:%02X:00.0", 0x3b + it->gpu);
    words(it, "pci", otherwise, (char *)info + 36, 32);
    return SUCCESS;
}

// Load

PUBLIC int nvmlDeviceGetUtilizationRates(void *device, uint32_t rates[2]) {
    BEGIN(device);
    if (value(it->gpu, "utilization", 0) < 0) return NOT_SUPPORTED;
    rates[0] = (uint32_t)value(it->gpu, "utilization", 0);
    rates[1] = (uint32_t)value(it->gpu, "memory_utilization", 0);
    return SUCCESS;
}

static uint64_t total_of(struct device *it) { return (uint64_t)value(it->gpu, "memory_total", 80LL << 30); }

static uint64_t reserved_of(struct device *it) { return (uint64_t)value(it->gpu, "memory_reserved", 512LL << 20); }

static uint64_t used_of(struct device *it) { return (uint64_t)value(it->gpu, "memory_used", 0); }

struct parts {
    int wanted, seen, instance;
    long long bytes;
};

static int nth_part(const char *rest, void *context) {
    struct parts *parts = context;
    if (++parts->seen != parts->wanted) return 0;
    return sscanf(rest, "%d %lld", &parts->instance, &parts->bytes) == 2;
}

static int part(int gpu, int number, struct parts *found) {
    char prefix[LINE];
    snprintf(prefix, sizeof prefix, "part %d", gpu);
    *found = (struct parts){.wanted = number};
    return each(prefix, nth_part, found);
}

PUBLIC int nvmlDeviceGetMemoryInfo_v2(void *device, void *memory) {
    BEGIN(device);
    struct {
        uint32_t version;
        uint64_t total, reserved, free, used;
    } *result = memory;
    if (result->version != (40 | 2 << 24)) return 25;
    struct parts mine;
    if (it->part && part(it->gpu, it->part, &mine)) {
        result->total = result->free = (uint64_t)mine.bytes;
        result->reserved = result->used = 0;
        return SUCCESS;
    }
    result->total = total_of(it);
    result->reserved = reserved_of(it);
    result->used = used_of(it);
    result->free = result->total - result->reserved - result->used;
    return SUCCESS;
}

PUBLIC int nvmlDeviceGetMemoryInfo(void *device, uint64_t memory[3]) {
    BEGIN(device);
    memory[0] = total_of(it);
    memory[2] = used_of(it) + reserved_of(it);
    memory[1] = memory[0] - memory[2];
    return SUCCESS;
}

PUBLIC int nvmlDeviceGetTemperature(void *device, uint32_t sensor, uint32_t *degrees) {
    BEGIN(device);
    if (sensor != 0) return INVALID_ARGUMENT;
    *degrees = (uint32_t)value(it->gpu, "temperature", 41);
    return SUCCESS;
}

PUBLIC int nvmlDeviceGetTemperatureV(void *device, uint32_t temperature[3]) {
    BEGIN(device);
    if (temperature[0] != (12 | 1 << 24)) return 25;
    temperature[2] = (uint32_t)value(it->gpu, "temperature", 41);
    return SUCCESS;
}

NUMBER(nvmlDeviceGetPowerUsage, "power", 71500)
NUMBER(nvmlDeviceGetEnforcedPowerLimit, "power_limit", 700000)
NUMBER(nvmlDeviceGetFanSpeed, "fan", -1)
NUMBER(nvmlDeviceGetCurrPcieLinkGeneration, "link_generation", 5)
NUMBER(nvmlDeviceGetCurrPcieLinkWidth, "link_width", 16)
NUMBER(nvmlDeviceGetMaxPcieLinkGeneration, "max_link_generation", 5)
NUMBER(nvmlDeviceGetMaxPcieLinkWidth, "max_link_width", 16)
NUMBER(nvmlDeviceGetPcieReplayCounter, "replays", 0)

PUBLIC int nvmlDeviceGetTotalEnergyConsumption(void *device, uint64_t *energy) {
    BEGIN(device);
    *energy = (uint64_t)value(it->gpu, "energy", 1234567);
    return SUCCESS;
}

PUBLIC int nvmlDeviceGetClockInfo(void *device, uint32_t domain, uint32_t *megahertz) {
    BEGIN(device);
    *megahertz = (uint32_t)value(it->gpu, domain == 2 ? "memory_clock" : "clock", domain == 2 ? 2619 : 1980);
    return SUCCESS;
}

PUBLIC int nvmlDeviceGetCurrentClocksEventReasons(void *device, uint64_t *bits) {
    BEGIN(device);
    *bits = (uint64_t)value(it->gpu, "clocks_event_reasons", 0);
    return SUCCESS;
}

PUBLIC int nvmlDeviceGetCurrentClocksThrottleReasons(void *device, uint64_t *bits) {
    BEGIN(device);
    *bits = (uint64_t)value(it->gpu, "clocks_event_reasons", 0);
    return SUCCESS;
}

struct field {
    uint32_t id, scope;
    int64_t timestamp, latency;
    uint32_t type;
    int32_t result;
    uint64_t value;
};

PUBLIC int nvmlDeviceGetFieldValues(void *device, int count, struct field *fields) {
    BEGIN(device);
    for (int i = 0; i < count; i++) {
        char key[32];
        snprintf(key, sizeof key, "field_%u", fields[i].id);
        long long number = value(it->gpu, key, -1);
        fields[i].result = number < 0 ? NOT_SUPPORTED : SUCCESS;
        fields[i].type = 3;
        fields[i].value = number < 0 ? 0x5555555555555555 : (uint64_t)number;
    }
    return SUCCESS;
}

// Activity (GPM): a sample is a number, a difference is what the script says

PUBLIC int nvmlGpmQueryDeviceSupport(void *device, uint32_t support[2]) {
    BEGIN(device);
    if (support[0] != 1) return 25;
    support[1] = value(it->gpu, "sm_activity", -1) >= 0;
    return SUCCESS;
}

static long samples;

PUBLIC int nvmlGpmSampleAlloc(int **sample) {
    *sample = calloc(1, sizeof **sample);
    return before(__func__, -1);
}

PUBLIC int nvmlGpmSampleFree(int *sample) {
    free(sample);
    return SUCCESS;
}

PUBLIC int nvmlGpmSampleGet(void *device, int *sample) {
    BEGIN(device);
    *sample = (int)++samples << 4 | it->gpu;
    return SUCCESS;
}

struct metric {
    uint32_t id;
    int32_t result;
    double value;
    char *texts[3];
};

struct metrics {
    uint32_t version, count;
    int *earlier, *later;
    struct metric metrics[333];
};

PUBLIC int nvmlGpmMetricsGet(struct metrics *metrics) {
    int failure = before(__func__, -1);
    if (failure) return failure;
    if (metrics->version != 1 || *metrics->earlier >= *metrics->later) return INVALID_ARGUMENT;
    int gpu = *metrics->later & 15;
    if (gpu != (*metrics->earlier & 15)) return INVALID_ARGUMENT;
    for (uint32_t i = 0; i < metrics->count; i++) {
        struct metric *metric = &metrics->metrics[i];
        long long number = value(gpu, metric->id == 2 ? "sm_activity" : "tensor_activity", -1);
        metric->result = number < 0 ? NOT_SUPPORTED : SUCCESS;
        metric->value = (double)number + 0.5;
    }
    return SUCCESS;
}

// Errors

PUBLIC int nvmlDeviceGetTotalEccErrors(void *device, uint32_t kind, uint32_t counter, uint64_t *count) {
    BEGIN(device);
    if (counter != 0) return INVALID_ARGUMENT;
    *count = (uint64_t)value(it->gpu, kind ? "ecc_uncorrected" : "ecc_corrected", 0);
    return SUCCESS;
}

PUBLIC int nvmlDeviceGetRemappedRows(
    void *device, uint32_t *corrected, uint32_t *uncorrected, uint32_t *pending, uint32_t *failed) {
    BEGIN(device);
    *corrected = *uncorrected = 0;
    *pending = (uint32_t)value(it->gpu, "remap_pending", 0);
    *failed = (uint32_t)value(it->gpu, "remap_failed", 0);
    return SUCCESS;
}

PUBLIC int nvmlDeviceGetRetiredPages(void *device, uint32_t cause, uint32_t *count, uint64_t *addresses) {
    BEGIN(device);
    long long number = value(it->gpu, cause ? "retired_double" : "retired_single", -1);
    if (number < 0) return NOT_SUPPORTED;
    int fits = number == 0 || (addresses && *count >= number);
    *count = (uint32_t)number;
    return fits ? SUCCESS : INSUFFICIENT_SIZE;
}

// Processes

struct process {
    uint32_t pid;
    uint64_t memory;
    uint32_t instance, compute;
};

struct listing {
    struct process *room;
    uint32_t size, count;
};

static int add_process(const char *rest, void *context) {
    struct listing *listing = context;
    struct process process = {.instance = 0xFFFFFFFF, .compute = 0xFFFFFFFF};
    if (sscanf(rest, "%u %lu %u", &process.pid, &process.memory, &process.instance) < 2) return 0;
    if (listing->room && listing->count < listing->size) listing->room[listing->count] = process;
    listing->count++;
    return 0;
}

PUBLIC int nvmlDeviceGetComputeRunningProcesses_v3(void *device, uint32_t *count, struct process *processes) {
    BEGIN(device);
    char prefix[LINE];
    snprintf(prefix, sizeof prefix, "process %d", it->gpu);
    struct listing listing = {processes, *count, 0};
    each(prefix, add_process, &listing);
    int fits = listing.count <= listing.size;
    *count = listing.count;
    return fits ? SUCCESS : INSUFFICIENT_SIZE;
}

PUBLIC int nvmlDeviceGetComputeRunningProcesses(void *device, uint32_t *count, uint64_t (*processes)[2]) {
    BEGIN(device);
    char prefix[LINE];
    struct process room[64];
    snprintf(prefix, sizeof prefix, "process %d", it->gpu);
    struct listing listing = {room, 64, 0};
    each(prefix, add_process, &listing);
    if (listing.count > *count) return INSUFFICIENT_SIZE;
    for (uint32_t i = 0; i < listing.count; i++) {
        processes[i][0] = room[i].pid;
        processes[i][1] = room[i].memory;
    }
    *count = listing.count;
    return SUCCESS;
}

PUBLIC int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, uint32_t *count, struct process *processes) {
    BEGIN(device);
    (void)processes;
    *count = 0;
    return SUCCESS;
}

// MIG

PUBLIC int nvmlDeviceGetMigMode(void *device, uint32_t *current, uint32_t *pending) {
    BEGIN(device);
    struct parts first;
    *current = *pending = (uint32_t)part(it->gpu, 1, &first);
    return SUCCESS;
}

NUMBER(nvmlDeviceGetMaxMigDeviceCount, "max_parts", 7)

PUBLIC int nvmlDeviceGetMigDeviceHandleByIndex(void *device, uint32_t index, void **result) {
    BEGIN(device);
    struct parts found;
    if (index >= MOST_PARTS || !part(it->gpu, (int)index + 1, &found)) return NOT_FOUND;
    devices[it->gpu][index + 1] = (struct device){it->gpu, (int)index + 1};
    *result = &devices[it->gpu][index + 1];
    return SUCCESS;
}

PUBLIC int nvmlDeviceGetGpuInstanceId(void *device, uint32_t *id) {
    BEGIN(device);
    struct parts found;
    if (!it->part || !part(it->gpu, it->part, &found)) return NOT_SUPPORTED;
    *id = (uint32_t)found.instance;
    return SUCCESS;
}

NUMBER(nvmlDeviceGetComputeInstanceId, "compute_instance", 0)

// Events

struct event_set {
    int registered[MOST_GPUS];
};

PUBLIC int nvmlEventSetCreate(struct event_set **set) {
    *set = calloc(1, sizeof **set);
    return before(__func__, -1);
}

PUBLIC int nvmlEventSetFree(struct event_set *set) {
    free(set);
    return SUCCESS;
}

PUBLIC int nvmlDeviceRegisterEvents(void *device, uint64_t types, struct event_set *set) {
    BEGIN(device);
    set->registered[it->gpu] = types == 8;
    return SUCCESS;
}

struct event {
    void *device;
    uint64_t type, data;
    uint32_t instance, compute;
};

struct waiting {
    struct event_set *set;
    struct event *event;
};

// The script's order is that of their numbers. A set that is made anew hears none twice: those are told by the library.
static long delivered;

static int next_event(const char *rest, void *context) {
    struct waiting *waiting = context;
    long number;
    int gpu;
    struct event event = {.type = 8, .instance = 0xFFFFFFFF, .compute = 0xFFFFFFFF};
    if (sscanf(rest, "%ld %d %lu %u", &number, &gpu, &event.data, &event.instance) < 3) return 0;
    if (number <= delivered || gpu >= MOST_GPUS || !waiting->set->registered[gpu]) return 0;
    event.device = &devices[gpu][0];
    *waiting->event = event;
    delivered = number;
    return 1;
}

PUBLIC int nvmlEventSetWait_v2(struct event_set *set, struct event *event, uint32_t milliseconds) {
    struct waiting waiting = {set, event};
    for (uint32_t passed = 0; passed <= milliseconds; passed += 2) {
        int failure = before(__func__, -1);
        if (failure) return failure;
        if (each("xid", next_event, &waiting)) return SUCCESS;
        rest();
    }
    return TIMEOUT;
}
