//! How much room there is: a full disk is reported before it breaks anything.

use std::path::Path;

use nix::sys::statvfs::statvfs;

use crate::error::Error;

/// Below this share of free space the appliance is not ready.
const LEAST_FREE_PERCENT: u64 = 3;

/// Free space of the file system that holds a path, in percent.
///
/// # Errors
/// When the path cannot be looked at.
pub fn free_percent(path: &Path) -> Result<u64, Error> {
    let status = statvfs(path).map_err(Error::internal)?;
    let (free, all) = (status.blocks_available(), status.blocks());
    Ok(free.saturating_mul(100).checked_div(all).unwrap_or(100))
}

/// Whether there is enough room to go on.
///
/// # Errors
/// When the path cannot be looked at.
pub fn has_room(path: &Path) -> Result<bool, Error> {
    Ok(free_percent(path)? >= LEAST_FREE_PERCENT)
}
