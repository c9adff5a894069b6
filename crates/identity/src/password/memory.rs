use argon2::{Algorithm, Argon2, Block, Params, Version};

/// Blocks of argon2, of 1 KiB each, up to which a thread keeps them: 32 MiB. More than that an allocator maps
/// for the occasion, and gives back.
const KEPT: usize = 32 * 1024;

/// What one thread hashes in, again and again: asking the allocator each time costs time, and one that is asked
/// for such pieces, aligned to a cache line, holds on to many times what is used.
#[derive(Default)]
pub(super) struct Memory {
    blocks: Vec<Block>,
}

impl Memory {
    /// argon2 of `password`, into `out`. `None` where it cannot have these parameters.
    pub(super) fn argon2(
        &mut self,
        (algorithm, version, params): (Algorithm, Version, &Params),
        password: &[u8],
        salt: &[u8],
        out: &mut [u8],
    ) -> Option<()> {
        let argon2 = Argon2::new(algorithm, version, params.clone());
        let count = params.block_count();
        if count > KEPT {
            return argon2.hash_password_into(password, salt, out).ok();
        }
        if self.blocks.len() < count {
            self.blocks.resize(count, Block::default());
        }
        let blocks = self.blocks.get_mut(..count)?;
        argon2.hash_password_into_with_memory(password, salt, out, blocks).ok()
    }
}
