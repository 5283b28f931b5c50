//! Which file systems do not tell of every change.
//!
//! Owns the kernel's numbers for them. Fails never: what cannot be asked is taken as telling.

use std::path::Path;

/// From `statfs(2)` and the kernel's `magic.h`. An overlay tells of most changes, but not of those
/// made below it.
const TOLD_ELSEWHERE: [(u32, &str); 18] = [
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9p"),
    (0x794C_7630, "overlayfs"),
    (0x5346_414F, "AFS"),
    (0x6B41_4653, "AFS"),
    (0x00C3_6400, "Ceph"),
    (0x7375_7245, "Coda"),
    (0x0BD0_0BD0, "Lustre"),
    (0x0116_1970, "GFS2"),
    (0x7461_636F, "OCFS2"),
    (0x786F_4256, "a VirtualBox share"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
    (0x9FA0, "proc"),
];

/// The name of the file system, if others than this kernel may change it unseen.
pub(super) fn told_elsewhere(path: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(path).ok()?.f_type;
    // Its type and its sign are the architecture's; the numbers have 32 bits.
    name(u32::try_from(kind & 0xFFFF_FFFF).ok()?)
}

fn name(kind: u32) -> Option<&'static str> {
    TOLD_ELSEWHERE.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_makes_up_is_not_told() {
        assert_eq!(told_elsewhere(Path::new("/proc")), Some("proc"));
        assert_eq!(told_elsewhere(Path::new("/no/such/directory")), None);
    }

    #[test]
    fn numbers_are_the_kernel_s() {
        assert_eq!(
            [name(0x6969), name(0xFF53_4D42), name(0xEF53)],
            [Some("NFS"), Some("CIFS"), None]
        );
    }
}
