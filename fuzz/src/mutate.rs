/// Chance for mutations: repeatable, not for secrets (xorshift64*).
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice that fall as they did for this seed before.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `sides`, 0 when there are none.
    pub(crate) fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let word = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        usize::try_from(word).unwrap_or(usize::MAX).checked_rem(sides).unwrap_or(0)
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> Option<&'a T> {
        of.get(self.below(of.len())).copied()
    }
}

/// No input is longer: what a bound stops at its length is not worth a mutation.
const LONGEST: usize = 64 * 1024;

/// Another input: one of the corpus with a few changes, each a thing that goes wrong with real bytes.
pub(crate) fn mutate(corpus: &[Vec<u8>], words: &[&str], dice: &mut Dice) -> Vec<u8> {
    let mut input = corpus.get(dice.below(corpus.len())).cloned().unwrap_or_default();
    for _ in 0..=dice.below(6) {
        change(&mut input, corpus, words, dice);
    }
    input.truncate(LONGEST);
    input
}

fn change(input: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&str], dice: &mut Dice) {
    let at = dice.below(input.len() + 1);
    let end = at + dice.below((input.len() - at).min(64) + 1);
    match dice.below(9) {
        // A bit turned.
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
        }
        // Any byte.
        1 => {
            let byte = u8::try_from(dice.below(256)).unwrap_or_default();
            input.splice(at..end.min(at + 1), [byte]);
        }
        // Something left out.
        2 => drop(input.drain(at..end)),
        // Something said twice, or very often.
        3 => {
            let said = input.get(at..end).unwrap_or_default().to_vec();
            let times = if dice.below(8) == 0 { 200 } else { 1 };
            input.splice(at..at, said.repeat(times));
        }
        // Words of the language put in, in place of others or very often.
        4 | 5 => {
            let word = dice.pick(words).unwrap_or_default().as_bytes().to_vec();
            input.splice(at..at, word);
        }
        6 => {
            let word = dice.pick(words).unwrap_or_default().as_bytes().to_vec();
            input.splice(at..end, word);
        }
        7 => {
            let times = 1 + dice.below(600);
            let word = dice.pick(words).unwrap_or_default().repeat(times);
            input.splice(at..at, word.into_bytes());
        }
        // The end of another input.
        _ => {
            let other = corpus.get(dice.below(corpus.len())).map_or(&[][..], Vec::as_slice);
            let rest = other.get(dice.below(other.len() + 1)..).unwrap_or_default();
            input.splice(at.., rest.iter().copied());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_inputs() {
        let corpus = [b"/books/{id}".to_vec(), b"/a".to_vec()];
        let ten = |seed| {
            let mut dice = Dice::new(seed);
            (0..10).map(|_| mutate(&corpus, &["%2e"], &mut dice)).collect::<Vec<_>>()
        };
        assert_eq!(ten(1), ten(1));
        assert_ne!(ten(1), ten(2));
    }

    #[test]
    fn an_empty_corpus_is_mutated_as_well() {
        let mut dice = Dice::new(1);
        assert!((0..100).any(|_| !mutate(&[], &[], &mut dice).is_empty()));
    }
}
