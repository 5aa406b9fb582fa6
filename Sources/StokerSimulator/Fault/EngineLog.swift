/// What engines and the kernel's NVIDIA driver write when something breaks, by name.
///
/// Transcribed from the sources of vLLM 0.33, PyTorch, NCCL and the open kernel modules 595; addresses are invented.
package enum EngineLog {
    /// The texts; several lines where the real one has several.
    package static let texts: [String: String] = [
        "xid-13": "NVRM: Xid (PCI:0000:3b:00): 13, pid=4711, name=python3, Graphics Exception: ESR 0x504730=0xa0009",
        "xid-31": "NVRM: Xid (PCI:0000:3b:00): 31, pid=4711, name=python3, Ch 00000008, MMU Fault: ENGINE GRAPHICS",
        "xid-48": "NVRM: Xid (PCI:0000:3b:00): 48, pid=4711, An uncorrectable double bit error (DBE) has been detected",
        "xid-63":
            "NVRM: Xid (PCI:0000:3b:00): 63, Row Remapper: New row marked for remapping, reset gpu to activate.",
        "xid-64": "NVRM: Xid (PCI:0000:3b:00): 64, Row Remapper: Failed to remap row",
        "xid-79": "NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.",
        "xid-94": "NVRM: Xid (PCI:0000:3b:00): 94, pid=4711, name=python3, Contained memory error",
        "xid-95": "NVRM: Xid (PCI:0000:3b:00): 95, pid=4711, name=python3, Uncontained memory error",
        "cuda-oom":
            """
        torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of \
        79.15 GiB of which 1.21 GiB is free. Including non-PyTorch memory, this process has 77.93 GiB memory in use.
        """,
        "cuda-ecc": "RuntimeError: CUDA error: uncorrectable ECC error encountered",
        "cuda-illegal": "RuntimeError: CUDA error: an illegal memory access was encountered",
        "nccl-shm":
            """
        NCCL WARN Error while creating shared memory segment /dev/shm/nccl-a1b2c3 (size 9637888)
        RuntimeError: NCCL error: unhandled system error (run with NCCL_DEBUG=INFO for details)
        """,
        "nccl-timeout":
            """
        [rank0]:[E ProcessGroupNCCL.cpp:685] [Rank 0] Watchdog caught collective operation timeout: \
        WorkNCCL(SeqNum=42, OpType=ALLREDUCE, NumelIn=8192, Timeout(ms)=600000) ran for 600029 milliseconds
        """,
        "nccl-library": "OSError: Failed to load NCCL library from libnccl.so.2.",
        "kv-memory":
            """
        ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when \
        initializing the engine.
        """,
        "engine-dead":
            """
        vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue. See stack trace (above) for \
        the root cause.
        """,
        "traceback":
            """
        ERROR [core.py:843] EngineCore failed to start.
        Traceback (most recent call last):
          File "/usr/lib/python3/dist-packages/vllm/v1/engine/core.py", line 834, in run_engine_core
            engine_core = EngineCoreProc(*args, **kwargs)
          File "/usr/lib/python3/dist-packages/vllm/v1/worker/gpu_worker.py", line 231, in load_model
            self.model_runner.load_model(eep_scale_up=eep_scale_up)
        torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 224.00 MiB. GPU 0 has a total capacity of \
        79.15 GiB of which 87.25 MiB is free.
        RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}
        """,
        "no-space": "OSError: [Errno 28] No space left on device",
    ]
}
