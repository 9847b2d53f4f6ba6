//! What makes messages one thread: message ids and the subject without its reply marks.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

/// The most ids taken from one References or In-Reply-To field: the first one, which is the
/// thread's root, and the last ones, which are the nearest ancestors.
pub const MAX_IDS: usize = 100;
/// Longer ids are ignored; RFC 5322 allows no line of this length.
const MAX_ID_LENGTH: usize = 998;

/// The key of a (message id, normalised subject) pair: the first 16 octets of the SHA-256 of the
/// id without angle brackets and white space, a zero octet, and [`base_subject`] in UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThreadKey(pub [u8; 16]);

impl ThreadKey {
    /// The key of an id as [`ids`] returns it, with a subject as [`base_subject`] returns it.
    pub fn new(id: &[u8], base_subject: &str) -> ThreadKey {
        let mut hash = Sha256::new();
        hash.update(id);
        hash.update([0]);
        hash.update(base_subject.as_bytes());
        let mut key = [0; 16];
        key.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        ThreadKey(key)
    }
}

/// The first 8 octets of the SHA-256 of an id as [`ids`] returns it, its local part without quotes:
/// ids that differ only in quoting are one (RFC 5256 section 3, REFERENCES).
pub fn id_hash(id: &[u8]) -> [u8; 8] {
    let mut hash = [0; 8];
    hash.iter_mut().zip(Sha256::digest(unquoted(id))).for_each(|(to, from)| *to = from);
    hash
}

/// `"a\\b"@c` as `ab@c`; anything else as it is.
fn unquoted(id: &[u8]) -> Cow<'_, [u8]> {
    let Some(quoted) = id.strip_prefix(b"\"") else { return Cow::Borrowed(id) };
    let mut plain = Vec::with_capacity(id.len());
    let mut octets = quoted.iter();
    while let Some(octet) = octets.next() {
        match octet {
            b'"' => break,
            b'\\' => plain.extend(octets.next()),
            _ => plain.push(*octet),
        }
    }
    let domain = octets.as_slice();
    if !domain.starts_with(b"@") {
        return Cow::Borrowed(id);
    }
    plain.extend_from_slice(domain);
    Cow::Owned(plain)
}

/// The message ids of an unfolded field value: everything in `<…>`, without the brackets and
/// without white space inside, in order; empty ids and text outside brackets are ignored.
pub fn ids(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut pieces = value.split(|&octet| octet == b'>').peekable();
    std::iter::from_fn(move || {
        loop {
            let piece = pieces.next()?;
            // Text after the last `>` is no id.
            pieces.peek()?;
            let Some(start) = piece.iter().rposition(|&octet| octet == b'<') else { continue };
            let id: Vec<u8> =
                piece.iter().skip(start + 1).copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
            if !id.is_empty() && id.len() <= MAX_ID_LENGTH {
                return Some(id);
            }
        }
    })
}

/// At most [`MAX_IDS`] ids of a field: its first and its last ones.
pub(crate) fn capped_ids(value: &[u8]) -> Vec<Vec<u8>> {
    let mut found: Vec<_> = ids(value).collect();
    if found.len() > MAX_IDS {
        let surplus = found.len() - MAX_IDS;
        found.drain(1..=surplus);
    }
    found
}

/// The keys of a message in the order in which they are tried: the first id of Message-ID, all of
/// In-Reply-To, all of References (semantics section 5). Empty when there is no id (semantics 157).
pub fn thread_keys(
    message_id: &[u8],
    in_reply_to: &[Vec<u8>],
    references: &[Vec<u8>],
    subject: &str,
) -> Vec<ThreadKey> {
    let subject = base_subject(subject);
    let own = ids(message_id).next();
    let mut keys: Vec<ThreadKey> = Vec::new();
    for id in own.iter().chain(in_reply_to).chain(references) {
        let key = ThreadKey::new(id, &subject);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The base subject of RFC 5256 section 2.1 of an already decoded subject, case kept: without
/// leading `Re:`, `Fw:`, `Fwd:` (also `Re[list]:`), leading `[tag]`s, trailing `(fwd)`, and a
/// wrapping `[Fwd: …]`; runs of white space are one blank.
///
/// Recognises more than the semantics' prefixes (`Fw:` and trailing `(fwd)` are added, as the RFC
/// has them); localised prefixes are not recognised.
pub fn base_subject(subject: &str) -> String {
    split_subject(subject).0
}

/// The [`base_subject`], and whether RFC 5256 section 3 calls a message with this subject a reply
/// or a forward: where finding it takes away more than tags and blanks.
pub fn split_subject(subject: &str) -> (String, bool) {
    let collapsed = collapse(subject);
    let mut text = collapsed.as_str();
    let mut is_reply = false;
    loop {
        while let Some(shorter) = strip_suffix_ignoring_case(text, "(fwd)") {
            text = shorter.trim_end();
            is_reply = true;
        }
        loop {
            if let Some(shorter) = strip_leader(text) {
                text = shorter;
                is_reply = true;
            } else if let Some(shorter) = strip_blob(text).filter(|rest| !rest.is_empty()) {
                text = shorter;
            } else {
                break;
            }
        }
        let wrapped = strip_prefix_ignoring_case(text, "[fwd:").and_then(|inside| inside.strip_suffix(']'));
        match wrapped {
            Some(inside) => {
                text = inside.trim();
                is_reply = true;
            }
            None => return (text.to_owned(), is_reply),
        }
    }
}

fn collapse(subject: &str) -> String {
    let mut collapsed = String::with_capacity(subject.len());
    for word in subject.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}

/// `*subj-blob subj-refwd` without its blobs, which [`base_subject`] strips one by one.
fn strip_leader(text: &str) -> Option<&str> {
    let mark = ["re", "fwd", "fw"].iter().find_map(|mark| strip_prefix_ignoring_case(text, mark))?;
    let mark = mark.trim_start();
    let mark = strip_blob(mark).unwrap_or(mark);
    Some(mark.strip_prefix(':')?.trim_start())
}

/// `[` text without brackets `]` and the blanks after it.
fn strip_blob(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('[')?;
    let end = inside.find(['[', ']'])?;
    Some(inside.get(end..)?.strip_prefix(']')?.trim_start())
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn strip_suffix_ignoring_case<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let (rest, end) = text.split_at_checked(text.len().checked_sub(suffix.len())?)?;
    end.eq_ignore_ascii_case(suffix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(message_id: &str, in_reply_to: &str, references: &str, subject: &str) -> Vec<ThreadKey> {
        let in_reply_to = capped_ids(in_reply_to.as_bytes());
        let references = capped_ids(references.as_bytes());
        thread_keys(message_id.as_bytes(), &in_reply_to, &references, subject)
    }

    #[test]
    fn s155_marks_do_not_separate_but_subjects_do() {
        let first = keys("<one>", "", "", "thread one");
        assert_eq!(keys("<one>", "", "", "Fwd: thread one"), first);
        assert_ne!(keys("<one>", "", "", "unrelated to thread one"), first);
        assert_ne!(keys("<one>", "", "", "Thread one"), first);
    }

    #[test]
    fn s156_in_reply_to_and_references_join_in_order() {
        let parent = ThreadKey::new(b"a", "s");
        assert!(keys("<b>", "<a>", "", "Re: s").contains(&parent));
        assert!(keys("<b>", "", "<x> <a>", "[a list] RE: [a list]  s").contains(&parent));
        let order: Vec<_> =
            ["b", "c", "a", "x"].iter().map(|id| ThreadKey::new(id.as_bytes(), "s")).collect();
        assert_eq!(keys("<b> <z>", "<c> <a>", "<a> <x>", "s"), order);
        assert_eq!(keys("< a\t>", "", "", "s"), [parent]);
    }

    #[test]
    fn s157_no_usable_id_has_no_key() {
        for value in ["", "a@b", "<", "<>", "< >", "<a", ">", "><", "<a@["] {
            assert!(keys(value, value, value, "s").is_empty(), "{value}");
        }
    }

    #[test]
    fn rfc_5256_base_subjects() {
        for (subject, base) in [
            ("", ""),
            ("s", "s"),
            ("Re: s", "s"),
            ("re : RE:fwd: fw:s", "s"),
            ("[a] [b] Re: [c] s", "s"),
            ("Re[2]: s", "s"),
            ("[a]", "[a]"),
            ("[a] [b]", "[b]"),
            ("s (fwd) (FWD)", "s"),
            ("[Fwd: Re: s (fwd)]", "s"),
            ("Re:", ""),
            ("a\t b", "a b"),
            ("Refer: s", "Refer: s"),
            ("re", "re"),
            ("[[a]] s", "[[a]] s"),
            ("AW: s", "AW: s"),
            ("(fwd)", ""),
            ("ß", "ß"),
            ("[fwd:]", ""),
            ("[a]s", "s"),
        ] {
            assert_eq!(base_subject(subject), base, "{subject}");
        }
        for (subject, reply) in [
            ("s", false),
            ("Re: s", true),
            ("[a] fw: s", true),
            ("s (fwd)", true),
            ("[Fwd: s]", true),
            ("[fwd: a] s]", false),
            ("[a]", false),
            ("[a] [b] s", false),
            ("[Fwd: [a] s (fwd)]", true),
            ("", false),
        ] {
            assert_eq!(split_subject(subject).1, reply, "{subject}");
        }
    }

    #[test]
    fn rfc_5256_base_subjects_follow_the_grammar() {
        // Section 5, rule by rule: subject, subj-refwd, subj-blob, subj-fwd, subj-leader,
        // subj-middle, subj-trailer, subj-base.
        for (subject, base) in [
            ("Re [x] : s", "s"),
            ("Re [x] y: s", "Re [x] y: s"),
            ("Re[a][b]: s", "Re[a][b]: s"),
            ("fwdd: s", "fwdd: s"),
            ("rere: s", "rere: s"),
            ("Re: [a]", "[a]"),
            ("[a] Re:", ""),
            ("[a] Re: [b] Fwd: [c]", "[c]"),
            ("[] s", "s"),
            ("[a] (fwd)", "[a]"),
            ("(fwd) s", "(fwd) s"),
            ("s(fwd)", "s"),
            ("s (fwd) x", "s (fwd) x"),
            ("[fwd: a] s", "s"),
            ("[fwd: a] [b]", "[b]"),
            ("[fwd: [fwd: s]]", "s"),
            ("[Fwd: [a] s]", "s"),
            ("[fwd: s] (fwd)", "s"),
            ("[fwd: s (fwd)] (fwd)", "s"),
            ("[fwd: s", "[fwd: s"),
            ("[fwd : s]", "[fwd : s]"),
            ("[a Re: s", "[a Re: s"),
            ("a] s", "a] s"),
        ] {
            assert_eq!(base_subject(subject), base, "{subject}");
            assert_eq!(base_subject(&base_subject(subject)), base, "again: {subject}");
        }
    }

    #[test]
    fn rfc_5256_ids_that_differ_only_in_quoting_are_one() {
        let plain = id_hash(b"01KF8JCEOCBS0045PS@xxx.yyy.com");
        assert_eq!(id_hash(b"\"01KF8JCEOCBS0045PS\"@xxx.yyy.com"), plain);
        assert_eq!(id_hash(b"\"01KF8JCEO\\CBS0045PS\"@xxx.yyy.com"), plain);
        for other in
            [&b"01kf8jceocbs0045ps@xxx.yyy.com"[..], b"\"01KF8JCEOCBS0045PS@xxx.yyy.com\"", b"\"", b"\"\\"]
        {
            assert_ne!(id_hash(other), plain);
        }
    }

    #[test]
    fn ids_are_capped_keeping_the_root_and_the_nearest() {
        let value: String = (0..1000).map(|number| format!("<{number}>")).collect();
        let kept = capped_ids(value.as_bytes());
        assert_eq!(kept.len(), MAX_IDS);
        assert_eq!(kept.first().map(Vec::as_slice), Some(&b"0"[..]));
        assert_eq!(kept.get(1).map(Vec::as_slice), Some(&b"901"[..]));
        assert_eq!(kept.last().map(Vec::as_slice), Some(&b"999"[..]));
        assert!(ids(&[b"<".as_slice(), &b"x".repeat(999), b">"].concat()).next().is_none());
    }

    #[test]
    fn key_format_is_pinned() {
        // printf 'a@b\0s' | sha256sum
        let key: String = ThreadKey::new(b"a@b", "s").0.iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(key, PINNED_KEY);
        let hash: String = id_hash(b"a@b").iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(hash, PINNED_HASH);
    }

    const PINNED_KEY: &str = "786a2a859c2e37cce16ad6ff360d0fea";
    const PINNED_HASH: &str = "7508d8b5018ea640";
}
