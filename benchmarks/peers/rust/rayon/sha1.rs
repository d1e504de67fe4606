//! The hash of a message of up to 55 bytes (FIPS 180-4), as ../../../uts/sha1.hpp has it.

pub type Digest = [u8; 20];

const START: [u32; 5] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];

pub fn sha1(message: &[u8]) -> Digest {
    let words = words_of(message);
    let mut state = START;
    rounds(&mut state, &words[0..20], 0x5a827999, |b, c, d| (b & c) | (!b & d));
    rounds(&mut state, &words[20..40], 0x6ed9eba1, |b, c, d| b ^ c ^ d);
    rounds(&mut state, &words[40..60], 0x8f1bbcdc, |b, c, d| (b & c) | (b & d) | (c & d));
    rounds(&mut state, &words[60..80], 0xca62c1d6, |b, c, d| b ^ c ^ d);
    let mut bytes = [0; 20];
    for (i, chunk) in bytes.chunks_exact_mut(4).enumerate() {
        chunk.copy_from_slice(&START[i].wrapping_add(state[i]).to_be_bytes());
    }
    bytes
}

fn words_of(message: &[u8]) -> [u32; 80] {
    let mut block = [0; 64];
    block[..message.len()].copy_from_slice(message);
    block[message.len()] = 0x80;
    let mut words = [0; 80];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    words[15] = message.len() as u32 * 8;
    for i in 16..80 {
        words[i] = (words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16]).rotate_left(1);
    }
    words
}

fn rounds(state: &mut [u32; 5], words: &[u32], constant: u32, mix: impl Fn(u32, u32, u32) -> u32) {
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for word in words {
        let mixed = mix(b, c, d).wrapping_add(e).wrapping_add(constant).wrapping_add(*word);
        let next = a.rotate_left(5).wrapping_add(mixed);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
    }
    *state = [a, b, c, d, e];
}
