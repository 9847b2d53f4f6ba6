//! The fields of a part's header that describe its content (RFC 2045, 2183, 3282, 1864, 2557).
//!
//! One pass over the header collects their raw values; each is interpreted where it is needed.

use super::content_type::ContentType;
use super::header::fields;
use super::parameters::ParameterizedValue;
use super::transfer::Encoding;

const PREFIX: &[u8] = b"Content-";

/// The raw values, of each field the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MimeFields<'a> {
    /// Content-Type.
    pub content_type: Option<&'a [u8]>,
    /// Content-Transfer-Encoding.
    pub encoding: Option<&'a [u8]>,
    /// Content-Disposition.
    pub disposition: Option<&'a [u8]>,
    /// Content-ID.
    pub id: Option<&'a [u8]>,
    /// Content-Description.
    pub description: Option<&'a [u8]>,
    /// Content-MD5.
    pub md5: Option<&'a [u8]>,
    /// Content-Language.
    pub language: Option<&'a [u8]>,
    /// Content-Location.
    pub location: Option<&'a [u8]>,
}

impl<'a> MimeFields<'a> {
    /// Collects the values from a header block.
    pub fn read(header: &'a [u8]) -> MimeFields<'a> {
        let mut found = MimeFields::default();
        for field in fields(header) {
            let Some((start, what)) = field.name.split_at_checked(PREFIX.len()) else { continue };
            if !start.eq_ignore_ascii_case(PREFIX) {
                continue;
            }
            let slots = [
                ("type", &mut found.content_type),
                ("transfer-encoding", &mut found.encoding),
                ("disposition", &mut found.disposition),
                ("id", &mut found.id),
                ("description", &mut found.description),
                ("md5", &mut found.md5),
                ("language", &mut found.language),
                ("location", &mut found.location),
            ];
            if let Some((_, slot)) =
                slots.into_iter().find(|(name, _)| what.eq_ignore_ascii_case(name.as_bytes()))
            {
                slot.get_or_insert(field.value);
            }
        }
        found
    }

    /// The type of the part, or the default of RFC 2045 section 5.2; in a multipart/digest
    /// message/rfc822 (RFC 2046 section 5.1.5).
    pub fn media_type(&self, in_digest: bool) -> ContentType {
        let written = self.content_type.map(ParameterizedValue::parse).unwrap_or_default();
        self.media_type_of(&written, in_digest)
    }

    /// The same where the value is read already.
    pub(super) fn media_type_of(&self, written: &ParameterizedValue, in_digest: bool) -> ContentType {
        match self.content_type {
            Some(_) => ContentType::of(written),
            None if in_digest => ContentType::new("message", "rfc822"),
            None => ContentType::default(),
        }
    }

    /// How the part is encoded.
    pub fn transfer_encoding(&self) -> Encoding {
        self.encoding.map(Encoding::parse).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_field_counts() {
        let header = b"content-type: a/b\nContent-Type: c/d\nCONTENT-ID: <1>\nContent-\nContent-Idea: x\nContent-Transfer-Encoding:\n base64\n\nContent-MD5: x";
        let found = MimeFields::read(header);
        assert_eq!(
            found,
            MimeFields {
                content_type: Some(b" a/b"),
                id: Some(b" <1>"),
                encoding: Some(b"\n base64"),
                ..MimeFields::default()
            }
        );
        assert!(found.media_type(true).is("a", "b") && found.transfer_encoding() == Encoding::Base64);
        assert!(MimeFields::default().media_type(true).is_message());
        assert!(MimeFields::default().media_type(false).is("text", "plain"));
    }
}
