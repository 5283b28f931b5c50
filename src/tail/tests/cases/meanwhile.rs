//! Rotation between any two calls of a look to the file system.
//!
//! Each story is told with the rotation at every place of the look, at once and with its steps
//! spread over the calls behind it, to a reader that lives on and to one that dies behind it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::super::super::*;
use super::super::world::{World, gzip, lines};
use crate::tail::faults;

/// What somebody does to the files of a directory.
type Step = Box<dyn Fn(&Path)>;

/// How a log is rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rotation {
    Rename,
    /// And compressed at once.
    RenameAndCompress,
    Copy,
}

/// One telling of a story.
#[derive(Debug, Clone, Copy)]
struct Telling {
    how: Rotation,
    limits: Limits,
    /// How often the log was rotated before the look.
    times: u32,
    /// The call of the look at which the rotation begins.
    place: usize,
    /// Each step of the rotation waits for the next call.
    is_spread: bool,
    /// The reader dies behind the look, when it has kept what it knows.
    dies: bool,
}

/// Lines of a log, written behind what is there.
fn write(directory: &Path, text: &str) {
    let log = directory.join("app.log");
    let mut log = OpenOptions::new().append(true).create(true).open(log).unwrap();
    log.write_all(text.as_bytes()).unwrap();
}

/// What logrotate does, in its order: the last one is compressed, all are renamed, the log becomes
/// the newest. Then its program goes on.
fn rotation(rotation: Rotation, text: String) -> Vec<Step> {
    let path = |directory: &Path, number: u32, ending: &str| {
        directory.join(format!("app.log.{number}{ending}"))
    };
    let mut steps: Vec<Step> = vec![Box::new(move |directory| {
        let newest = path(directory, 1, "");
        if newest.exists() {
            gzip(&newest);
        }
    })];
    for number in (1..9).rev() {
        steps.push(Box::new(move |directory| {
            let from = path(directory, number, ".gz");
            if from.exists() {
                fs::rename(from, path(directory, number + 1, ".gz")).unwrap();
            }
        }));
    }
    let newest = move |directory: &Path| path(directory, 1, "");
    let log = |directory: &Path| directory.join("app.log");
    match rotation {
        Rotation::Rename | Rotation::RenameAndCompress => {
            steps.push(Box::new(move |at| fs::rename(log(at), newest(at)).unwrap()));
        }
        Rotation::Copy => {
            steps.push(Box::new(move |at| assert!(fs::copy(log(at), newest(at)).is_ok())));
            steps.push(Box::new(move |at| {
                OpenOptions::new().write(true).open(log(at)).unwrap().set_len(0).unwrap();
            }));
        }
    }
    steps.push(Box::new(move |directory| write(directory, &text)));
    if rotation == Rotation::RenameAndCompress {
        steps.push(Box::new(move |directory| gzip(&newest(directory))));
    }
    steps
}

/// A log of which some was read, and that was rotated so often since. The first line that is to be
/// written next.
fn rotated_while_down(world: &mut World, how: Rotation, times: u32) -> u32 {
    let mut next = 1;
    let mut text = || {
        next += 10;
        lines(next - 10..=next - 1)
    };
    // What was rotated before it was met is nobody's business.
    world.append("app.log", text());
    world.look();
    world.append("app.log", text());
    world.look();
    world.commit();
    world.append("app.log", text());
    world.kill();
    for _ in 0..times {
        for step in rotation(how, text()) {
            step(&world.path(""));
        }
    }
    next
}

/// Tells one story; whether the rotation began before the look was over.
fn tell(telling: Telling, patterns: &[&str]) -> bool {
    let Telling { how, limits, times, place, is_spread, dies } = telling;
    let mut world = World::new(patterns, limits);
    let next = rotated_while_down(&mut world, how, times);
    let steps: VecDeque<Step> = rotation(how, lines(next..=next + 9)).into();
    let (steps, calls) = (Rc::new(RefCell::new(steps)), Rc::new(RefCell::new(0)));
    let directory: PathBuf = world.path("");
    let (all, count) = (Rc::clone(&steps), Rc::clone(&calls));
    faults::meanwhile(move || {
        let call = *count.borrow();
        *count.borrow_mut() += 1;
        let due = match call >= place {
            true if is_spread => 1,
            true => usize::MAX,
            false => 0,
        };
        for _ in 0..due {
            let Some(step) = all.borrow_mut().pop_front() else { break };
            step(&directory);
        }
    });
    if dies {
        world.notice_only();
        world.read_once();
        world.commit();
    } else {
        world.look();
    }
    faults::alone();
    let has_begun = *calls.borrow() > place;
    for step in steps.borrow_mut().drain(..) {
        step(&world.path(""));
    }
    if dies {
        world.kill();
    }
    world.look();
    world.wait_until_quiet();
    world.story.push(format!("{telling:?} {patterns:?}"));
    world.has_read_in_any_order(lines(1..=next + 9));
    world.no_loss_was_told();
    has_begun
}

/// More calls than any of these looks makes.
const CALLS_MAX: usize = 500;

fn at_every_place(how: Rotation) {
    let few = Limits { open_files_max: 1, read_bytes: 100, ..Limits::default() };
    let mut places = 0;
    for (patterns, limits) in
        [(["app.log"], Limits::default()), (["app.log*"], Limits::default()), (["app.log"], few)]
    {
        for (times, is_spread, dies) in (0..3).flat_map(|times| {
            [(false, false), (false, true), (true, false), (true, true)]
                .map(|(is_spread, dies)| (times, is_spread, dies))
        }) {
            let at = |place| Telling { how, limits, times, place, is_spread, dies };
            let over = (0..CALLS_MAX).find(|place| !tell(at(*place), &patterns));
            places += over.expect("a look ends");
        }
    }
    assert!(places > 500, "the hazard: {places}");
}

#[test]
fn nothing_is_lost_or_read_twice_if_the_log_is_copied_and_emptied_during_a_look() {
    at_every_place(Rotation::Copy);
}

#[test]
fn nothing_is_lost_or_read_twice_if_the_log_is_renamed_during_a_look() {
    at_every_place(Rotation::Rename);
}

#[test]
fn nothing_is_lost_or_read_twice_if_the_log_is_renamed_and_compressed_during_a_look() {
    at_every_place(Rotation::RenameAndCompress);
}
