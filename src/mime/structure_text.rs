//! Body structures and envelopes as the IMAP text of a FETCH response (RFC 9051 section 9).

use super::address::Address;
use super::envelope::Envelope;
use super::structure::{BodyStructure, Parameter};

impl BodyStructure {
    /// The text of BODYSTRUCTURE, or without `extended` that of BODY.
    ///
    /// Texts are quoted where they are printable ASCII, else literals of UTF-8; NUL, which IMAP
    /// cannot send, is left out.
    pub fn to_imap(&self, extended: bool) -> String {
        let mut out = String::new();
        self.write(&mut out, extended);
        out
    }

    /// Nested calls go as deep as the structure, [`part::MAX_DEPTH`](super::part::MAX_DEPTH) for one
    /// that was read.
    fn write(&self, out: &mut String, extended: bool) {
        out.push('(');
        if self.main == "multipart" {
            for part in &self.parts {
                part.write(out, extended);
            }
            out.push(' ');
            string(out, &self.sub);
            if extended {
                out.push(' ');
                parameters(out, &self.parameters);
                self.write_extension(out);
            }
        } else {
            string(out, &self.main);
            out.push(' ');
            string(out, &self.sub);
            out.push(' ');
            parameters(out, &self.parameters);
            for text in [&self.id, &self.description] {
                out.push(' ');
                nil_or(out, text.as_deref());
            }
            out.push(' ');
            string(out, &self.encoding);
            number(out, self.size);
            if let Some((envelope, message)) = self.envelope.as_ref().zip(self.parts.first()) {
                out.push(' ');
                write_envelope(out, envelope);
                out.push(' ');
                message.write(out, extended);
            }
            if let Some(lines) = self.lines {
                number(out, lines);
            }
            if extended {
                out.push(' ');
                nil_or(out, self.md5.as_deref());
                self.write_extension(out);
            }
        }
        out.push(')');
    }

    /// Disposition, language and location.
    fn write_extension(&self, out: &mut String) {
        out.push(' ');
        match &self.disposition {
            None => out.push_str("NIL"),
            Some((kind, list)) => {
                out.push('(');
                string(out, kind);
                out.push(' ');
                parameters(out, list);
                out.push(')');
            }
        }
        out.push(' ');
        match self.language.as_slice() {
            [] => out.push_str("NIL"),
            [one] => string(out, one),
            several => {
                for (index, language) in several.iter().enumerate() {
                    out.push(if index == 0 { '(' } else { ' ' });
                    string(out, language);
                }
                out.push(')');
            }
        }
        out.push(' ');
        nil_or(out, self.location.as_deref());
    }
}

impl Envelope {
    /// The text of ENVELOPE, its texts written as [`BodyStructure::to_imap`] writes them.
    pub fn to_imap(&self) -> String {
        let mut out = String::new();
        write_envelope(&mut out, self);
        out
    }
}

fn write_envelope(out: &mut String, envelope: &Envelope) {
    out.push('(');
    nil_or(out, envelope.date.as_deref());
    out.push(' ');
    nil_or(out, envelope.subject.as_deref());
    for list in
        [&envelope.from, &envelope.sender, &envelope.reply_to, &envelope.to, &envelope.cc, &envelope.bcc]
    {
        out.push(' ');
        addresses(out, list);
    }
    for text in [&envelope.in_reply_to, &envelope.message_id] {
        out.push(' ');
        nil_or(out, text.as_deref());
    }
    out.push(')');
}

fn addresses(out: &mut String, list: &[Address]) {
    if list.is_empty() {
        out.push_str("NIL");
        return;
    }
    out.push('(');
    for address in list {
        let texts = [&address.name, &address.adl, &address.mailbox, &address.host];
        for (index, text) in texts.into_iter().enumerate() {
            out.push(if index == 0 { '(' } else { ' ' });
            nil_or(out, text.as_deref());
        }
        out.push(')');
    }
    out.push(')');
}

fn parameters(out: &mut String, list: &[Parameter]) {
    if list.is_empty() {
        out.push_str("NIL");
        return;
    }
    for (index, (name, value)) in list.iter().enumerate() {
        out.push(if index == 0 { '(' } else { ' ' });
        string(out, name);
        out.push(' ');
        string(out, value);
    }
    out.push(')');
}

fn number(out: &mut String, number: u64) {
    out.push(' ');
    out.push_str(&number.to_string());
}

fn nil_or(out: &mut String, text: Option<&str>) {
    match text {
        None => out.push_str("NIL"),
        Some(text) => string(out, text),
    }
}

fn string(out: &mut String, text: &str) {
    if text.bytes().all(|octet| octet == b'\t' || (b' '..0x7f).contains(&octet)) {
        out.push('"');
        for character in text.chars() {
            if matches!(character, '"' | '\\') {
                out.push('\\');
            }
            out.push(character);
        }
        out.push('"');
        return;
    }
    let text = text.replace('\0', "");
    out.push('{');
    out.push_str(&text.len().to_string());
    out.push_str("}\r\n");
    out.push_str(&text);
}
