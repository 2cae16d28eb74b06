//! Chance that can be repeated: the same day gives the same people, so a demo that starts again tells the same story.

/// `SplitMix64` (Steele, Lea and Flood, 2014).
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to less than 1.
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "53 bits are exact in a double"
    )]
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// How often something happens that is expected to happen so often (Poisson, by Knuth's method in small steps).
    pub(super) fn count(&mut self, expected: f64) -> i64 {
        let mut count = 0;
        let mut rest = expected.clamp(0.0, 200.0);
        while rest > 0.0 {
            let step = rest.min(10.0);
            rest -= step;
            let limit = (-step).exp();
            let mut product = self.share();
            while product > limit {
                count += 1;
                product *= self.share();
            }
        }
        count
    }
}
