//! Small deterministic random numbers for tests. Only exact arithmetic, so that
//! every platform gets the same. Not for ids or secrets.

/// A splitmix64 generator.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same numbers.
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number under `limit`; 0 for a limit of 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        let high = (self.bits() >> 32) * u64::from(limit);
        (high >> 32) as u32
    }

    /// An index into something of that length.
    pub fn index(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).unwrap_or(u32::MAX)) as usize
    }

    /// One of these; `None` where there are none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let index = self.index(from.len());
        from.get(index)
    }

    /// True in `percent` of 100 cases.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// A number from 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        // 53 bits are what a double holds exactly.
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A rank under `limit`, such that rank n comes about 1/n as often as rank 1 (Zipf's law).
    pub fn zipf(&mut self, limit: u32) -> u32 {
        let mut bits = 0.0;
        let mut rest = limit.max(1);
        while rest > 1 {
            rest /= 2;
            bits += 1.0;
        }
        let rank = exp2(self.unit() * (bits + 1.0)) as u32;
        rank.saturating_sub(1).min(limit.saturating_sub(1))
    }

    /// A lognormal number with median 1.
    pub fn lognormal(&mut self, sigma: f64) -> f64 {
        // Twelve uniform numbers have a variance of one and are near enough to normal.
        let normal: f64 = (0..12).map(|_| self.unit()).sum::<f64>() - 6.0;
        exp2(sigma * normal * std::f64::consts::LOG2_E)
    }

    /// Fills the buffer.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let bytes = self.bits().to_le_bytes();
            for (target, byte) in chunk.iter_mut().zip(bytes) {
                *target = byte;
            }
        }
    }
}

/// 2 to a power, by additions and multiplications alone: platforms' own differ in the last bit.
fn exp2(power: f64) -> f64 {
    let whole = power.floor();
    let x = (power - whole) * std::f64::consts::LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..18 {
        term = term * x / f64::from(n);
        sum += term;
    }
    let mut scale = 1.0;
    for _ in 0..whole.abs() as u32 {
        scale *= if whole < 0.0 { 0.5 } else { 2.0 };
    }
    sum * scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spread_as_they_should_be() {
        let mut random = Random::new(1);
        let mut counts = [0u32; 10];
        for _ in 0..10_000 {
            counts[random.below(10) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        let mut ranks = [0u32; 64];
        for _ in 0..10_000 {
            ranks[random.zipf(64) as usize] += 1;
        }
        assert!(ranks[0] > ranks[1] && ranks[1] > ranks[4] && ranks[4] > ranks[30], "{ranks:?}");
        let mut logs: Vec<f64> = (0..5001).map(|_| random.lognormal(1.0)).collect();
        logs.sort_by(f64::total_cmp);
        assert!((0.9..1.1).contains(&logs[2500]), "median {}", logs[2500]);
        assert!(
            (exp2(0.5) - std::f64::consts::SQRT_2).abs() < 1e-12
                && exp2(-3.0) == 0.125
                && exp2(10.0) == 1024.0
        );
    }

    #[test]
    fn limits_of_nothing_are_no_panic() {
        let mut random = Random::new(2);
        assert_eq!((random.below(0), random.index(0), random.zipf(0), random.zipf(1)), (0, 0, 0, 0));
        assert_eq!(random.pick::<u8>(&[]), None);
    }
}
