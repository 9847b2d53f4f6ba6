//! FETCH of more than metadata: reads of each message no more than the items need, in small batches,
//! and opens single parts. What can be asked for is `fetch_items`'; how mail is read is `mime`'s.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use super::{BaseSession, FetchItems, FetchOptions, FetchResult, MessageItems, SectionContent};
use crate::backend::{Look, MailboxData, Wanted, header_octets};
use crate::mime::bodies::BodyPart;
use crate::mime::encoded_word::decode_header_text;
use crate::mime::header;
use crate::mime::section::{Item, Section, SectionText};
use crate::mime::{Bodies, BodyStructure, Decoder, Encoding, Envelope, Layout, RowFields};
use crate::model::{
    Error, ErrorCode, Generations, MailboxId, Message, Result, SequenceSet, Uid, Value, sorting,
};
use crate::platform::Turn;
use crate::view::SelectedMailbox;

/// How many list rows are read at once.
const ROWS: usize = 1024;

/// How many messages, and about how many octets of them, are read at once.
const BATCH: usize = 64;
const BATCH_OCTETS: u64 = 8 << 20;

/// The encoded octets that a [`PartReader`] takes at a time.
const PIECE: usize = 128 << 10;

/// Octets of layouts that a session keeps.
const LAYOUT_OCTETS: usize = 512 << 10;

impl BaseSession {
    /// FETCH with all its items: as [`fetch_messages`](Self::fetch_messages), and `each` is given
    /// every message of the answer in turn, with its sequence number and what was asked of it.
    ///
    /// Of messages that are gone, what is still known is told (semantics 97); items whose content
    /// is gone are absent. So are those of live messages that are damaged where they are stored, which
    /// say so: they keep nobody from the others. Contents are read a few at a time, and of contents that lie outside this
    /// memory only what the items need is taken in.
    ///
    /// Fails as `fetch_messages` does, and with `UNKNOWN_CTE` where a BINARY item meets an unknown
    /// encoding. The view then counts nothing as
    /// told; `\Seen`, which is set before anything is read, stays set.
    pub async fn fetch(
        &self,
        selected: &mut SelectedMailbox,
        set: &SequenceSet,
        options: &FetchOptions,
        items: &FetchItems,
        each: &mut dyn FnMut(u32, &Message, MessageItems),
    ) -> Result<FetchResult> {
        let before = selected.told();
        let wanted = Wanted { rows: items.needs_row(), contents: items.needs_content(), ..Wanted::default() };
        let fetched = self.fetch_from(selected, set, options, wanted).await?;
        let messages = &fetched.result.messages;
        // Without a mailbox it was deleted, and nothing is answered but that.
        let Some(mailbox) = &fetched.mailbox else { return Ok(fetched.result) };
        match self.read_items(selected.mailbox_id(), mailbox.as_ref(), messages, items, each).await {
            Ok(()) => Ok(fetched.result),
            Err(error) => {
                // Nobody gets the updates of an answer that is none.
                selected.untell(before);
                Err(error)
            }
        }
    }

    async fn read_items(
        &self,
        mailbox_id: &MailboxId,
        mailbox: &dyn MailboxData,
        messages: &[(u32, Message)],
        items: &FetchItems,
        each: &mut dyn FnMut(u32, &Message, MessageItems),
    ) -> Result<()> {
        let mut turn = Turn::begin();
        let mut rest = messages;
        while !rest.is_empty() {
            let size = if items.needs_content() { batch_of(rest) } else { ROWS };
            let (batch, after) = rest.split_at_checked(size).unwrap_or((rest, &[]));
            rest = after;
            let uids: Vec<Uid> = batch.iter().map(|(_, message)| message.uid).collect();
            let of = |needed: bool| if needed { &uids[..] } else { &[] };
            let read = async {
                futures::try_join!(
                    mailbox.list_rows(of(items.needs_row()), RowFields::ALL),
                    mailbox.content(of(items.needs_content())),
                )
            };
            let (rows, contents) = match read.await {
                // Deleted just now: the next call says so.
                Err(error)
                    if error.code() == ErrorCode::Closed
                        && self.mailbox_set.get_mailbox_by_id(mailbox_id).await?.is_none() =>
                {
                    Default::default()
                }
                read => read?,
            };
            let contents = contents.into_iter().chain(std::iter::repeat(None));
            let rows = rows.into_iter().chain(std::iter::repeat(None));
            let mut state = None;
            for ((row, content), (seq, message)) in rows.zip(contents).zip(batch) {
                let mut found = MessageItems { row, damaged: message.damaged, ..MessageItems::default() };
                let is_lacking = (items.needs_row() && found.row.is_none())
                    || (items.needs_content() && content.is_none());
                if is_lacking && !message.expunged {
                    if state.is_none() {
                        state = Some(mailbox.state().await?);
                    }
                    // Unless it went just now.
                    let state = state.as_ref().and_then(Option::as_ref);
                    found.damaged |= state.is_some_and(|state| state.get(message.uid).is_some());
                }
                if let Some(content) = content {
                    turn.pass().await;
                    self.layouts.read((mailbox_id, message.uid), content, items, &mut found)?;
                }
                each(*seq, message, found);
            }
        }
        Ok(())
    }

    /// Opens one part of a message, by its number as BODYSTRUCTURE tells it, for its content
    /// without transfer encoding. Works whatever became of the view through which the message was
    /// seen. `None` where the message has no such part.
    ///
    /// Fails with `NOT_FOUND` where the message or its mailbox is gone, with `CORRUPT` where its content
    /// is damaged, with `UNKNOWN_CTE`, and with `INVALID_ARGUMENT` for an empty path.
    pub async fn open_part(
        &self,
        mailbox_id: &MailboxId,
        uid: Uid,
        path: Vec<u32>,
    ) -> Result<Option<PartReader>> {
        if path.is_empty() {
            return Err(Error::invalid("the number of a part is empty"));
        }
        self.run(async {
            let gone = || Error::new(ErrorCode::NotFound, "the message is gone");
            let wanted = Wanted { state: true, uids: &[uid], contents: true, ..Wanted::default() };
            let mailbox =
                self.mailbox_set.open_mailbox(mailbox_id, Look::Now(wanted)).await?.ok_or_else(gone)?;
            let content = content_of(mailbox.as_ref(), uid).await?.ok_or_else(gone)?;
            let section = Section { item: Item::Binary, ..Section::new(path, SectionText::Whole) };
            let layout = self.layouts.layout((mailbox_id, uid), &content);
            let part = layout.find(&section.path).and_then(|index| layout.part(index));
            let Some((part, range)) = part.zip(layout.range(&section)) else { return Ok(None) };
            if part.encoding == Encoding::Unknown {
                return Err(unknown_encoding());
            }
            Ok(Some(PartReader::new(content.slice(range), part.encoding)))
        })
        .await
    }
}

/// The octets of a message; `None` also where its mailbox ended while it was looked for.
async fn content_of(mailbox: &dyn MailboxData, uid: Uid) -> Result<Option<Value>> {
    let content = match mailbox.content(&[uid]).await {
        Err(error) if error.code() == ErrorCode::Closed => return Ok(None),
        contents => contents?.into_iter().next().flatten(),
    };
    if content.is_none() && mailbox.state().await?.is_some_and(|state| state.get(uid).is_some()) {
        return Err(Error::corrupt(format!("what is stored of message {uid} is damaged")));
    }
    Ok(content)
}

fn unknown_encoding() -> Error {
    Error::new(
        ErrorCode::UnknownCte,
        "the content transfer encoding of this part is not known; the section BODY gives its octets as they stand",
    )
}

/// How many of these messages make a batch.
fn batch_of(messages: &[(u32, Message)]) -> usize {
    let mut octets = 0u64;
    let fits = |(_, message): &&(u32, Message)| {
        octets = octets.saturating_add(message.size);
        octets <= BATCH_OCTETS
    };
    messages.iter().take(BATCH).take_while(fits).count().max(1)
}

/// The content of a part, decoded as it is read, so that never all of it has to be in memory.
pub struct PartReader {
    octets: Value,
    at: usize,
    /// `None` where the octets stand as they are, and after the end.
    decoder: Option<Decoder>,
    encoding: Encoding,
}

impl PartReader {
    fn new(octets: Value, encoding: Encoding) -> PartReader {
        let decoder = (encoding != Encoding::Identity).then(|| Decoder::new(encoding));
        PartReader { octets, at: 0, decoder, encoding }
    }

    /// The whole content, where it needs no decoding.
    pub fn as_it_stands(&self) -> Option<&Value> {
        (self.encoding == Encoding::Identity).then_some(&self.octets)
    }

    /// The content has no more octets than this.
    pub fn at_most(&self) -> usize {
        match self.encoding {
            Encoding::Base64 => self.octets.len() / 4 * 3 + 3,
            _ => self.octets.len(),
        }
    }

    /// The next octets, never none, out of 128 KiB of encoded ones or more; `None` after the last.
    pub fn next_piece(&mut self) -> Option<Value> {
        while self.at < self.octets.len() {
            let piece = self.octets.slice(self.at..self.at.saturating_add(PIECE));
            self.at += piece.len();
            let Some(decoder) = &mut self.decoder else { return Some(piece) };
            let decoded = piece.with(|octets| decoder.push(octets));
            if !decoded.is_empty() {
                return Some(Value::from(decoded));
            }
        }
        let last = self.decoder.take()?.finish();
        (!last.is_empty()).then(|| Value::from(last))
    }
}

/// Where the parts of messages lie, of those whose contents were looked at lately: opening an
/// attachment of a message that was shown parses nothing again. In the encoded form (semantics 178),
/// as a message of its octets stays for ever under its UID.
pub(super) struct Layouts {
    kept: RefCell<KeptLayouts>,
}

impl Default for Layouts {
    fn default() -> Self {
        Layouts { kept: RefCell::new(Generations::new(LAYOUT_OCTETS)) }
    }
}

type Place<'a> = (&'a MailboxId, Uid);
type KeptLayouts = Generations<(MailboxId, Uid), Rc<[u8]>>;

impl Layouts {
    fn kept(&self, (mailbox_id, uid): Place<'_>, content: &Value) -> Option<Layout> {
        let encoded = self.kept.borrow_mut().get(&(mailbox_id.clone(), uid))?;
        Layout::decode(&encoded).filter(|layout| layout.size() == content.len())
    }

    fn parse(&self, (mailbox_id, uid): Place<'_>, raw: &[u8]) -> Layout {
        let layout = Layout::parse(raw);
        let encoded = layout.encode();
        let weight = encoded.len() + 96;
        self.kept.borrow_mut().insert((mailbox_id.clone(), uid), encoded.into(), weight);
        layout
    }

    fn layout(&self, place: Place<'_>, content: &Value) -> Layout {
        self.kept(place, content).unwrap_or_else(|| content.with(|raw| self.parse(place, raw)))
    }

    /// Fills in what is asked of a message out of its content.
    fn read(
        &self,
        place: Place<'_>,
        content: Value,
        items: &FetchItems,
        found: &mut MessageItems,
    ) -> Result<()> {
        if items.needs_whole() {
            content.with(|raw| {
                let layout = self.kept(place, &content).unwrap_or_else(|| self.parse(place, raw));
                read_whole(raw, &layout, items, found);
            });
        }
        if items.needs_header() {
            let header = header_octets(&content);
            found.raw_envelope = items.raw_envelope.then(|| Envelope::parse(&header));
            found.headers = (!items.headers.is_empty()).then(|| named_fields(&header, &items.headers));
        }
        if !items.sections.is_empty() {
            found.sections = Some(self.sections(place, &content, &items.sections)?);
        }
        found.source = items.source.then_some(content);
        Ok(())
    }

    fn sections(
        &self,
        place: Place<'_>,
        content: &Value,
        sections: &[Section],
    ) -> Result<Vec<SectionContent>> {
        let (mut layout, mut own) = (None, None);
        let read = |section: &Section| {
            let needs_parts = !section.path.is_empty() || !matches!(section.item, Item::Body | Item::Rfc822);
            if needs_parts {
                return read_section(
                    content,
                    section,
                    layout.get_or_insert_with(|| self.layout(place, content)),
                );
            }
            // What is the message's own needs no look at its parts.
            if section.text == SectionText::Whole {
                return Ok(SectionContent::Octets(partial(content, section)));
            }
            let (header, layout) = own.get_or_insert_with(|| {
                let header = header_octets(content);
                let layout = Layout::parse(&header);
                (header, layout)
            });
            if section.text == SectionText::Text {
                let text = content.slice(header.len()..usize::MAX);
                return Ok(SectionContent::Octets(partial(&text, section)));
            }
            Ok(octets_or_missing(section.read(header, layout)?))
        };
        sections.iter().map(read).collect()
    }
}

fn partial(octets: &Value, section: &Section) -> Value {
    let Some((first, count)) = section.partial else { return octets.clone() };
    let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    octets.slice(place(first)..place(first.saturating_add(count)))
}

fn read_section(content: &Value, section: &Section, layout: &Layout) -> Result<SectionContent> {
    let Some(range) = layout.range(section) else { return Ok(SectionContent::Missing) };
    let slice = content.slice(range);
    if section.item == Item::BinarySize {
        let size = slice.with(|octets| section.binary_size(octets, layout))?;
        return Ok(size.map_or(SectionContent::Missing, SectionContent::Size));
    }
    let encoding = layout.find(&section.path).and_then(|index| layout.part(index)).map(|part| part.encoding);
    let stands = section.item != Item::Binary || encoding == Some(Encoding::Identity);
    if stands && !matches!(section.text, SectionText::HeaderFields { .. }) {
        return Ok(SectionContent::Octets(slice));
    }
    slice.with(|octets| Ok(octets_or_missing(section.read_slice(octets, layout)?)))
}

fn octets_or_missing(octets: Option<Cow<'_, [u8]>>) -> SectionContent {
    octets.map_or(SectionContent::Missing, |octets| SectionContent::Octets(Value::from(octets.into_owned())))
}

fn read_whole(raw: &[u8], layout: &Layout, items: &FetchItems, found: &mut MessageItems) {
    found.body_structure = items.body_structure.then(|| BodyStructure::read(raw, layout));
    if items.text || items.html || items.attachments {
        let bodies = Bodies::read(raw, layout);
        found.text = items.text.then(|| bodies.plain_text(raw, layout));
        found.html = if items.html { bodies.html_text(raw, layout) } else { None };
        found.attachments = items.attachments.then(|| files(bodies));
    }
}

/// What is not in the text: attachments, and what is shown between the texts.
fn files(bodies: Bodies) -> Vec<BodyPart> {
    let mut files = bodies.attachments;
    files.extend(bodies.html.into_iter().chain(bodies.text).filter(|part| part.main != "text"));
    sorting::sort_by_key(&mut files, |part| part.index);
    files.dedup_by_key(|part| part.index);
    files
}

fn named_fields(header: &[u8], names: &[String]) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::with_capacity(names.len());
    for name in names {
        let name = name.to_ascii_lowercase();
        if !found.iter().any(|(known, _)| *known == name) {
            let values = header::values(header, &name).map(decode_header_text).collect();
            found.push((name, values));
        }
    }
    found
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
