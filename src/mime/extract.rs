//! Everything that is stored beside a message's octets, derived in one pass over them.

use super::envelope::RawFields;
use super::part::{self, Kind, Part};
use super::row::{self, ListRow};
use super::text::{self, Folded};
use super::thread_key::{ThreadKey, capped_ids, thread_keys};

/// What [`extract`] finds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extracted {
    /// The list row.
    pub row: ListRow,
    /// The searchable text of the body, folded by [`text::fold`], at most [`text::MAX_TEXT`]
    /// octets; parts are separated by line feeds. The message's own header is not in it (BODY
    /// searches exclude it); headers of messages inside the message are.
    pub text: String,
    /// The keys that find the thread, in the order in which they are tried; empty without any id.
    pub thread_keys: Vec<ThreadKey>,
}

/// Reads a message. Total over any octets, and linear in their number.
#[cfg_attr(own_std, optimize(speed))]
pub fn extract(raw: &[u8]) -> Extracted {
    let parts = part::parts(raw);
    let header = parts.first().and_then(|message| raw.get(message.header.clone())).unwrap_or_default();
    let fields = RawFields::collect(header);
    let mut row = ListRow::from_fields(&fields);
    row.has_attachment = parts.iter().enumerate().any(|(index, part)| is_attachment(&parts, index, part));
    let text = read_text(raw, &parts, &mut row.preview);
    let in_reply_to = capped_ids(fields.in_reply_to.as_deref().unwrap_or_default());
    let references = capped_ids(fields.references.as_deref().unwrap_or_default());
    let message_id = fields.message_id.as_deref().unwrap_or_default();
    let thread_keys = thread_keys(message_id, &in_reply_to, &references, &row.subject);
    Extracted { row, text, thread_keys }
}

fn read_text(raw: &[u8], parts: &[Part], preview: &mut String) -> String {
    let mut folded = Folded::default();
    // Whether a part is inside a message inside the message; parents come before their parts.
    let mut nested: Vec<bool> = Vec::with_capacity(parts.len());
    for part in parts {
        let parent = part.parent.and_then(|index| parts.get(index).zip(nested.get(index)));
        let in_message = parent.is_some_and(|(parent, _)| parent.kind == Kind::Message);
        let is_nested = in_message || parent.is_some_and(|(_, nested)| *nested);
        nested.push(is_nested);
        if folded.is_full() {
            break;
        }
        if in_message {
            folded.push_part(&text::header_text(raw, part));
        }
        let Some(text) = text::part_text(raw, part) else { continue };
        let shown = matches!(part.content_type.sub.as_str(), "plain" | "html");
        if preview.is_empty()
            && shown
            && !is_nested
            && !part.disposition.is_some_and(|disposition| disposition.attachment)
        {
            *preview = row::preview(&text);
        }
        folded.push_part(&text);
    }
    folded.into_text()
}

/// Whether a part is a file to the reader: it says so, or carries a file name, or is neither text
/// nor something that only serves the text (an inline picture, a signature).
fn is_attachment(parts: &[Part], index: usize, part: &Part) -> bool {
    if part.kind == Kind::Multipart {
        return false;
    }
    if part.disposition.is_some_and(|disposition| disposition.attachment) {
        return true;
    }
    let main = part.content_type.main.as_str();
    let sub = part.content_type.sub.as_str();
    if matches!(sub, "pgp-signature" | "pgp-encrypted" | "pkcs7-signature" | "x-pkcs7-signature")
        || main == "multipart"
    {
        return false;
    }
    let parent = part.parent.and_then(|parent| parts.get(parent));
    let serves_text = parent.is_some_and(|parent| parent.content_type.is("multipart", "related"))
        || part.disposition.is_some_and(|disposition| !disposition.attachment) && main == "image";
    if serves_text {
        return false;
    }
    let has_file_name =
        part.content_type.has_name || part.disposition.is_some_and(|disposition| disposition.has_filename);
    match main {
        "text" => has_file_name && index > 0,
        "message" if parent.is_some_and(|parent| parent.content_type.is("multipart", "report")) => {
            part.content_type.is_message()
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s147_encoded_text_is_searchable_and_html_is_its_text() {
        let found = extract(
            b"Subject: Top\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\n32F6IEhFTExPCg==\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>Gr=C3=BC=C3=9Fe&nbsp;&amp; <b>m</b>ehr</p>\r\n--x--\r\n",
        );
        assert_eq!(found.text, "ssaz hello\ngrüsse & mehr");
        assert_eq!(found.row.preview, "ßaz HELLO");
        assert_eq!(found.row.subject, "Top");
        assert!(!found.row.has_attachment && found.thread_keys.is_empty());
    }

    #[test]
    fn s146_the_messages_own_header_is_not_in_the_text_but_inner_headers_are() {
        let found = extract(
            b"Subject: outer\n\
              Content-Type: multipart/mixed; boundary=x\n\n\
              --x\n\nshort\n\
              --x\nContent-Type: message/rfc822\n\n\
              Subject: =?utf-8?q?=C3=84?= inner\n\nInside\n--x--\n",
        );
        assert_eq!(found.text, "short\nsubject: ä inner\ninside");
        assert_eq!(found.row.preview, "short");
        assert!(found.row.has_attachment);
    }

    #[test]
    fn attachments_are_files_not_alternatives_pictures_or_signatures() {
        for (fields, expected) in [
            ("Content-Type: text/plain", false),
            ("Content-Type: text/plain; name=a.txt", true),
            ("Content-Type: text/html\nContent-Disposition: inline", false),
            ("Content-Disposition: attachment; filename=x", true),
            ("Content-Type: application/pdf", true),
            ("Content-Type: image/png\nContent-Disposition: inline; filename=x.png", false),
            ("Content-Type: application/pgp-signature; name=s.asc", false),
        ] {
            let message = format!(
                "Content-Type: multipart/mixed; boundary=x\n\n--x\n\ntext\n--x\n{fields}\n\nbody\n--x--\n"
            );
            assert_eq!(extract(message.as_bytes()).row.has_attachment, expected, "{fields}");
        }
        assert!(!extract(b"Content-Type: multipart/related; boundary=x\n\n--x\nContent-Type: image/png; name=p\n\nq\n--x--\n").row.has_attachment);
        assert!(extract(b"Content-Type: application/zip\n\nPK").row.has_attachment);
    }

    #[test]
    fn s157_thread_keys_follow_message_id_in_reply_to_references() {
        let found = extract(b"Message-ID: <m>\nReferences: <r>\nIn-Reply-To: <i>\nSubject: Re: s\n\n");
        let expected: Vec<_> = ["m", "i", "r"].iter().map(|id| ThreadKey::new(id.as_bytes(), "s")).collect();
        assert_eq!(found.thread_keys, expected);
    }
}
