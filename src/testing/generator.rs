//! A seeded generator of realistic mail: sizes, languages, threads, parts and
//! addresses as mailboxes have them. The same seed gives the same octets on
//! every platform. Not here: anything of storage.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::random::Random;
use super::vocabulary::{LANGUAGES, Language, PEOPLE};
use crate::model::{AppendMessage, Flags, SystemFlags, Value, ZonedTime};

/// What the generated mail is like.
#[derive(Debug, Clone)]
pub struct GeneratorOptions {
    /// The same seed gives the same mail.
    pub seed: u64,
    /// The size, in octets, that half of the messages stay under.
    pub median_size: u32,
    /// No message is much larger than this many octets.
    pub max_size: u32,
    /// Of 100 messages, how many answer an earlier one.
    pub replies: u32,
    /// The first message's INTERNALDATE, in milliseconds since 1970 UTC.
    pub start_ms: i64,
}

impl Default for GeneratorOptions {
    fn default() -> Self {
        GeneratorOptions {
            seed: 1,
            median_size: 6 * 1024,
            max_size: 4 * 1024 * 1024,
            replies: 45,
            start_ms: 1_577_836_800_000,
        }
    }
}

/// One generated message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedMessage {
    /// Its octets, with CRLF line ends.
    pub raw: Vec<u8>,
    /// Its flags.
    pub flags: Flags,
    /// When it arrived; later than the message before.
    pub internal_date: ZonedTime,
}

impl From<GeneratedMessage> for AppendMessage {
    fn from(message: GeneratedMessage) -> Self {
        AppendMessage {
            raw: Value::from(message.raw),
            flags: message.flags,
            internal_date: Some(message.internal_date),
        }
    }
}

/// What a later message needs to answer this one.
#[derive(Debug, Clone)]
struct Sent {
    message_id: String,
    subject: String,
    references: Vec<String>,
    language: usize,
    author: usize,
}

/// An endless, deterministic supply of mail.
#[derive(Debug, Clone)]
pub struct Generator {
    options: GeneratorOptions,
    random: Random,
    recent: Vec<Sent>,
    now_ms: i64,
    count: u64,
}

/// How many of the last messages can still be answered.
const ANSWERABLE: usize = 64;
/// References beyond this many lose their second one, as mail programs do.
const MAX_REFERENCES: usize = 12;
/// Lognormal with this sigma has a mean of five times its median.
const SIGMA: f64 = 1.794;

impl Generator {
    /// A generator at its beginning.
    pub fn new(options: GeneratorOptions) -> Self {
        let random = Random::new(options.seed);
        let now_ms = options.start_ms;
        Generator { options, random, recent: Vec::new(), now_ms, count: 0 }
    }

    /// The next message.
    pub fn next_message(&mut self) -> GeneratedMessage {
        self.count += 1;
        self.now_ms += i64::from(self.random.below(3_600_000)) + 1000;
        let zone_minutes = self.random.pick(&[0, 60, 120, -300, -480, 330, 540]).copied().unwrap_or(0);
        let internal_date = ZonedTime { timestamp_ms: self.now_ms, zone_minutes };

        let answered = self.answered_message();
        let language_index = match &answered {
            Some(parent) => parent.language,
            // English leads, as in most mailboxes; the others share the rest.
            None if self.random.chance(50) => 0,
            None => self.random.index(LANGUAGES.len()),
        };
        let language = LANGUAGES.get(language_index).unwrap_or(&LANGUAGES[0]);
        let author = self.random.index(PEOPLE.len());
        let message_id = format!("<{:016x}.{}@{}>", self.random.bits(), self.count, self.host(author));
        let subject = match &answered {
            Some(parent) if parent.subject.starts_with("Re: ") => parent.subject.clone(),
            Some(parent) => format!("Re: {}", parent.subject),
            None => {
                let words = 2 + self.random.below(6);
                capitalised(&self.words(language, words as usize))
            }
        };
        let mut references = Vec::new();
        if let Some(parent) = &answered {
            references = parent.references.clone();
            references.push(parent.message_id.clone());
            if references.len() > MAX_REFERENCES {
                references.remove(1);
            }
        }

        let mut raw = String::with_capacity(2048);
        self.trace_headers(&mut raw, author, internal_date);
        header(&mut raw, "From", &self.address(author));
        let recipients = 1 + self.random.below(3) as usize;
        let to = match &answered {
            Some(parent) => self.address(parent.author),
            None => self.addresses(recipients),
        };
        header(&mut raw, "To", &to);
        if self.random.chance(15) {
            let copied = 1 + self.random.below(4) as usize;
            let cc = self.addresses(copied);
            header(&mut raw, "Cc", &cc);
        }
        header(&mut raw, "Subject", &encoded(&subject));
        header(&mut raw, "Date", &rfc5322_date(internal_date));
        header(&mut raw, "Message-ID", &message_id);
        if let Some(parent) = &answered {
            header(&mut raw, "In-Reply-To", &parent.message_id);
            header(&mut raw, "References", &references.join("\r\n "));
        }
        header(&mut raw, "MIME-Version", "1.0");
        let size = self.size();
        self.body(&mut raw, language, size);

        self.recent.push(Sent { message_id, subject, references, language: language_index, author });
        if self.recent.len() > ANSWERABLE {
            let dropped = self.random.index(self.recent.len());
            self.recent.swap_remove(dropped);
        }
        GeneratedMessage { raw: raw.into_bytes(), flags: self.flags(), internal_date }
    }

    fn answered_message(&mut self) -> Option<Sent> {
        if !self.random.chance(self.options.replies) {
            return None;
        }
        let index = self.random.index(self.recent.len());
        self.recent.get(index).cloned()
    }

    fn flags(&mut self) -> Flags {
        let mut flags = Flags::new();
        for (chance, flag) in [
            (80, SystemFlags::SEEN),
            (15, SystemFlags::ANSWERED),
            (5, SystemFlags::FLAGGED),
            (1, SystemFlags::DELETED),
        ] {
            if self.random.chance(chance) {
                flags = flags.with(flag);
            }
        }
        if self.random.chance(4) {
            flags.insert_keyword("$Forwarded");
        }
        flags
    }

    fn size(&mut self) -> usize {
        let factor = self.random.lognormal(SIGMA);
        let size = f64::from(self.options.median_size) * factor;
        size.clamp(300.0, f64::from(self.options.max_size.max(300))) as usize
    }

    fn host(&self, person: usize) -> &'static str {
        let address = PEOPLE.get(person).map_or("", |person| person.1);
        address.split('@').nth(1).unwrap_or("example.org")
    }

    fn address(&self, person: usize) -> String {
        let (name, address) = PEOPLE.get(person).copied().unwrap_or(("", "nobody@example.org"));
        format!("{} <{address}>", encoded(name))
    }

    fn addresses(&mut self, count: usize) -> String {
        let people: Vec<String> = (0..count)
            .map(|_| {
                let person = self.random.index(PEOPLE.len());
                self.address(person)
            })
            .collect();
        people.join(",\r\n ")
    }

    fn trace_headers(&mut self, raw: &mut String, author: usize, date: ZonedTime) {
        for hop in 0..1 + self.random.below(3) {
            let id = self.random.bits();
            header(
                raw,
                "Received",
                &format!(
                    "from relay{hop}.{} (relay{hop}.{} [192.0.2.{}])\r\n by mx.example.org with ESMTPS id {id:x};\r\n {}",
                    self.host(author),
                    self.host(author),
                    id % 250 + 1,
                    rfc5322_date(date),
                ),
            );
        }
    }

    /// The content headers and the body, about `size` octets in all.
    fn body(&mut self, raw: &mut String, language: &Language, size: usize) {
        let size = size.saturating_sub(raw.len()).max(40);
        let text_size = if size > 24 * 1024 { 1500 + self.random.below(6000) as usize } else { size };
        if size > 24 * 1024 {
            let boundary = format!("=_{:016x}", self.random.bits());
            header(raw, "Content-Type", &format!("multipart/mixed;\r\n boundary=\"{boundary}\""));
            raw.push_str("\r\n");
            boundary_line(raw, &boundary, "");
            self.text(raw, language, text_size);
            let attachments = 1 + self.random.below(3) as usize;
            for number in 0..attachments {
                boundary_line(raw, &boundary, "");
                self.attachment(raw, language, number, size.saturating_sub(text_size) / attachments);
            }
            boundary_line(raw, &boundary, "--");
        } else if self.random.chance(35) {
            let boundary = format!("=_{:016x}", self.random.bits());
            header(raw, "Content-Type", &format!("multipart/alternative;\r\n boundary=\"{boundary}\""));
            raw.push_str("\r\n");
            boundary_line(raw, &boundary, "");
            let plain = self.paragraphs(language, text_size / 4);
            self.text_part(raw, "plain", &plain);
            boundary_line(raw, &boundary, "");
            let html = self.html(language, text_size * 3 / 4);
            self.text_part(raw, "html", &html);
            boundary_line(raw, &boundary, "--");
        } else {
            self.text(raw, language, text_size);
        }
    }

    fn text(&mut self, raw: &mut String, language: &Language, size: usize) {
        let text = self.paragraphs(language, size);
        self.text_part(raw, "plain", &text);
    }

    fn text_part(&mut self, raw: &mut String, subtype: &str, text: &str) {
        header(raw, "Content-Type", &format!("text/{subtype}; charset=utf-8"));
        let beyond_ascii = text.bytes().filter(|byte| !byte.is_ascii()).count();
        let encoding = match self.random.below(3) {
            _ if beyond_ascii == 0 => "7bit",
            0 => "8bit",
            // As mail programs do: where it would grow too much, base64 is shorter.
            _ if beyond_ascii < text.len() / 6 => "quoted-printable",
            _ => "base64",
        };
        header(raw, "Content-Transfer-Encoding", encoding);
        raw.push_str("\r\n");
        match encoding {
            "quoted-printable" => quoted_printable(raw, text),
            "base64" => base64_lines(raw, text.as_bytes()),
            _ => raw.push_str(text),
        }
        if !raw.ends_with("\r\n") {
            raw.push_str("\r\n");
        }
    }

    fn attachment(&mut self, raw: &mut String, language: &Language, number: usize, size: usize) {
        let kinds = [("application/pdf", "pdf"), ("image/jpeg", "jpg"), ("application/zip", "zip")];
        let (kind, extension) = self.random.pick(&kinds).copied().unwrap_or(kinds[0]);
        let name = self.words(language, 1);
        header(raw, "Content-Type", kind);
        let file = format!("{name}-{number}.{extension}");
        if file.is_ascii() {
            header(raw, "Content-Disposition", &format!("attachment; filename=\"{file}\""));
        } else {
            let escaped: String = file.bytes().map(|byte| format!("%{byte:02X}")).collect();
            header(raw, "Content-Disposition", &format!("attachment;\r\n filename*=utf-8''{escaped}"));
        }
        header(raw, "Content-Transfer-Encoding", "base64");
        raw.push_str("\r\n");
        // Four octets of text, CRLF included, carry nearly three of content.
        let mut bytes = vec![0; size * 57 / 78];
        self.random.fill(&mut bytes);
        base64_lines(raw, &bytes);
    }

    /// Text of about `size` octets, in paragraphs of short lines.
    fn paragraphs(&mut self, language: &Language, size: usize) -> String {
        let mut text = String::with_capacity(size + 128);
        while text.len() < size {
            for _ in 0..1 + self.random.below(5) {
                let words = 6 + self.random.below(6) as usize;
                let line = self.words(language, words);
                text.push_str(&capitalised(&line));
                text.push_str(".\r\n");
                if text.len() >= size {
                    return text;
                }
            }
            text.push_str("\r\n");
        }
        text
    }

    fn html(&mut self, language: &Language, size: usize) -> String {
        let mut html =
            String::from("<!DOCTYPE html>\r\n<html><head><style>p { margin: 1em }</style></head><body>\r\n");
        while html.len() < size {
            let words = 8 + self.random.below(12) as usize;
            let line = self.words(language, words);
            html.push_str("<p style=\"font-family: sans-serif\">");
            html.push_str(&capitalised(&line));
            html.push_str("</p>\r\n");
        }
        html.push_str("</body></html>\r\n");
        html
    }

    fn words(&mut self, language: &Language, count: usize) -> String {
        let mut text = String::new();
        for index in 0..count {
            if index > 0 {
                text.push_str(language.separator);
            }
            let rank = self.random.zipf(VOCABULARY);
            match language.words.get(rank as usize) {
                Some(word) => text.push_str(word),
                None => rare_word(&mut text, language, rank),
            }
        }
        text
    }
}

impl Iterator for Generator {
    type Item = GeneratedMessage;

    fn next(&mut self) -> Option<GeneratedMessage> {
        Some(self.next_message())
    }
}

/// Words of one language, common and rare.
const VOCABULARY: u32 = 20_000;

/// The word of a rank beyond the list: always the same syllables for the same rank.
fn rare_word(text: &mut String, language: &Language, rank: u32) {
    let mut random = Random::new(u64::from(rank));
    for _ in 0..2 + random.below(3) {
        text.push_str(random.pick(language.syllables).copied().unwrap_or("la"));
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

fn header(raw: &mut String, name: &str, value: &str) {
    raw.push_str(name);
    raw.push_str(": ");
    raw.push_str(value);
    raw.push_str("\r\n");
}

fn boundary_line(raw: &mut String, boundary: &str, end: &str) {
    raw.push_str("--");
    raw.push_str(boundary);
    raw.push_str(end);
    raw.push_str("\r\n");
}

/// A header text: as it is where ASCII, in encoded words (RFC 2047) where not.
fn encoded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut chunk = String::new();
    for character in text.chars() {
        // An encoded word holds at most 75 octets: 45 of content.
        if chunk.len() + character.len_utf8() > 42 {
            words.push(std::mem::take(&mut chunk));
        }
        chunk.push(character);
    }
    words.push(chunk);
    let words: Vec<String> =
        words.iter().map(|word| format!("=?utf-8?B?{}?=", STANDARD.encode(word))).collect();
    words.join("\r\n ")
}

fn base64_lines(raw: &mut String, bytes: &[u8]) {
    raw.reserve(bytes.len() / 57 * 78 + 80);
    for line in bytes.chunks(57) {
        STANDARD.encode_string(line, raw);
        raw.push_str("\r\n");
    }
}

fn quoted_printable(raw: &mut String, text: &str) {
    for line in text.split("\r\n") {
        let mut width = 0;
        for byte in line.bytes() {
            let plain = matches!(byte, b' '..=b'~') && byte != b'=';
            if width + if plain { 1 } else { 3 } > 75 {
                raw.push_str("=\r\n");
                width = 0;
            }
            if plain {
                raw.push(char::from(byte));
                width += 1;
            } else {
                for digit in [b'=', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]] {
                    raw.push(char::from(digit));
                }
                width += 3;
            }
        }
        raw.push_str("\r\n");
    }
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// `Thu, 1 Jan 1970 01:00:00 +0100` (RFC 5322 section 3.3).
fn rfc5322_date(time: ZonedTime) -> String {
    let local = time.timestamp_ms.div_euclid(1000) + i64::from(time.zone_minutes) * 60;
    let (days, seconds) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    let (year, month, day) = civil_from_days(days);
    let names = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let sign = if time.zone_minutes < 0 { '-' } else { '+' };
    let zone = time.zone_minutes.unsigned_abs();
    format!(
        "{}, {day} {} {year} {:02}:{:02}:{:02} {sign}{:02}{:02}",
        names.get(days.rem_euclid(7) as usize).unwrap_or(&"Thu"),
        months.get(month as usize - 1).unwrap_or(&"Jan"),
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        zone / 60,
        zone % 60,
    )
}

/// Year, month from 1, day from 1 of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    // Counted from 1 March of year 0, so that the leap day ends a year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::{MessageParser, MimeHeaders};

    fn some(seed: u64, count: usize) -> Vec<GeneratedMessage> {
        Generator::new(GeneratorOptions { seed, ..GeneratorOptions::default() }).take(count).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_octets() {
        assert_eq!(some(7, 50), some(7, 50));
        assert_ne!(some(7, 5), some(8, 5));
        // Pinned, so that a platform or a change that gives other octets shows.
        let digest = some(1, 20)
            .iter()
            .flat_map(|message| &message.raw)
            .fold(0u64, |hash, byte| hash.wrapping_mul(0x0100_0000_01b3) ^ u64::from(*byte));
        assert_eq!(digest, 0x797d_24ad_9a9a_72ff, "{digest:#x}");
    }

    #[test]
    fn sizes_are_as_in_mailboxes() {
        let mut sizes: Vec<usize> = some(3, 1000).iter().map(|message| message.raw.len()).collect();
        sizes.sort_unstable();
        let mean = sizes.iter().sum::<usize>() / sizes.len();
        assert!((5_000..8_000).contains(&sizes[500]), "median {}", sizes[500]);
        assert!((22_000..38_000).contains(&mean), "mean {mean}");
        assert!(sizes[999] < 4_500_000, "largest {}", sizes[999]);
        let capped = Generator::new(GeneratorOptions { max_size: 10_000, ..GeneratorOptions::default() });
        assert!(capped.take(500).all(|message| message.raw.len() < 14_500));
    }

    #[test]
    fn messages_parse_and_threads_hang_together() {
        let messages = some(5, 300);
        let mut ids = std::collections::HashSet::new();
        let (mut replies, mut attachments, mut multilingual) = (0, 0, 0);
        for message in &messages {
            let parsed = MessageParser::default().parse(&message.raw).unwrap();
            assert!(parsed.from().is_some() && parsed.to().is_some() && parsed.subject().is_some());
            assert_eq!(
                parsed.date().unwrap().to_timestamp() * 1000,
                message.internal_date.timestamp_ms / 1000 * 1000
            );
            assert!(!parsed.body_text(0).unwrap().trim().is_empty());
            if let Some(parent) = parsed.in_reply_to().as_text() {
                assert!(ids.contains(parent), "a reply to a message that was not sent before");
                assert!(parsed.subject().unwrap().starts_with("Re: "));
                replies += 1;
            }
            assert!(ids.insert(parsed.message_id().unwrap().to_owned()));
            attachments += usize::from(parsed.attachments().any(|part| part.attachment_name().is_some()));
            multilingual += usize::from(!parsed.subject().unwrap().is_ascii());
            for line in message.raw.split(|byte| *byte == b'\n') {
                assert!(line.is_empty() || line.ends_with(b"\r"), "a bare LF");
                assert!(line.len() <= 999, "a line of {} octets", line.len());
            }
        }
        assert!((90..180).contains(&replies), "{replies} replies");
        assert!(attachments > 20, "{attachments} with attachments");
        assert!(multilingual > 50, "{multilingual} subjects beyond ASCII");
    }
}
