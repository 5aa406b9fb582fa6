// stoker-shim NAME INHERITED BASE
//
// Starts one process after the other for the control plane, and keeps what would be lost with the control plane: the
// process itself, its output and its exit status. Foundation-free and single-threaded: ten of them must not be felt.
//
// Descriptors: 0-2 are /dev/null; 3 and up are the INHERITED ones that each child gets; the next one is a listening
// SOCK_SEQPACKET socket bound to BASE.sock. The control plane binds it, so that it can connect at once and what it says
// waits in the backlog until the shim has come up.

import CLinux
import Glibc

if let setup = Setup(CommandLine.arguments), var shim = Shim(setup) {
    shim.run()
} else {
    let usage: StaticString = "stoker-shim is started by stoker, not by hand\n"
    _ = write(2, usage.utf8Start, usage.utf8CodeUnitCount)
    exit(2)
}
