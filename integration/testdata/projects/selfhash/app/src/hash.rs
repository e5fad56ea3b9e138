//! The 64-bit FNV-1a hash.

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Hashes paths and texts, each followed by a zero byte.
pub fn of(sources: &[(&str, &str)]) -> u64 {
    let mut hash = OFFSET;
    for (path, text) in sources {
        for part in [path, text] {
            for byte in part.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
            }
        }
    }
    hash
}
