import Glibc
import StokerNet
import StokerTesting
import Testing

@Suite("Whether a file has changed")
struct FileStampTests {
    @Test func `a file that nobody touches stays the same`() async throws {
        let files = try await TestCertificate()
        #expect(FileStamp(files.key) != nil && FileStamp(files.key) == FileStamp(files.key))
    }

    @Test func `a file that is not there has no stamp`() { #expect(FileStamp("/nonexistent/key.pem") == nil) }

    @Test func `the same bytes in another file are a change`() async throws {
        let files = try await TestCertificate()
        let path = try files.write("one", as: "x")
        let before = FileStamp(path)
        _ = try files.write("one", as: "x")
        #expect(FileStamp(path) != before)
    }

    @Test func `another mode is a change, for the file may be readable now`() async throws {
        let files = try await TestCertificate()
        let before = FileStamp(files.key)
        #expect(chmod(files.key, 0o400) == 0)
        #expect(FileStamp(files.key) != before)
    }

    @Test func `a link that is turned is a change`() async throws {
        let files = try await TestCertificate()
        let link = files.directory + "/live"
        #expect(symlink(files.key, link) == 0)
        let before = FileStamp(link)
        #expect(unlink(link) == 0 && symlink(files.certificate, link) == 0)
        #expect(FileStamp(link) != before)
    }
}
