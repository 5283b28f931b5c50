//! A disk that fails for a moment: the state is not given up for it.

use ocrwatch_disk::{Disk, Faults};

use super::*;

#[test]
fn a_disk_that_fails_to_read_for_a_moment_costs_no_state() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().canonicalize().unwrap();
    let whole = filled(&directory, 60);
    let (mut opened, mut failed) = (0, 0);
    for seed in 0..300 {
        let disk = Disk::new(&directory, seed);
        disk.set_faults(Faults { unread: 30, ..Faults::default() });
        match Store::open(&directory, Settings::default(), now()) {
            Ok(_) => opened += 1,
            Err(_) => failed += 1,
        }
        assert_eq!(aside(&directory), [""; 0], "seed {seed}");
    }
    assert!(opened > 10 && failed > 10, "{opened} opened, {failed} failed");
    let (_, loaded, notices) = open(&directory);
    assert_eq!((loaded, notices), (whole, Vec::new()));
}
