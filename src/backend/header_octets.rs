//! A message's header out of its content, without its body. Here: how much of
//! the content is read. Not here: what is in a header (`crate::mime`).

use crate::mime::header;
use crate::model::Value;

/// How much is read first; most headers are shorter.
pub(crate) const FIRST_BYTES: usize = 8 * 1024;

/// The octets of a message's header, the empty line that ends it included;
/// all octets where there is no such line (semantics 173). Of content outside
/// this memory, at most four times the header's length is copied in.
pub fn header_octets(content: &Value) -> Vec<u8> {
    let mut length = FIRST_BYTES;
    loop {
        let begin = content.slice(0..length);
        let cut = begin.with(|octets| {
            let header = header::split(octets).header;
            (header.len() < octets.len() || ends_empty(header)).then(|| header.to_vec())
        });
        if let Some(header) = cut {
            return header;
        }
        if begin.len() == content.len() {
            return begin.to_vec();
        }
        length = length.saturating_mul(4);
    }
}

fn ends_empty(header: &[u8]) -> bool {
    matches!(header, b"\n" | b"\r\n") || header.ends_with(b"\n\n") || header.ends_with(b"\n\r\n")
}

#[cfg(test)]
mod tests {
    use std::any::Any;
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;
    use crate::model::ForeignBytes;

    /// Bytes that count how many of them were copied.
    struct Counted(Vec<u8>, Rc<Cell<usize>>);

    impl ForeignBytes for Counted {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn copy_to(&self, start: usize, target: &mut [u8]) {
            self.1.set(self.1.get() + target.len());
            target.copy_from_slice(&self.0[start..start + target.len()]);
        }

        fn as_any(&self) -> &dyn Any {
            self
        }
    }

    fn read(content: &[u8]) -> (Vec<u8>, usize) {
        let copied = Rc::new(Cell::new(0));
        let value = Value::foreign(Rc::new(Counted(content.to_vec(), copied.clone())));
        (header_octets(&value), copied.get())
    }

    #[test]
    fn s173_the_header_is_what_is_before_the_body_however_long() {
        for length in [0, 1, FIRST_BYTES - 8, FIRST_BYTES - 5, FIRST_BYTES - 4, FIRST_BYTES, 5 * FIRST_BYTES]
        {
            for end in ["\r\n\r\n", "\n\n", "\n\r\n", "\r\n", ""] {
                for body in ["", "body\r\n\r\nmore"] {
                    let content = format!("A: {}{end}{body}", "x".repeat(length));
                    let expected = header::split(content.as_bytes()).header;
                    assert_eq!(read(content.as_bytes()).0, expected, "{length} {end:?} {body:?}");
                }
            }
        }
        assert_eq!(read(b"\r\nbody").0, b"\r\n");
    }

    #[test]
    fn a_body_is_not_copied_in() {
        let content = format!("A: b\r\n\r\n{}", "x".repeat(1_000_000));
        assert_eq!(read(content.as_bytes()).1, FIRST_BYTES);
    }
}
