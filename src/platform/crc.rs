//! CRC-32 (ISO-HDLC, as in gzip and PNG) without tables in the wasm: made at the first use, in
//! less than a millisecond, they are 16 KB that need not be downloaded. Not here: what is
//! checksummed; natively a library does it, by the processor's own instructions.

type Table = [u32; 256];

/// The generating polynomial, bits reversed.
const POLYNOMIAL: u32 = 0xEDB8_8320;

thread_local! {
    static TABLES: Box<[Table; 16]> = tables();
}

/// What an octet adds to the remainder when 0 to 15 others follow it.
fn tables() -> Box<[Table; 16]> {
    let mut tables = Box::new([[0; 256]; 16]);
    let mut last: Table = std::array::from_fn(|octet| {
        (0..8).fold(octet as u32, |rest, _| (rest >> 1) ^ if rest & 1 == 1 { POLYNOMIAL } else { 0 })
    });
    let first = last;
    for table in tables.iter_mut() {
        *table = last;
        last = last.map(|rest| (rest >> 8) ^ at(&first, rest));
    }
    tables
}

/// The entry of a number's lowest octet.
#[allow(clippy::indexing_slicing)] // Of 256 entries every octet has one.
fn at(table: &Table, number: u32) -> u32 {
    table[usize::from(number as u8)]
}

/// The CRC-32 (ISO-HDLC) of these octets.
pub fn crc32(octets: &[u8]) -> u32 {
    crc32_after(0, octets)
}

/// The CRC-32 of octets before these, of which it is `crc`, and these.
#[cfg_attr(own_std, optimize(speed))]
pub fn crc32_after(crc: u32, octets: &[u8]) -> u32 {
    TABLES.with(|tables| {
        let [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15] = &**tables;
        let mut crc = !crc;
        let mut rest = octets;
        // Sixteen at once: their lookups do not wait for each other.
        while let Some((block, others)) = rest.split_first_chunk::<16>() {
            let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *block;
            let head = crc ^ u32::from_le_bytes([a, b, c, d]);
            crc = at(t15, head)
                ^ at(t14, head >> 8)
                ^ at(t13, head >> 16)
                ^ at(t12, head >> 24)
                ^ at(t11, e.into())
                ^ at(t10, f.into())
                ^ at(t9, g.into())
                ^ at(t8, h.into())
                ^ at(t7, i.into())
                ^ at(t6, j.into())
                ^ at(t5, k.into())
                ^ at(t4, l.into())
                ^ at(t3, m.into())
                ^ at(t2, n.into())
                ^ at(t1, o.into())
                ^ at(t0, p.into());
            rest = others;
        }
        for octet in rest {
            crc = (crc >> 8) ^ at(t0, crc ^ u32::from(*octet));
        }
        !crc
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the definition: one bit after the other.
    fn slow(octets: &[u8]) -> u32 {
        let mut crc = u32::MAX;
        for octet in octets {
            crc ^= u32::from(*octet);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            }
        }
        !crc
    }

    #[test]
    fn checksums_of_every_length_are_what_the_definition_says() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        let octets: Vec<u8> = (0..1000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for length in 0..octets.len() {
            let some = octets.get(..length).unwrap();
            assert_eq!(crc32(some), slow(some), "{length} octets");
            assert_eq!(crc32(some), crate::platform::crc32(some));
            let (before, after) = some.split_at(length / 3);
            assert_eq!(crc32_after(crc32(before), after), slow(some), "{length} octets in two");
            assert_eq!(crate::platform::crc32_after(crc32(before), after), slow(some));
        }
    }
}
