extension BackendView {
    /// Free slots where a request would be sent now: of the backends in the best standing that there is, and one of
    /// each that is on trial and has nothing to do.
    package func room(among tiers: [[Int]]) -> Int {
        var best = Standing.out
        var (room, trials) = (0, 0)
        for backend in tiers.joined() {
            let standing = standing(backend)
            guard standing != .out else { continue }
            let free = max(0, limit(backend) - inFlight(backend))
            if standing == .onTrial { trials += inFlight(backend) == 0 ? 1 : 0 }
            guard standing >= best else { continue }
            if standing > best { (best, room) = (standing, 0) }
            // More is called at once by nobody, and the sum fits.
            room += min(free, 1 << 20)
        }
        return best == .onTrial ? room : room + trials
    }
}
