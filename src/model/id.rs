//! Identifiers: RFC 8474 object ids, UIDVALIDITY, mod-sequences. Here: their
//! grammar and text. Not here: who mints them (the engine does).

use std::fmt;
use std::rc::Rc;

use super::{Error, Result};

/// A message's unique identifier within its mailbox (RFC 9051 section 2.3.1.1); never zero.
pub type Uid = u32;

/// A per-mailbox modification sequence (RFC 7162); at most 2^53 - 1.
pub type ModSeq = u64;

/// The largest mod-sequence this library mints: what a JavaScript number holds exactly.
pub const MAX_MOD_SEQ: ModSeq = (1 << 53) - 1;

fn check_object_id(text: &str) -> Result<()> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if text.is_empty() || text.len() > 255 || !text.bytes().all(legal) {
        return Err(Error::invalid(format!(
            "{text:?} is not an object id: 1 to 255 of A-Z a-z 0-9 _ - (RFC 8474 section 4)"
        )));
    }
    Ok(())
}

/// A list has a hundred of them made: each digit is a step of arithmetic, and no character.
#[cfg_attr(own_std, optimize(speed))]
fn to_hex(prefix: u8, bytes: &[u8]) -> String {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble };
    let mut text = Vec::with_capacity(1 + bytes.len() * 2);
    text.push(prefix);
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
    // Of ASCII alone.
    String::from_utf8(text).unwrap_or_default()
}

macro_rules! object_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        ///
        /// Text of 1 to 255 characters from `A-Z a-z 0-9 _ -` (RFC 8474 section 4).
        /// Where none is defined, it is `None` of an `Option` (semantics 6).
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Rc<str>);

        impl $name {
            /// Takes an id given from outside. Fails with `INVALID_ARGUMENT` where the grammar does.
            pub fn parse(text: &str) -> Result<Self> {
                check_object_id(text)?;
                Ok($name(text.into()))
            }

            /// The id whose text is the kind's letter and these bytes in lower-case hex.
            pub fn from_bytes(bytes: &[u8]) -> Self {
                $name(to_hex($prefix, bytes).into())
            }

            /// The bytes behind an id made by `from_bytes`, or `None` for another text.
            pub fn to_bytes(&self) -> Option<Vec<u8>> {
                let digits = self.0.strip_prefix(char::from($prefix))?.as_bytes();
                if digits.is_empty() || digits.len() % 2 != 0 {
                    return None;
                }
                let nibble = |byte: u8| match byte {
                    b'0'..=b'9' => Some(byte - b'0'),
                    b'a'..=b'f' => Some(byte - b'a' + 10),
                    _ => None,
                };
                digits
                    .chunks_exact(2)
                    .map(|pair| match pair {
                        [high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
                        _ => None,
                    })
                    .collect()
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

object_id! {
    /// A mailbox's identity: kept by a rename, new after delete and create.
    MailboxId, b'F'
}
object_id! {
    /// A message's content: equal octets have equal ids; kept by copy and move.
    EmailId, b'M'
}
object_id! {
    /// A conversation, across all mailboxes of one database.
    ThreadId, b'T'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_ids_have_their_letter_and_grammar() {
        let id = MailboxId::from_bytes(&[0, 0xab, 0xff]);
        assert_eq!(id.as_str(), "F00abff");
        assert_eq!(id.to_bytes(), Some(vec![0, 0xab, 0xff]));
        assert_eq!(EmailId::parse("from-outside_1").unwrap().to_bytes(), None);
    }

    #[test]
    fn s6_empty_and_malformed_ids_are_refused() {
        for text in ["", "a b", "é", "a/b", &"x".repeat(256)] {
            assert_eq!(ThreadId::parse(text).unwrap_err().code().as_str(), "INVALID_ARGUMENT");
        }
        assert!(ThreadId::parse(&"x".repeat(255)).is_ok());
    }
}
