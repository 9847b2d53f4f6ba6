//! BODYSTRUCTURE (RFC 9051 section 7.5.2): what a message is made of, with what each part's header
//! says. Its IMAP text is `structure_text`'s; what a reader is shown of it is `bodies`'.

use super::charset;
use super::content_type::ContentType;
use super::envelope::Envelope;
use super::header::unfold;
use super::layout::{Layout, PartLayout};
use super::mime_fields::MimeFields;
use super::parameters::{self, ParameterizedValue, Parameters};
use super::part::Kind;
use super::transfer;

/// A name and its value, not decoded.
pub type Parameter = (String, String);

/// The structure of a part; of a message, that of its one part or of its multipart.
///
/// Texts are unfolded but not decoded (see [`Parameters::text`] for that). They are UTF-8 where the
/// header is valid UTF-8, else one character per octet. `None` and empty lists stand for NIL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BodyStructure {
    /// The number of the part, as sections name it; empty for a message that is a multipart, `None`
    /// for a multipart directly inside a message/rfc822.
    pub path: Option<Vec<u32>>,
    /// The type in lower case, such as `text`.
    pub main: String,
    /// The subtype in lower case, such as `plain`.
    pub sub: String,
    /// The parameters of the type, as written, in their order.
    pub parameters: Vec<Parameter>,
    /// Content-ID, with its angle brackets.
    pub id: Option<String>,
    /// Content-Description.
    pub description: Option<String>,
    /// Content-Transfer-Encoding as spelled; `7bit` where there is none.
    pub encoding: String,
    /// The octets of the content, still encoded and without the part's own header.
    pub size: u64,
    /// The lines of the content, of text and of messages.
    pub lines: Option<u64>,
    /// Content-MD5.
    pub md5: Option<String>,
    /// Content-Disposition with its parameters.
    pub disposition: Option<(String, Vec<Parameter>)>,
    /// Content-Language.
    pub language: Vec<String>,
    /// Content-Location.
    pub location: Option<String>,
    /// The envelope of the message that a message/rfc822 part holds. Only such a part has one.
    pub envelope: Option<Box<Envelope>>,
    /// The parts of a multipart, at least one; of a message/rfc822 part the message it holds.
    pub parts: Vec<BodyStructure>,
}

impl BodyStructure {
    /// Reads the structure of a message; only the octets of the parts' headers are looked at.
    ///
    /// Always a valid structure (semantics 64 and 174): a multipart without parts has an empty
    /// text/plain one; a multipart or a message that is not taken apart (nested deeper than
    /// [`part::MAX_DEPTH`](super::part::MAX_DEPTH), or encoded) is application/octet-stream.
    pub fn read(raw: &[u8], layout: &Layout) -> BodyStructure {
        let mut read: Vec<BodyStructure> = Vec::with_capacity(layout.parts().len());
        for (part, path) in layout.parts().iter().zip(layout.paths()) {
            let parent = part.parent.and_then(|parent| read.get_mut(parent));
            let in_digest = parent.as_ref().is_some_and(|parent| parent.is("multipart", "digest"));
            let header = raw.get(part.header.clone()).unwrap_or_default();
            if let Some(parent) = parent
                && parent.main == "message"
            {
                parent.envelope = Some(Box::new(Envelope::parse(header)));
            }
            let mut structure = BodyStructure::of_header(&MimeFields::read(header), part, in_digest);
            structure.path = path;
            read.push(structure);
        }
        // Parts stand behind what holds them: taken from the end, each is whole.
        while read.len() > 1 {
            let Some(mut last) = read.pop() else { break };
            last.complete();
            let parent = layout.part(read.len()).and_then(|part| part.parent);
            if let Some(parent) = parent.and_then(|parent| read.get_mut(parent)) {
                parent.parts.push(last);
            }
        }
        let mut message = read.pop().unwrap_or_default();
        message.complete();
        message
    }

    /// Whether this is the given type; both in lower case.
    pub fn is(&self, main: &str, sub: &str) -> bool {
        self.main == main && self.sub == sub
    }

    fn of_header(fields: &MimeFields<'_>, part: &PartLayout, in_digest: bool) -> BodyStructure {
        let written = fields.content_type.map(ParameterizedValue::parse).unwrap_or_default();
        let media_type = fields.media_type_of(&written, in_digest);
        let disposition = fields.disposition.map(ParameterizedValue::parse);
        let opaque = part.kind == Kind::Leaf && is_container(&media_type);
        let (main, sub) = if opaque {
            ("application".to_owned(), "octet-stream".to_owned())
        } else {
            (media_type.main, media_type.sub)
        };
        // A type that could not be read is not the one that the parameters belong to.
        let mut parameters = if media_type.is_written { list(&written.parameters) } else { Vec::new() };
        if parameters.is_empty() && main == "text" && !media_type.is_written {
            parameters.push(("charset".to_owned(), "us-ascii".to_owned()));
        }
        let counts_lines = main == "text" || is_message(&main, &sub);
        BodyStructure {
            path: None,
            main,
            sub,
            parameters,
            id: fields.id.and_then(text),
            description: fields.description.and_then(text),
            encoding: fields
                .encoding
                .map(|value| charset::raw(transfer::encoding_name(&unfold(value))))
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| "7bit".to_owned()),
            size: part.body.len() as u64,
            lines: counts_lines.then_some(part.lines as u64),
            md5: fields.md5.and_then(text),
            disposition: disposition
                .filter(|value| !value.word.is_empty())
                .map(|value| (charset::raw(&value.word), list(&value.parameters))),
            language: fields
                .language
                .map(|value| parameters::words(value).iter().map(|word| charset::raw(word)).collect())
                .unwrap_or_default(),
            location: fields.location.and_then(text),
            envelope: None,
            parts: Vec::new(),
        }
    }

    /// Puts the parts, which came last first, in order, and makes a container without any valid.
    fn complete(&mut self) {
        self.parts.reverse();
        if self.main == "multipart" && self.parts.is_empty() {
            self.parts.push(BodyStructure {
                main: "text".to_owned(),
                sub: "plain".to_owned(),
                encoding: "7bit".to_owned(),
                lines: Some(0),
                ..BodyStructure::default()
            });
        }
        if is_message(&self.main, &self.sub) && self.envelope.is_none() {
            self.main = "application".to_owned();
            self.sub = "octet-stream".to_owned();
            self.lines = None;
        }
    }
}

fn is_container(media_type: &ContentType) -> bool {
    media_type.main == "multipart" || media_type.is_message()
}

fn is_message(main: &str, sub: &str) -> bool {
    main == "message" && matches!(sub, "rfc822" | "global")
}

/// The unfolded text of a field; an empty one is as good as none.
fn text(value: &[u8]) -> Option<String> {
    let text = charset::raw(&unfold(value));
    (!text.is_empty()).then_some(text)
}

fn list(parameters: &Parameters) -> Vec<Parameter> {
    parameters.iter().map(|(name, value)| (charset::raw(name), charset::raw(value))).collect()
}

#[cfg(test)]
#[path = "structure_tests.rs"]
mod tests;
