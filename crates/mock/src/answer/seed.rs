/// A hash that is the same on every machine and in every version: FNV-1a.
pub(super) struct Seed(pub(super) u64);

impl Seed {
    pub(super) fn new(seed: u64) -> Self {
        let mut this = Self(0xcbf2_9ce4_8422_2325);
        this.bytes(&seed.to_le_bytes());
        this
    }

    pub(super) fn add(&mut self, text: &str) {
        self.bytes(text.as_bytes());
        self.bytes(&[0xff]);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}
