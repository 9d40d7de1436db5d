//! What the process has of the system's memory.

use crate::Failure;

/// Resident bytes.
pub(crate) fn resident() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("the system does not tell")?.parse::<u64>()? << 10)
}

/// How many mappings there are.
pub(crate) fn maps() -> Result<u64, Failure> {
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    Ok(maps.lines().count() as u64)
}
