//! What a reader is shown of a message: its text, its HTML, its attachments (RFC 8621 section 4.1.4).
//!
//! The HTML is the sender's and **not sanitised**: it must be cleaned, or locked in a frame without
//! scripts, before it is shown. What a list shows of a message is `extract`'s.

use super::charset;
use super::content_type::ContentType;
use super::header::unfold;
use super::html;
use super::layout::{Layout, PartIndex};
use super::mime_fields::MimeFields;
use super::parameters::ParameterizedValue;
use super::part::Kind;
use super::text::to_unicode;
use super::transfer::Decoder;

/// One part as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyPart {
    /// Its place in [`Layout::parts`].
    pub index: PartIndex,
    /// Its number, as sections name it.
    pub path: Vec<u32>,
    /// The type in lower case, such as `text`.
    pub main: String,
    /// The subtype in lower case, such as `plain`.
    pub sub: String,
    /// The `charset` parameter.
    pub charset: Option<String>,
    /// The decoded `filename` of the disposition, else the decoded `name` of the type. As the sender
    /// gives it: it may hold slashes and control characters.
    pub filename: Option<String>,
    /// Content-Disposition in lower case.
    pub disposition: Option<String>,
    /// Content-ID without its angle brackets, as `cid:` addresses give it.
    pub content_id: Option<String>,
    /// Whether it belongs into the text: it says so, or it lies in a multipart/related and has a
    /// Content-ID by which the HTML can show it, and does not say that it is an attachment.
    pub inline: bool,
    /// The octets of its content as it stands.
    pub encoded_size: usize,
    /// The octets of its decoded content.
    pub size: usize,
}

impl BodyPart {
    /// Whether this is the given type; both in lower case.
    pub fn is(&self, main: &str, sub: &str) -> bool {
        self.main == main && self.sub == sub
    }

    fn is_media(&self) -> bool {
        matches!(self.main.as_str(), "image" | "audio" | "video")
    }

    /// The decoded text of a text part, line endings as line feeds.
    fn text(&self, raw: &[u8], layout: &Layout) -> String {
        let Some(part) = layout.part(self.index) else { return String::new() };
        let body = raw.get(part.body.clone()).unwrap_or_default();
        let octets = part.encoding.decode(body, usize::MAX);
        let text = to_unicode(self.charset.as_deref(), self.sub == "html", &octets);
        if text.contains("\r\n") { text.replace("\r\n", "\n") } else { text }
    }
}

/// The parts of a message, sorted by what they are for. A part can be in several lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bodies {
    /// What to show, in order, where plain text is preferred: text/plain, text/html where there is
    /// nothing plainer, and pictures, sounds and films between them.
    pub text: Vec<BodyPart>,
    /// What to show, in order, where HTML is preferred.
    pub html: Vec<BodyPart>,
    /// Everything else, and what a text without markup cannot show; messages inside the message are
    /// here, and not looked into.
    pub attachments: Vec<BodyPart>,
}

impl Bodies {
    /// Sorts the parts of a message. Total; linear in the octets, because contents are decoded once
    /// to tell their size.
    pub fn read(raw: &[u8], layout: &Layout) -> Bodies {
        let mut sorter = Sorter::of(raw, layout);
        let (mut text, mut html) = (Vec::new(), Vec::new());
        sorter.sort(&[0], "mixed", false, Some(&mut text), Some(&mut html));
        let take = |list: Vec<PartIndex>| -> Vec<BodyPart> {
            list.into_iter().filter_map(|index| sorter.parts.get(index)?.clone()).collect()
        };
        let attachments = take(std::mem::take(&mut sorter.attachments));
        Bodies { text: take(text), html: take(html), attachments }
    }

    /// The text to read, with the parts' texts one after the other and HTML as its text. Line endings
    /// are line feeds (RFC 8621 section 4.1.4).
    pub fn plain_text(&self, raw: &[u8], layout: &Layout) -> String {
        let mut joined = String::new();
        for part in self.text.iter().filter(|part| part.main == "text") {
            start_line(&mut joined);
            let text = part.text(raw, layout);
            joined.push_str(&if part.sub == "html" { html::to_text(&text) } else { text });
        }
        joined
    }

    /// The HTML to show, **not sanitised**, with the parts one after the other and plain text between
    /// them escaped; `None` where nothing of it is HTML. The charset is the part's `charset` parameter,
    /// and without one that of the HTML's own `<meta>`.
    pub fn html_text(&self, raw: &[u8], layout: &Layout) -> Option<String> {
        if !self.html.iter().any(|part| part.is("text", "html")) {
            return None;
        }
        let mut joined = String::new();
        for part in self.html.iter().filter(|part| part.main == "text") {
            start_line(&mut joined);
            let text = part.text(raw, layout);
            if part.sub == "html" {
                joined.push_str(&text);
            } else {
                joined.push_str("<pre>");
                joined.push_str(&text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
                joined.push_str("</pre>");
            }
        }
        Some(joined)
    }

    /// The part with this Content-ID, with or without angle brackets: what a `cid:` address in the
    /// HTML stands for once its percent-encoding is undone (RFC 2392).
    pub fn by_content_id(&self, id: &str) -> Option<&BodyPart> {
        let id = strip_brackets(id);
        let mut all = self.attachments.iter().chain(&self.html).chain(&self.text);
        all.find(|part| part.content_id.as_deref() == Some(id))
    }
}

/// The state of the algorithm of RFC 8621 section 4.1.4.
struct Sorter {
    /// Of each part its own description; `None` for multiparts and what is inside messages.
    parts: Vec<Option<BodyPart>>,
    /// Of each multipart its subtype and its parts.
    multiparts: Vec<Option<(String, Vec<PartIndex>)>>,
    attachments: Vec<PartIndex>,
}

impl Sorter {
    fn of(raw: &[u8], layout: &Layout) -> Sorter {
        let count = layout.parts().len();
        let mut sorter = Sorter {
            parts: Vec::with_capacity(count),
            multiparts: Vec::with_capacity(count),
            attachments: Vec::new(),
        };
        for ((index, part), path) in layout.parts().iter().enumerate().zip(layout.paths()) {
            let parent = part.parent.map(|parent| sorter.multiparts.get_mut(parent));
            let (in_digest, in_related) = match parent {
                None => (false, false),
                Some(Some(Some((sub, held)))) => {
                    held.push(index);
                    (sub == "digest", sub == "related")
                }
                Some(_) => {
                    // Inside a message inside the message.
                    sorter.parts.push(None);
                    sorter.multiparts.push(None);
                    continue;
                }
            };
            let fields = MimeFields::read(raw.get(part.header.clone()).unwrap_or_default());
            let written = fields.content_type.map(ParameterizedValue::parse).unwrap_or_default();
            let media_type = fields.media_type_of(&written, in_digest);
            if part.kind == Kind::Multipart {
                sorter.parts.push(None);
                sorter.multiparts.push(Some((media_type.sub, Vec::new())));
                continue;
            }
            let body = raw.get(part.body.clone()).unwrap_or_default();
            let mut read = describe(&fields, &written, media_type, in_related);
            read.index = index;
            read.path = path.unwrap_or_default();
            read.encoded_size = part.body.len();
            read.size = Decoder::count(part.encoding, body);
            sorter.parts.push(Some(read));
            sorter.multiparts.push(None);
        }
        sorter
    }

    /// Sorts the parts of one multipart; calls itself no deeper than parts are nested
    /// ([`part::MAX_DEPTH`](super::part::MAX_DEPTH)).
    fn sort(
        &mut self,
        held: &[PartIndex],
        subtype: &str,
        in_alternative: bool,
        mut text: Option<&mut Vec<PartIndex>>,
        mut html: Option<&mut Vec<PartIndex>>,
    ) {
        let before = (text.as_ref().map(|list| list.len()), html.as_ref().map(|list| list.len()));
        for (place, &index) in held.iter().enumerate() {
            if let Some((inner, parts)) = self.multiparts.get_mut(index).and_then(Option::take) {
                let in_alternative = in_alternative || inner == "alternative";
                self.sort(&parts, &inner, in_alternative, text.as_deref_mut(), html.as_deref_mut());
                continue;
            }
            let Some(Some(part)) = self.parts.get(index) else { continue };
            let (is_plain, is_html, is_media) =
                (part.is("text", "plain"), part.is("text", "html"), part.is_media());
            let is_shown = part.disposition.as_deref() != Some("attachment")
                && (is_plain || is_html || is_media)
                && (place == 0 || (subtype != "related" && (is_media || part.filename.is_none())));
            if !is_shown {
                self.attachments.push(index);
                continue;
            }
            if subtype == "alternative" {
                let list = match (is_plain, is_html) {
                    (true, _) => text.as_deref_mut(),
                    (_, true) => html.as_deref_mut(),
                    _ => Some(&mut self.attachments),
                };
                list.into_iter().for_each(|list| list.push(index));
                continue;
            }
            if in_alternative {
                if is_plain {
                    html = None;
                }
                if is_html {
                    text = None;
                }
            }
            let everywhere = text.is_some() && html.is_some();
            for list in [text.as_deref_mut(), html.as_deref_mut()].into_iter().flatten() {
                list.push(index);
            }
            if !everywhere && is_media {
                self.attachments.push(index);
            }
        }
        // An alternative in one form only is shown in both.
        if subtype == "alternative"
            && let (Some(text), Some(html), (Some(texts), Some(htmls))) = (text, html, before)
        {
            if text.len() == texts && html.len() != htmls {
                text.extend_from_slice(html.get(htmls..).unwrap_or_default());
            } else if html.len() == htmls && text.len() != texts {
                html.extend_from_slice(text.get(texts..).unwrap_or_default());
            }
        }
    }
}

/// What a part's header says of it; place and sizes are the caller's.
fn describe(
    fields: &MimeFields<'_>,
    written: &ParameterizedValue,
    media_type: ContentType,
    in_related: bool,
) -> BodyPart {
    let disposed = fields.disposition.map(ParameterizedValue::parse).unwrap_or_default();
    let disposition = charset::raw(&disposed.word).to_ascii_lowercase();
    let content_id = fields.id.map(|value| charset::raw(&unfold(value)));
    let content_id = content_id.map(|id| strip_brackets(&id).to_owned()).filter(|id| !id.is_empty());
    let named = |name: Option<String>| name.filter(|name| !name.trim().is_empty());
    let filename =
        named(disposed.parameters.text("filename")).or_else(|| named(written.parameters.text("name")));
    // A multipart that is nested too deep to be taken apart is a file to the reader.
    let opaque = media_type.main == "multipart";
    BodyPart {
        index: 0,
        path: Vec::new(),
        main: if opaque { "application".to_owned() } else { media_type.main },
        sub: if opaque { "octet-stream".to_owned() } else { media_type.sub },
        charset: media_type.charset,
        filename,
        inline: disposition == "inline"
            || (in_related && content_id.is_some() && disposition != "attachment"),
        disposition: (!disposition.is_empty()).then_some(disposition),
        content_id,
        encoded_size: 0,
        size: 0,
    }
}

fn strip_brackets(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id)
}

fn start_line(joined: &mut String) {
    if !joined.is_empty() && !joined.ends_with('\n') {
        joined.push('\n');
    }
}

#[cfg(test)]
#[path = "bodies_tests.rs"]
mod tests;
