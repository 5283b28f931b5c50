//! What of one file is durable.
//!
//! Owns, for each sector that was written since the last sync, what stands there if the power fails
//! now. Must never write but at a power failure. Fails: a file that cannot be read then is a defect
//! of the test, and panics.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

pub(crate) const SECTOR_BYTES: u64 = 512;

/// A sector that is not as it would be found behind a power failure.
#[derive(Debug)]
struct Sector {
    /// What is durable of it; shorter where the durable file ends before it does.
    durable: Vec<u8>,
    /// A sync failed: the system believes that it is written, and it is not.
    is_doomed: bool,
}

#[derive(Debug)]
pub(crate) struct Medium {
    /// The file that is meant: it may be renamed, and another take its name.
    pub(crate) inode: u64,
    pub(crate) durable_bytes: u64,
    sectors: BTreeMap<u64, Sector>,
}

impl Medium {
    /// All that is there is durable.
    pub(crate) fn of(inode: u64, bytes: u64) -> Self {
        Self { inode, durable_bytes: bytes, sectors: BTreeMap::new() }
    }

    /// These bytes are about to be written or cut off; `read` gives what stands at an offset now.
    pub(crate) fn changes(
        &mut self,
        from: u64,
        until: u64,
        mut read: impl FnMut(u64, usize) -> Vec<u8>,
    ) {
        for number in from / SECTOR_BYTES..until.div_ceil(SECTOR_BYTES) {
            if let Some(sector) = self.sectors.get_mut(&number) {
                sector.is_doomed = false;
                continue;
            }
            let at = number * SECTOR_BYTES;
            let bytes = self.durable_bytes.saturating_sub(at).min(SECTOR_BYTES);
            let durable =
                if bytes == 0 { Vec::new() } else { read(at, usize::try_from(bytes).unwrap_or(0)) };
            self.sectors.insert(number, Sector { durable, is_doomed: false });
        }
    }

    /// All of it is written, but for what an earlier sync failed with.
    pub(crate) fn synced(&mut self, bytes: u64) {
        self.sectors.retain(|_, sector| sector.is_doomed);
        self.durable_bytes = bytes;
    }

    pub(crate) fn sync_failed(&mut self) {
        self.sectors.values_mut().for_each(|sector| sector.is_doomed = true);
    }

    /// Makes the file one that is found behind a power failure; gives how many sectors were taken
    /// back.
    pub(crate) fn lose_power(self, path: &Path, random: &mut dyn FnMut(u64) -> u64) -> u64 {
        if self.sectors.is_empty() {
            return 0;
        }
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return 0,
            Err(error) => panic!("{}: {error}", path.display()),
        };
        let is_length_kept = random(2) == 0;
        // Mostly something is kept and something is not; now and then all or nothing is.
        let kept_of_eight = random(9);
        let present = file.metadata().map_or(0, |metadata| metadata.len());
        let mut bytes = if is_length_kept { present } else { self.durable_bytes };
        let mut forgotten = 0;
        let mut taken_back = Vec::new();
        for (number, sector) in self.sectors {
            let at = number * SECTOR_BYTES;
            let is_cut_off = at >= present;
            let is_kept = !sector.is_doomed && !is_cut_off && random(8) < kept_of_eight;
            if is_kept {
                bytes = bytes.max(present.min(at + SECTOR_BYTES));
            } else if !(is_cut_off && is_length_kept) {
                forgotten += 1;
                taken_back.push((at, sector.durable));
            }
        }
        let done = (|| {
            file.set_len(bytes.max(present))?;
            for (at, mut durable) in taken_back {
                durable.resize(usize::try_from(SECTOR_BYTES).unwrap_or(0), 0);
                file.write_all_at(&durable, at)?;
            }
            file.set_len(bytes)
        })();
        if let Err(error) = done {
            panic!("{}: {error}", path.display());
        }
        forgotten
    }
}
