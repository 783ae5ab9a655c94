//! Chance as an argument: a small seeded generator (SplitMix64). Not for secrets.

use std::cell::Cell;
use std::rc::Rc;

/// A seeded generator; clones share one state, so a world has one stream of chance.
#[derive(Clone, Debug)]
pub struct Chance(Rc<Cell<u64>>);

/// The letters that generated Kubernetes names end with: no vowels, nothing that looks alike.
const SUFFIX: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl Chance {
    #[must_use]
    pub fn new(seed: u64) -> Chance {
        Chance(Rc::new(Cell::new(seed)))
    }

    pub fn next_u64(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..n`; 0 when `n` is 0.
    pub fn below(&self, n: u64) -> u64 {
        if n == 0 {
            0
        } else {
            ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
        }
    }

    pub fn bytes(&self, count: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(count + 8);
        while out.len() < count {
            out.extend_from_slice(&self.next_u64().to_le_bytes());
        }
        out.truncate(count);
        out
    }

    /// `length` characters as in generated object names.
    pub fn suffix(&self, length: usize) -> String {
        (0..length)
            .map(|_| SUFFIX[self.below(SUFFIX.len() as u64) as usize] as char)
            .collect()
    }

    /// `length` lower-case hexadecimal digits.
    pub fn hex(&self, length: usize) -> String {
        (0..length)
            .map(|_| char::from_digit(self.below(16) as u32, 16).unwrap_or('0'))
            .collect()
    }

    /// A generator whose stream depends on this seed and `index` only.
    #[must_use]
    pub fn branch(seed: u64, index: u64) -> Chance {
        let root = Chance::new(seed ^ index.wrapping_mul(0xd6e8_feb8_6659_fd93));
        root.next_u64();
        root
    }
}
