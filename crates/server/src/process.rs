//! What does this process take of the machine?

/// The memory that the process has in use, in bytes; nothing where the system does not tell.
#[must_use]
pub(crate) fn memory_bytes() -> Option<u64> {
    resident_bytes(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_is_read_as_the_system_tells_it() {
        assert_eq!(resident_bytes("Name:\trapport\nVmRSS:\t    2048 kB\nThreads:\t3\n"), Some(2 << 20));
        for unknown in ["", "VmRSS: none kB", "VmRSS: 12 MB", "Name: x"] {
            assert_eq!(resident_bytes(unknown), None, "{unknown}");
        }
    }
}
