//! A generator of our own, so that a seed means the same for ever.

#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        // Seeds that follow each other begin far apart (SplitMix64).
        let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    /// Below a number, which is not 0.
    pub(super) fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }

    /// True so often of a hundred.
    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.next(100) < chance
    }

    pub(super) fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.next(count.max(1) as u64)).unwrap_or(0)
    }
}
