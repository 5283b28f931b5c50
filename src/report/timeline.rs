//! Counts over time, in buckets that grow when the range does.
//!
//! Owns the width of a bucket, which is the same for all series so that they can stand under each
//! other. Must never know what a series counts. Nothing here fails; a range too long for the
//! buckets doubles their width.

use chrono::{DateTime, FixedOffset, Offset as _};
use serde::Serialize;

/// Widths that people think in, in seconds; each divides the next, so that buckets can be joined
/// without splitting one.
const WIDTHS_S: [i64; 14] =
    [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800];

/// The instant 0 was a Thursday; buckets of a week begin on Mondays.
const MONDAY_S: i64 = 3 * 86_400;

/// Which series of a [`Timeline`] to count in.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeriesId(usize);

impl SeriesId {
    pub(super) fn index(self) -> usize {
        self.0
    }
}

/// The fold of instants into buckets.
#[derive(Debug)]
pub(super) struct Timeline {
    width_s: i64,
    width_asked: bool,
    buckets_max: usize,
    cells_max: usize,
    /// Buckets begin at midnight of this offset, the first one seen.
    offset: Option<FixedOffset>,
    series: Vec<Cells>,
    /// How many counts all series hold together.
    cells: usize,
    range: Option<(i64, i64)>,
    coarsened: u32,
}

#[derive(Debug, Default)]
struct Cells {
    first: i64,
    counts: Vec<u32>,
}

impl Timeline {
    /// Buckets of `width_s` seconds, or of a width that suits the range.
    pub(super) fn new(width_s: Option<u32>, buckets_max: usize, cells_max: usize) -> Self {
        Self {
            width_s: width_s.map_or(1, i64::from).max(1),
            width_asked: width_s.is_some(),
            buckets_max: buckets_max.max(1),
            cells_max: cells_max.max(1),
            offset: None,
            series: Vec::new(),
            cells: 0,
            range: None,
            coarsened: 0,
        }
    }

    pub(super) fn new_series(&mut self) -> SeriesId {
        self.series.push(Cells::default());
        SeriesId(self.series.len() - 1)
    }

    /// Counts one in each of the series.
    pub(super) fn add(
        &mut self,
        at: DateTime<FixedOffset>,
        series: &[impl Copy + Into<Option<SeriesId>>],
    ) {
        let bucket = self.cover(at);
        for SeriesId(id) in series.iter().filter_map(|id| (*id).into()) {
            if let Some(cells) = self.series.get_mut(id) {
                let before = cells.counts.len();
                cells.add(bucket);
                self.cells += cells.counts.len() - before;
            }
        }
        // Checked after the growth: one step grows each of a few series by at most `buckets_max`.
        while self.cells > self.cells_max && self.coarsen() {}
    }

    /// Makes the range reach an instant, and tells its bucket.
    fn cover(&mut self, at: DateTime<FixedOffset>) -> i64 {
        self.offset.get_or_insert(*at.offset());
        let bucket = self.bucket(at);
        if self.range.is_some_and(|(first, last)| (first..=last).contains(&bucket)) {
            return bucket;
        }
        let (first, last) = self.range.unwrap_or((bucket, bucket));
        self.range = Some((first.min(bucket), last.max(bucket)));
        while self.len() > self.buckets_max && self.coarsen() {}
        self.bucket(at)
    }

    /// Whether the range could reach an instant with buckets as wide as they are.
    fn has_room_for(&self, at: DateTime<FixedOffset>) -> bool {
        let bucket = self.bucket(at);
        self.range.is_none_or(|(first, last)| {
            let reach = last.max(bucket) - first.min(bucket);
            usize::try_from(reach).is_ok_and(|reach| reach < self.buckets_max)
        })
    }

    fn len(&self) -> usize {
        self.range
            .map_or(0, |(first, last)| usize::try_from(last - first + 1).unwrap_or(usize::MAX))
    }

    fn shift_s(&self) -> i64 {
        MONDAY_S + self.offset.map_or(0, |offset| i64::from(offset.local_minus_utc()))
    }

    fn bucket(&self, at: DateTime<FixedOffset>) -> i64 {
        (at.timestamp() + self.shift_s()).div_euclid(self.width_s)
    }

    /// Joins neighbours to the next width. False if one bucket is all there is.
    fn coarsen(&mut self) -> bool {
        if self.len() <= 1 {
            return false;
        }
        let next = if self.width_asked { None } else { next_width(self.width_s) };
        let width_s = next.unwrap_or(self.width_s.saturating_mul(2));
        let by = width_s / self.width_s;
        self.width_s = width_s;
        self.coarsened += 1;
        self.range = self.range.map(|(first, last)| (first.div_euclid(by), last.div_euclid(by)));
        for cells in &mut self.series {
            cells.coarsen(by);
        }
        self.cells = self.series.iter().map(|cells| cells.counts.len()).sum();
        true
    }

    /// The finished grid. The range also covers `data` where that is possible; a width that was not
    /// asked for grows until at most `buckets_shown` buckets remain.
    pub(super) fn finish(
        mut self,
        data: Option<(DateTime<FixedOffset>, DateTime<FixedOffset>)>,
        buckets_shown: usize,
    ) -> (Option<Grid>, Vec<Series>) {
        if let Some((first, last)) = data.filter(|_| self.range.is_some()) {
            for at in [first, last] {
                // A width that was asked for is worth more than the quiet before and after.
                if !self.width_asked || self.has_room_for(at) {
                    self.cover(at);
                }
            }
        }
        if !self.width_asked {
            while self.len() > buckets_shown.max(1) && self.coarsen() {}
        }
        let Some((first, _)) = self.range else { return (None, Vec::new()) };
        let start_s = first.saturating_mul(self.width_s) - self.shift_s();
        let offset = self.offset.unwrap_or(chrono::Utc.fix());
        let Some(start) = DateTime::from_timestamp(start_s, 0) else { return (None, Vec::new()) };
        let grid = Grid {
            start: start.with_timezone(&offset),
            bucket_s: self.width_s,
            buckets: self.len(),
            coarsened: self.width_asked && self.coarsened > 0,
        };
        let series = self.series.into_iter().map(|cells| cells.finish(first)).collect();
        (Some(grid), series)
    }
}

fn next_width(width_s: i64) -> Option<i64> {
    WIDTHS_S.into_iter().find(|&next| next > width_s)
}

impl Cells {
    fn add(&mut self, bucket: i64) {
        if self.counts.is_empty() {
            self.first = bucket;
        }
        if let Ok(missing @ 1..) = usize::try_from(self.first - bucket) {
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = bucket;
        }
        let Ok(at) = usize::try_from(bucket - self.first) else { return };
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(at) {
            *count = count.saturating_add(1);
        }
    }

    fn coarsen(&mut self, by: i64) {
        let first = self.first.div_euclid(by);
        let mut joined: Vec<u32> = Vec::new();
        for (bucket, &count) in (self.first..).zip(&self.counts) {
            let at = usize::try_from(bucket.div_euclid(by) - first).unwrap_or(0);
            if at >= joined.len() {
                joined.resize(at + 1, 0);
            }
            if let Some(cell) = joined.get_mut(at) {
                *cell = cell.saturating_add(count);
            }
        }
        *self = Self { first, counts: joined };
    }

    fn finish(self, first: i64) -> Series {
        Series { before: usize::try_from(self.first - first).unwrap_or(0), counts: self.counts }
    }
}

/// The buckets that every series of a report shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Grid {
    /// The beginning of the first bucket.
    pub start: DateTime<FixedOffset>,
    /// The length of a bucket in seconds.
    #[serde(rename = "bucket_seconds")]
    pub bucket_s: i64,
    /// How many buckets there are.
    pub buckets: usize,
    /// The buckets are longer than was asked for, because the range is too long for those.
    pub coarsened: bool,
}

impl Grid {
    /// The beginning of a bucket.
    pub(super) fn start_of(&self, bucket: usize) -> DateTime<FixedOffset> {
        let ahead = i64::try_from(bucket).unwrap_or(i64::MAX).saturating_mul(self.bucket_s);
        chrono::TimeDelta::try_seconds(ahead)
            .and_then(|ahead| self.start.checked_add_signed(ahead))
            .unwrap_or(self.start)
    }
}

/// The counts of one thing in the buckets of a [`Grid`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Series {
    /// How many empty buckets come before the first count.
    pub before: usize,
    /// The counts from there on; the buckets after them are empty.
    pub counts: Vec<u32>,
}

impl Series {
    /// The counts of all buckets of the grid.
    pub fn dense(&self, grid: &Grid) -> impl Iterator<Item = u64> {
        let counts = self.counts.iter().map(|&count| u64::from(count));
        std::iter::repeat_n(0, self.before)
            .chain(counts)
            .chain(std::iter::repeat(0))
            .take(grid.buckets)
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The first of the highest buckets, and its count.
    pub fn peak(&self) -> Option<(usize, u32)> {
        let highest = *self.counts.iter().max()?;
        let at = self.counts.iter().position(|&count| count == highest)?;
        Some((self.before + at, highest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(text).unwrap()
    }

    /// The instants in one series, in `start width counts`.
    #[track_caller]
    fn check(
        mut timeline: Timeline,
        instants: &[&str],
        data: Option<(&str, &str)>,
        expected: &str,
    ) {
        let series = timeline.new_series();
        for text in instants {
            timeline.add(at(text), &[series]);
        }
        let data = data.map(|(first, last)| (at(first), at(last)));
        let (grid, series) = timeline.finish(data, 8);
        let text = grid.map_or_else(String::new, |grid| {
            let counts: Vec<_> = series[0].dense(&grid).collect();
            let note = if grid.coarsened { " coarsened" } else { "" };
            format!("{} {}s {counts:?}{note}", grid.start.to_rfc3339(), grid.bucket_s)
        });
        assert_eq!(text, expected);
    }

    #[test]
    fn no_instant_makes_no_timeline() {
        check(
            Timeline::new(None, 9, 99),
            &[],
            Some(("2022-11-03T00:00:00Z", "2022-11-04T00:00:00Z")),
            "",
        );
    }

    #[test]
    fn a_width_is_chosen_that_suits_the_range() {
        let instants =
            ["2022-11-03T08:00:00+08:00", "2022-11-03T08:00:59+08:00", "2022-11-03T08:03:00+08:00"];
        check(
            Timeline::new(None, 4096, 99_999),
            &instants,
            None,
            "2022-11-03T08:00:00+08:00 30s [1, 1, 0, 0, 0, 0, 1]",
        );
        check(
            Timeline::new(None, 4096, 99_999),
            &instants,
            Some(("2022-11-03T06:30:00+08:00", "2022-11-03T08:29:00+08:00")),
            "2022-11-03T06:30:00+08:00 1800s [0, 0, 0, 3]",
        );
    }

    #[test]
    fn buckets_of_a_day_begin_at_midnight_of_the_log_and_of_a_week_on_monday() {
        check(
            Timeline::new(None, 4, 99),
            &["2022-11-04T01:00:00+08:00", "2022-11-01T11:00:00+08:00"],
            None,
            "2022-11-01T00:00:00+08:00 86400s [1, 0, 0, 1]",
        );
        check(
            Timeline::new(None, 4, 99),
            &["2022-11-03T01:00:00+08:00", "2022-11-16T23:00:00+08:00"],
            None,
            "2022-10-31T00:00:00+08:00 604800s [1, 0, 1]",
        );
    }

    #[test]
    fn an_asked_width_stays_until_the_limit_doubles_it() {
        let minutes = ["2022-11-03T08:00:30Z", "2022-11-03T08:01:30Z", "2022-11-03T08:03:59Z"];
        check(
            Timeline::new(Some(60), 4, 99),
            &minutes,
            None,
            "2022-11-03T08:00:00+00:00 60s [1, 1, 0, 1]",
        );
        check(
            Timeline::new(Some(60), 3, 99),
            &minutes,
            None,
            "2022-11-03T08:00:00+00:00 120s [2, 1] coarsened",
        );
        check(
            Timeline::new(Some(60), 99, 3),
            &minutes,
            None,
            "2022-11-03T08:00:00+00:00 120s [2, 1] coarsened",
        );
    }

    #[test]
    fn an_asked_width_is_not_given_up_for_quiet_time_around() {
        check(
            Timeline::new(Some(60), 4, 99),
            &["2022-11-03T08:01:30Z"],
            Some(("2022-11-03T08:00:00Z", "2022-11-03T23:00:00Z")),
            "2022-11-03T08:00:00+00:00 60s [0, 1]",
        );
    }

    #[test]
    fn late_instants_extend_the_range_to_the_left() {
        check(
            Timeline::new(Some(1), 99, 99),
            &[
                "2022-11-03T08:00:05Z",
                "2022-11-03T08:00:03Z",
                "2022-11-03T08:00:04Z",
                "2022-11-03T08:00:03Z",
            ],
            None,
            "2022-11-03T08:00:03+00:00 1s [2, 1, 1]",
        );
    }

    #[test]
    fn centuries_fit() {
        check(
            Timeline::new(None, 4096, 99_999),
            &["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"],
            None,
            "-0543-12-14T00:00:00+00:00 79272345600s [1, 0, 0, 0, 1]",
        );
    }
}
