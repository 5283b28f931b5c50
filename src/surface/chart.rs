//! Bars and sparklines made of characters.
//!
//! Owns how a number becomes a length or a height. Must never know what is counted. Nothing here
//! fails.

const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const HEIGHTS_ASCII: [char; 8] = ['.', ':', '-', '=', '+', '*', '#', '@'];
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
const SHADES_ASCII: [char; 5] = [' ', '.', ':', '+', '#'];
const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// A bar of at most `width` columns, as long beside `width` as `count` is beside `count_max`, and
/// behind it, in a lighter fill, `light`. Whatever is not zero shows at least its thinnest mark.
pub(crate) fn bar(count: u64, light: u64, count_max: u64, width: usize, unicode: bool) -> String {
    let mut bar = solid(count, count_max, width, unicode);
    if light > 0 {
        let both = eighths(count.saturating_add(light), count_max, width).div_ceil(8);
        let room = width.saturating_sub(bar.chars().count());
        let length = both.saturating_sub(bar.chars().count()).max(1).min(room);
        bar.extend(std::iter::repeat_n(if unicode { '░' } else { '-' }, length));
    }
    bar
}

fn solid(count: u64, count_max: u64, width: usize, unicode: bool) -> String {
    let eighths = eighths(count, count_max, width);
    if !unicode {
        return "#".repeat(eighths.div_ceil(8));
    }
    let mut bar = "█".repeat(eighths / 8);
    bar.extend((eighths % 8).checked_sub(1).and_then(|rest| EIGHTHS.get(rest)));
    bar
}

fn eighths(count: u64, count_max: u64, width: usize) -> usize {
    if count == 0 || count_max == 0 {
        return 0;
    }
    let full = width.saturating_mul(8);
    let share = u128::from(count.min(count_max)) * full as u128 / u128::from(count_max);
    usize::try_from(share).unwrap_or(full).clamp(1, full.max(1))
}

/// One character for each count, as high beside the highest as the count is; a blank for none, so
/// that one is never mistaken for none. Counts below eight keep their own height: a single event is
/// not a tower.
pub(crate) fn sparkline(counts: &[u64], unicode: bool) -> String {
    let heights = if unicode { HEIGHTS } else { HEIGHTS_ASCII };
    let highest = u128::from(counts.iter().copied().max().unwrap_or(0).max(8));
    let height = |count: u64| {
        let step = (u128::from(count) * 8).div_ceil(highest);
        usize::try_from(step)
            .ok()
            .and_then(|step| step.checked_sub(1))
            .and_then(|at| heights.get(at))
    };
    counts.iter().map(|&count| height(count).copied().unwrap_or(' ')).collect()
}

/// How dark a count is beside the highest, from 1 to 4; 0 is none. Counts below four keep their own
/// shade: a single event is not dark.
pub(crate) fn darkness(count: u64, highest: u64) -> usize {
    let highest = u128::from(highest.max(count).max(4));
    usize::try_from((u128::from(count) * 4).div_ceil(highest)).unwrap_or(0)
}

/// The shade of a darkness.
pub(crate) fn shade(darkness: usize, unicode: bool) -> char {
    let shades = if unicode { SHADES } else { SHADES_ASCII };
    shades.get(darkness).or(shades.last()).copied().unwrap_or(' ')
}

/// The counts in at most `columns` groups of neighbours, each of the same number of counts (the
/// last may hold fewer), and that number.
pub(crate) fn grouped(counts: &[u64], columns: usize) -> (Vec<u64>, usize) {
    let each = counts.len().div_ceil(columns.max(1)).max(1);
    let groups =
        counts.chunks(each).map(|group| group.iter().fold(0, |sum: u64, &n| sum.saturating_add(n)));
    (groups.collect(), each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_share_to_an_eighth_of_a_column() {
        let bars: Vec<_> = [0, 1, 50, 95, 100].map(|n| bar(n, 0, 100, 10, true)).into();
        assert_eq!(bars, ["", "▏", "█████", "█████████▌", "██████████"]);
        let bars: Vec<_> = [0, 1, 50, 95, 100].map(|n| bar(n, 0, 100, 10, false)).into();
        assert_eq!(bars, ["", "#", "#####", "##########", "##########"]);
    }

    #[test]
    fn what_is_counted_apart_follows_in_a_lighter_fill() {
        assert_eq!(bar(50, 50, 100, 10, true), "█████░░░░░");
        assert_eq!(bar(0, 1, 1000, 10, true), "░");
        assert_eq!(bar(100, 1, 101, 10, false), "##########");
    }

    #[test]
    fn the_largest_numbers_neither_overflow_nor_overrun() {
        assert_eq!(bar(u64::MAX, u64::MAX, u64::MAX, 3, true), "███");
        assert_eq!(bar(5, 0, 0, 3, true), "");
        assert_eq!(sparkline(&[u64::MAX, 1, 0], true), "█▁ ");
    }

    #[test]
    fn one_is_never_shown_as_none() {
        assert_eq!(sparkline(&[0, 1, 2, 3, 4, 5, 6, 7, 8], true), " ▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&[0, 1, 1000], false), " .@");
        assert_eq!(sparkline(&[1, 0, 2], true), "▁ ▂");
        assert_eq!(sparkline(&[0, 0], true), "  ");
    }

    #[test]
    fn a_shade_is_as_dark_as_its_share_and_none_is_blank() {
        let shades = |highest: u64, counts: &[u64]| -> String {
            counts.iter().map(|&count| shade(darkness(count, highest), true)).collect()
        };
        assert_eq!(shades(100, &[0, 1, 25, 26, 50, 51, 75, 76, 100]), " ░░▒▒▓▓██");
        assert_eq!(shades(1, &[0, 1]), " ░");
        assert_eq!(shades(u64::MAX, &[1, u64::MAX]), "░█");
        assert_eq!(shade(darkness(100, 100), false), '#');
    }

    #[test]
    fn neighbours_are_added_when_the_columns_do_not_suffice() {
        assert_eq!(grouped(&[1, 2, 3, 4, 5], 2), (vec![6, 9], 3));
        assert_eq!(grouped(&[1, 2], 9), (vec![1, 2], 1));
        assert_eq!(grouped(&[], 0), (vec![], 1));
    }
}
