//! A process that is killed while it commits leaves whole batches, all that it was told of.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use super::*;
use crate::clock::Stopwatch;

const ROUNDS: u64 = 50;
const CHILD: &str = "OCRWATCH_TEST_STORE_CHILD";
const NAME: &str = "store::tests::kill::batches_are_whole_after_kill_9";

#[test]
fn batches_are_whole_after_kill_9() {
    if let Some(directory) = std::env::var_os(CHILD) {
        commit_for_ever(Path::new(&directory));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut last = 0;
    let mut in_the_middle = 0;
    for round in 0..ROUNDS {
        let told = killed_after(folder.path(), round);
        let (mut store, loaded, notices) = open(folder.path());
        assert_eq!(notices, [], "round {round}");
        let lines = loaded.counters["lines"];
        let number = lines / 10;
        assert!(number >= told.max(last), "round {round}: {number} of {told} are there");
        assert_eq!(loaded, expected(number), "round {round}");
        let errors = store.history(now(), later(60), 9, now()).unwrap()[0].errors;
        assert_eq!(errors, 2 * number, "round {round}");
        in_the_middle += u64::from(number > told);
        last = number;
    }
    assert!(last > ROUNDS, "batches were committed at all: {last}");
    println!("{last} batches, {in_the_middle} rounds ended between a commit and its message");
}

/// What stands there behind so many steps.
fn expected(number: u64) -> Loaded {
    let mut whole = Batch::default();
    (1..=number).for_each(|number| whole.absorb(step(number)));
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    store.commit(&whole, now()).unwrap();
    drop(store);
    open(folder.path()).1
}

/// The last batch that the child said it had committed.
fn killed_after(directory: &Path, round: u64) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
        .env(CHILD, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = 0;
    let number_in = |line: &str| line.rsplit_once("committed ")?.1.parse().ok();
    let mut read = |enough: u64| {
        let mut seen = 0;
        for line in lines.by_ref().map_while(Result::ok) {
            if let Some(number) = number_in(&line) {
                told = number;
                seen += 1;
                if seen == enough {
                    break;
                }
            }
        }
    };
    read(1 + round % 4);
    // Into the next commits, another way each round.
    let watch = Stopwatch::start();
    while watch.elapsed().as_micros() < u128::from(round * 137 % 2903) {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    read(u64::MAX);
    child.wait().unwrap();
    told
}

fn commit_for_ever(directory: &Path) -> ! {
    let (mut store, loaded, _) = open(directory);
    let mut number = loaded.counters.get("lines").copied().unwrap_or_default() / 10;
    loop {
        number += 1;
        store.commit(&step(number), now()).unwrap();
        println!("committed {number}");
        if number.is_multiple_of(7) {
            store.retain(now()).unwrap();
        }
    }
}
