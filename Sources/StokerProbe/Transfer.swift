import CCurl
import Glibc
import StokerCore

/// One transfer under way: the curl handle and what it has received.
///
/// Lives on the loop's thread only.
final class Transfer {
    /// What the transfer is to prove.
    enum Purpose: Sendable {
        /// That a new connection is accepted.
        case connect
        /// That a new connection is answered: the status counts, a long body is not read to its end.
        case probe
        /// Nothing: the answer is wanted.
        case exchange
    }

    /// Bound of all header lines together; curl 7.88 bounds only each line (100 KiB).
    private static let headerLimit = 64 << 10

    let order: TransferOrder
    let easy: UnsafeMutableRawPointer
    private var headerList: UnsafeMutablePointer<curl_slist>?
    /// curl writes its sentence about a failure here while the handle lives.
    private let errorText: UnsafeMutablePointer<CChar>

    private var headers: [String: String] = [:]
    private var headerBytes = 0
    private var body: [UInt8] = []
    private var bodyBytes = 0
    private var stop: TransferOutcome.Stop?

    /// nil when curl has no memory for a handle.
    init?(_ order: TransferOrder) {
        guard let easy = curl_easy_init() else { return nil }
        self.order = order
        self.easy = easy
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        setConnectionOptions()
        setRequestOptions()
        setCallbacks()
    }

    /// Frees what C owns; the handle must have left its multi handle.
    func free() {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headerList)
        errorText.deallocate()
    }

    /// What is known now; valid until `free`.
    func outcome(code: CURLcode) -> TransferOutcome {
        var status = 0
        ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        var systemError = 0
        ccurl_get_long(easy, CURLINFO_OS_ERRNO, &systemError)
        return TransferOutcome(
            code: code, stop: stop, status: status, headers: headers, body: body, detail: String(cString: errorText),
            systemError: Int32(truncatingIfNeeded: systemError), timings: timings)
    }

    private var timings: PhaseTimings {
        PhaseTimings(
            nameLookup: duration(CURLINFO_NAMELOOKUP_TIME_T), connect: duration(CURLINFO_CONNECT_TIME_T),
            tls: duration(CURLINFO_APPCONNECT_TIME_T), firstByte: duration(CURLINFO_STARTTRANSFER_TIME_T),
            total: duration(CURLINFO_TOTAL_TIME_T) ?? .zero)
    }

    /// curl counts microseconds since the start; 0 is a phase that was not reached.
    private func duration(_ info: CURLINFO) -> Duration? {
        var microseconds: curl_off_t = 0
        ccurl_get_offset(easy, info, &microseconds)
        return microseconds > 0 ? .microseconds(microseconds) : nil
    }

    // MARK: - Options

    private func setConnectionOptions() {
        let request = order.request
        set(CURLOPT_NOSIGNAL, 1)
        let milliseconds = min(max(1, request.timeout.milliseconds), Int64(Int32.max))
        set(CURLOPT_TIMEOUT_MS, Int(milliseconds))
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(milliseconds))
        // The environment's http_proxy is for the operator's shell, not for a supervisor's neighbours.
        ccurl_set_string(easy, CURLOPT_PROXY, "")
        ccurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        if let path = request.unixSocket { ccurl_set_string(easy, CURLOPT_UNIX_SOCKET_PATH, path) }
        if !request.reusesConnection {
            set(CURLOPT_FRESH_CONNECT, 1)
            set(CURLOPT_FORBID_REUSE, 1)
            set(CURLOPT_DNS_CACHE_TIMEOUT, 0)
        }
        if order.purpose == .connect { set(CURLOPT_CONNECT_ONLY, 1) }
        if request.isTLS { setTrust(request) }
    }

    /// The roots of trust that the gateway takes too: OpenSSL looks at these variables by itself, libcurl does not.
    private func setTrust(_ request: ClientRequest) {
        guard request.checksCertificate else {
            set(CURLOPT_SSL_VERIFYPEER, 0)
            return set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let file = getenv("SSL_CERT_FILE") { ccurl_set_string(easy, CURLOPT_CAINFO, file) }
        if let directory = getenv("SSL_CERT_DIR") { ccurl_set_string(easy, CURLOPT_CAPATH, directory) }
    }

    private func setRequestOptions() {
        let request = order.request
        ccurl_set_string(easy, CURLOPT_URL, request.url)
        ccurl_set_string(easy, CURLOPT_USERAGENT, "stoker")
        if let body = request.body ?? (["POST", "PUT", "PATCH"].contains(request.method) ? [] : nil) {
            set(CURLOPT_POSTFIELDSIZE, body.count)
            // Copied by curl, so the array need not outlive this call; the size above must be known by then. One byte
            // more than counts, because an empty array has no address, and a null pointer means "ask for the body".
            (body + [0]).withUnsafeBytes { bytes in
                let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                _ = ccurl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, start)
            }
        }
        if request.method == "HEAD" { set(CURLOPT_NOBODY, 1) }
        ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method)
        // curl would guess a form's type, and wait a second for `100 Continue` before a large body.
        var lines = request.headers.map { $0.value.isEmpty ? "\($0.key);" : "\($0.key): \($0.value)" }.sorted()
        lines.append("Expect:")
        if !request.headers.keys.contains(where: { $0.lowercased() == "content-type" }) {
            lines.append("Content-Type:")
        }
        for line in lines { headerList = curl_slist_append(headerList, line) ?? headerList }
        ccurl_set_list(easy, CURLOPT_HTTPHEADER, headerList)
    }

    /// The handle's pointer to `self` is unretained: the loop keeps the transfer until it has freed the handle.
    private func setCallbacks() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        ccurl_set_write(easy, transferTookBody)
        ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context)
        ccurl_set_header(easy, transferTookHeader)
        ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context)
        ccurl_set_opensocket(easy, openSocketForOneself)
    }

    private func set(_ option: CURLoption, _ value: Int) { ccurl_set_long(easy, option, value) }

    // MARK: - Bytes

    /// Returns how many bytes were taken; fewer than given ends the transfer.
    fileprivate func take(body bytes: UnsafeRawBufferPointer) -> Int {
        if let onBody = order.onBody {
            onBody(Array(bytes))
            return bytes.count
        }
        bodyBytes += bytes.count
        guard bodyBytes <= order.request.maxResponse else {
            stop = .tooLarge
            return 0
        }
        if order.purpose == .exchange { body.append(contentsOf: bytes) }
        return bytes.count
    }

    /// One header line with its end.
    ///
    /// A status line begins anew: what came before belonged to an interim answer.
    fileprivate func take(header bytes: UnsafeRawBufferPointer) -> Int {
        headerBytes += bytes.count
        guard headerBytes <= Self.headerLimit else {
            stop = .tooLarge
            return 0
        }
        let line = String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            headers = [:]
        } else if let colon = line.firstIndex(of: ":") {
            let name = line[..<colon].lowercased()
            let value = trimmed(line[line.index(after: colon)...])
            headers[name] = headers[name].map { "\($0), \(value)" } ?? value
        }
        return bytes.count
    }

    private func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}

// MARK: - C callbacks

private func transferTookBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.take(body: UnsafeRawBufferPointer(start: bytes, count: size * count))
}

private func transferTookHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.take(header: UnsafeRawBufferPointer(start: bytes, count: size * count))
}

/// curl 7.88 opens its sockets without close-on-exec: a child spawned meanwhile would hold a probe's connection open.
private func openSocketForOneself(
    _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let address = address?.pointee else { return -1 }
    return socket(address.family, address.socktype | Int32(SOCK_CLOEXEC.rawValue), address.protocol)
}
