//! Counts as SVG paths.
//!
//! Owns how counts become heights. Must never know what is counted. What comes out is made of
//! digits, commas and the letters of path commands, in units of buckets across and of
//! [`HEIGHT`] down: whoever zooms shows another part of the same path. Nothing here fails.

use std::fmt::Write as _;

/// How high a chart is, in its own units.
pub(crate) const HEIGHT: f64 = 100.0;

/// The least height of what is not nothing: one among thousands is seen.
const LEAST: f64 = 2.0;

/// Areas of several series on top of each other, each a path; the first stands at the bottom.
pub(crate) fn stacked(series: &[Vec<u64>]) -> Vec<String> {
    let buckets = series.iter().map(Vec::len).max().unwrap_or(0);
    let total = |at: usize| series.iter().filter_map(|one| one.get(at)).sum::<u64>();
    let highest = (0..buckets).map(total).max().unwrap_or(0).max(1);
    let mut bottoms = vec![0.0; buckets];
    series
        .iter()
        .map(|one| {
            let tops: Vec<f64> = (0..buckets)
                .map(|at| match one.get(at).copied().unwrap_or(0) {
                    0 => bottoms[at],
                    count => bottoms[at] + (share(count, highest) * HEIGHT).max(LEAST),
                })
                .collect();
            let path = area(&bottoms, &tops);
            bottoms = tops;
            path
        })
        .collect()
}

/// One series as an area.
pub(crate) fn area_of(counts: &[u64]) -> String {
    stacked(&[counts.to_vec()]).pop().unwrap_or_default()
}

/// The counts as a script reads them: a negative number is that many zeros.
pub(crate) fn packed(counts: impl Iterator<Item = u64>) -> String {
    let (mut out, mut zeros) = (String::new(), 0_u64);
    let mut push = |number: String| {
        if !out.is_empty() {
            out.push(',');
        }
        out += &number;
    };
    for count in counts {
        if count == 0 {
            zeros += 1;
            continue;
        }
        if zeros > 0 {
            push(format!("-{zeros}"));
            zeros = 0;
        }
        push(count.to_string());
    }
    out
}

#[allow(clippy::cast_precision_loss)] // It is drawn, not counted.
fn share(count: u64, of: u64) -> f64 {
    count as f64 / of as f64
}

/// A path around each run of buckets in which there is something.
fn area(bottoms: &[f64], tops: &[f64]) -> String {
    let mut path = String::new();
    let mut at = 0;
    while at < tops.len() {
        if tops[at] <= bottoms[at] {
            at += 1;
            continue;
        }
        let end = (at..tops.len()).find(|&to| tops[to] <= bottoms[to]).unwrap_or(tops.len());
        // Writing to a String cannot fail.
        let _ = write!(path, "M{at},{}", down(bottoms[at]));
        let (mut x, mut height) = (at, bottoms[at]);
        let forth = (at..end).map(|to| (to + 1, tops[to]));
        let back = (at..end).rev().map(|to| (to, bottoms[to]));
        for (to, level) in forth.chain(back) {
            if (level - height).abs() > 0.049 {
                let _ = write!(path, "H{x}V{}", down(level));
            }
            (x, height) = (to, level);
        }
        let _ = write!(path, "H{x}Z");
        at = end;
    }
    path
}

/// A height as SVG counts it, from the top, without a needless digit.
fn down(height: f64) -> String {
    let text = format!("{:.1}", (HEIGHT - height).max(0.0));
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_one_height_are_one_line_and_nothing_draws_nothing() {
        assert_eq!(area_of(&[0, 0]), "");
        assert_eq!(area_of(&[]), "");
        assert_eq!(area_of(&[0, 4, 4, 2, 0, 1]), "M1,100H1V0H3V50H4V100H1ZM5,100H5V75H6V100H5Z");
    }

    #[test]
    fn series_stand_on_each_other_and_the_highest_bucket_is_as_high_as_the_chart() {
        let paths = stacked(&[vec![1, 3], vec![1, 1], vec![0, 0]]);
        assert_eq!(paths[0], "M0,100H0V75H1V25H2V100H0Z");
        assert_eq!(paths[1], "M0,75H0V50H1V0H2V25H1V75H0Z");
        assert_eq!(paths[2], "");
    }

    #[test]
    fn one_among_many_is_seen() {
        assert_eq!(area_of(&[1, 0, 1_000_000]), "M0,100H0V98H1V100H0ZM2,100H2V0H3V100H2Z");
    }

    #[test]
    fn a_path_holds_nothing_but_numbers_and_commands() {
        let path = area_of(&[u64::MAX, 1, 0, 7]);
        assert!(path.chars().all(|c| c.is_ascii_digit() || "MHVZ,.".contains(c)), "{path}");
    }

    #[test]
    fn zeros_are_packed() {
        assert_eq!(packed([0, 0, 3, 0, 1, 0, 0].into_iter()), "-2,3,-1,1");
        assert_eq!(packed([0].into_iter()), "");
    }
}
