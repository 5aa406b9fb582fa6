import CLinux
package import StokerCore

extension ExitStatus {
    /// Reads what `waitpid` said.
    package init(waitStatus status: Int32) {
        let signal = clinux_wait_status_signal(status)
        self =
            signal == 0
            ? .code(clinux_wait_status_code(status))
            : .signal(signal, dumpedCore: clinux_wait_status_dumped_core(status) != 0)
    }
}
