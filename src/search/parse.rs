//! The text form of a search: what follows SEARCH in a command of IMAP (RFC
//! 9051 section 6.4.4, RFC 3501, and the extensions WITHIN, CONDSTORE,
//! OBJECTID and SAVEDATE). Here: reading it. Not here: what the keys mean.

use std::borrow::Cow;

use super::{Day, Returns, SearchKey, SearchProgram};
use crate::mime::charset;
use crate::model::{EmailId, Error, ErrorCode, Result, SequenceSet, SystemFlags, TextPosition, ThreadId};

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Reads what follows `SEARCH ` or `UID SEARCH `, without the line's end: RETURN,
/// CHARSET, and at least one key. Strings may be atoms (with octets beyond
/// ASCII too), quoted, or literals of any kind (`{3}`, `{3+}`, `~{3}`, each
/// with CRLF after it); they are in the charset that CHARSET names, else UTF-8.
/// `()` and double NOT are read as well (semantics 151).
///
/// Fails with `INVALID_ARGUMENT` where the grammar is not kept, saying what was
/// expected and at which character (from 1; the error's column too), and for
/// keys that are not known (semantics 152); `BAD_CHARSET` for an unknown charset
/// or octets that have no meaning in it (semantics 148); `CANNOT` for saved
/// results (`SAVE` and `$`); `LIMIT` for keys nested deeper than 200 levels.
pub fn parse_search(text: &[u8]) -> Result<SearchProgram> {
    let mut parser = Parser { text, at: 0, charset: None };
    let returns = match parser.word_is("RETURN") {
        true => Some(parser.returns()?),
        false => None,
    };
    if parser.word_is("CHARSET") {
        parser.space()?;
        let at = parser.at;
        let name = parser.string()?;
        if !charset::is_known(&name) {
            let what = format!("the charset {name:?} at character {} is not known", parser.character(at));
            return Err(parser.fault(ErrorCode::BadCharset, what, at));
        }
        parser.charset = Some(name);
        parser.space()?;
    }
    let mut keys = vec![parser.key(0)?];
    while parser.at < text.len() {
        parser.space()?;
        keys.push(parser.key(0)?);
    }
    Ok(SearchProgram { keys, returns })
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    charset: Option<String>,
}

fn is_atom(octet: u8) -> bool {
    octet > b' ' && octet != 0x7f && !b"(){%*\"\\".contains(&octet)
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn eat(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.rest().get(..length)?;
        self.at += length;
        Some(taken)
    }

    /// The octets up to the first that is not of this kind.
    fn take_while(&mut self, kind: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|octet| !kind(*octet)).unwrap_or(rest.len());
        self.take(length).unwrap_or_default()
    }

    /// Which character of the text begins at this octet, from 1.
    fn character(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or(self.text);
        let follows = |octet: &&u8| **octet & 0xc0 == 0x80;
        before.len() - before.iter().filter(follows).count() + 1
    }

    fn fault(&self, code: ErrorCode, message: String, at: usize) -> Error {
        let column = u32::try_from(self.character(at)).unwrap_or(u32::MAX);
        Error::new(code, message).at(TextPosition { line: 1, column })
    }

    fn expected(&self, what: &str) -> Error {
        self.expected_at(what, self.at)
    }

    fn expected_at(&self, what: &str, at: usize) -> Error {
        let found = match self.text.get(at) {
            None => "the end".to_owned(),
            Some(octet) if octet.is_ascii_graphic() => format!("{:?}", char::from(*octet)),
            Some(b' ') => "a space".to_owned(),
            Some(octet) => format!("octet {octet:#04x}"),
        };
        let place = self.character(at);
        let message = format!("a search needs {what} at character {place}, where there is {found}");
        self.fault(ErrorCode::InvalidArgument, message, at)
    }

    fn not_saved(&self, at: usize) -> Error {
        let place = self.character(at);
        let message =
            format!("search results are not saved: SAVE and $ (at character {place}) cannot be used");
        self.fault(ErrorCode::Cannot, message, at)
    }

    fn space(&mut self) -> Result<()> {
        if self.eat(b' ') { Ok(()) } else { Err(self.expected("a space")) }
    }

    /// Takes the next word where it is this one, in any case.
    fn word_is(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let same = rest.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word.as_bytes()));
        let ends = rest.get(word.len()).is_none_or(|octet| !is_atom(*octet));
        if same && ends {
            self.at += word.len();
        }
        same && ends
    }

    fn returns(&mut self) -> Result<Returns> {
        self.space()?;
        if !self.eat(b'(') {
            return Err(self.expected("'('"));
        }
        let mut returns = Returns::default();
        if self.eat(b')') {
            returns.all = true;
        } else {
            loop {
                let at = self.at;
                let option = self.take_while(is_atom).to_ascii_uppercase();
                match option.as_slice() {
                    b"MIN" => returns.min = true,
                    b"MAX" => returns.max = true,
                    b"ALL" => returns.all = true,
                    b"COUNT" => returns.count = true,
                    b"SAVE" => return Err(self.not_saved(at)),
                    _ => return Err(self.expected_at("MIN, MAX, ALL or COUNT", at)),
                }
                if self.eat(b')') {
                    break;
                }
                self.space()?;
            }
        }
        self.space()?;
        Ok(returns)
    }

    /// One key with its arguments.
    fn key(&mut self, depth: usize) -> Result<SearchKey> {
        SearchKey::check_depth(depth)?;
        let at = self.at;
        match self.peek() {
            Some(b'(') => return self.group(depth),
            Some(b'0'..=b'9' | b'*') => return self.set(false),
            Some(b'$') => return Err(self.not_saved(at)),
            _ => {}
        }
        let word = self.take_while(is_atom).to_ascii_uppercase();
        let flag = |flag: SystemFlags| Ok(SearchKey::Flag(flag));
        let not_flag = |flag: SystemFlags| Ok(SearchKey::NotFlag(flag));
        match word.as_slice() {
            b"ALL" => Ok(SearchKey::All),
            b"ANSWERED" => flag(SystemFlags::ANSWERED),
            b"DELETED" => flag(SystemFlags::DELETED),
            b"DRAFT" => flag(SystemFlags::DRAFT),
            b"FLAGGED" => flag(SystemFlags::FLAGGED),
            b"SEEN" => flag(SystemFlags::SEEN),
            b"UNANSWERED" => not_flag(SystemFlags::ANSWERED),
            b"UNDELETED" => not_flag(SystemFlags::DELETED),
            b"UNDRAFT" => not_flag(SystemFlags::DRAFT),
            b"UNFLAGGED" => not_flag(SystemFlags::FLAGGED),
            b"UNSEEN" => not_flag(SystemFlags::SEEN),
            b"NEW" => Ok(SearchKey::New),
            b"OLD" => Ok(SearchKey::Old),
            b"RECENT" => Ok(SearchKey::Recent),
            // Whether save dates are kept for every message (RFC 8514): they are.
            b"SAVEDATESUPPORTED" => Ok(SearchKey::All),
            b"KEYWORD" => self.keyword().map(SearchKey::Keyword),
            b"UNKEYWORD" => self.keyword().map(SearchKey::NotKeyword),
            b"BEFORE" => self.date().map(SearchKey::Before),
            b"ON" => self.date().map(SearchKey::On),
            b"SINCE" => self.date().map(SearchKey::Since),
            b"SENTBEFORE" => self.date().map(SearchKey::SentBefore),
            b"SENTON" => self.date().map(SearchKey::SentOn),
            b"SENTSINCE" => self.date().map(SearchKey::SentSince),
            b"SAVEDBEFORE" => self.date().map(SearchKey::SavedBefore),
            b"SAVEDON" => self.date().map(SearchKey::SavedOn),
            b"SAVEDSINCE" => self.date().map(SearchKey::SavedSince),
            b"YOUNGER" => self.interval().map(SearchKey::Younger),
            b"OLDER" => self.interval().map(SearchKey::Older),
            b"LARGER" => self.number_argument().map(SearchKey::Larger),
            b"SMALLER" => self.number_argument().map(SearchKey::Smaller),
            b"FROM" => self.string_argument().map(SearchKey::From),
            b"TO" => self.string_argument().map(SearchKey::To),
            b"CC" => self.string_argument().map(SearchKey::Cc),
            b"BCC" => self.string_argument().map(SearchKey::Bcc),
            b"SUBJECT" => self.string_argument().map(SearchKey::Subject),
            b"BODY" => self.string_argument().map(SearchKey::Body),
            b"TEXT" => self.string_argument().map(SearchKey::Text),
            b"HEADER" => {
                let name = self.string_argument()?;
                Ok(SearchKey::Header { name, value: self.string_argument()? })
            }
            b"EMAILID" => EmailId::parse(self.object_id()?).map(SearchKey::EmailId),
            b"THREADID" => ThreadId::parse(self.object_id()?).map(SearchKey::ThreadId),
            b"MODSEQ" => self.mod_seq(),
            b"UID" => {
                self.space()?;
                self.set(true)
            }
            b"NOT" => {
                self.space()?;
                Ok(SearchKey::Not(Box::new(self.key(depth + 1)?)))
            }
            b"OR" => {
                self.space()?;
                let one = self.key(depth + 1)?;
                self.space()?;
                Ok(SearchKey::Or(Box::new(one), Box::new(self.key(depth + 1)?)))
            }
            b"" => Err(self.expected_at("a search key", at)),
            word => {
                let (word, place) = (String::from_utf8_lossy(word), self.character(at));
                let message = format!("the search key {word:?} at character {place} is not known");
                Err(self.fault(ErrorCode::InvalidArgument, message, at))
            }
        }
    }

    fn group(&mut self, depth: usize) -> Result<SearchKey> {
        let mut keys = Vec::new();
        self.eat(b'(');
        if !self.eat(b')') {
            loop {
                keys.push(self.key(depth + 1)?);
                if self.eat(b')') {
                    break;
                }
                if !self.eat(b' ') {
                    return Err(self.expected("a space or ')'"));
                }
            }
        }
        Ok(SearchKey::And(keys))
    }

    fn set(&mut self, uid: bool) -> Result<SearchKey> {
        let at = self.at;
        if self.peek() == Some(b'$') {
            return Err(self.not_saved(at));
        }
        let set = self.take_while(|octet| octet != b' ' && octet != b')');
        let set = std::str::from_utf8(set).map_err(|_| self.expected_at("a sequence set", at))?;
        let set = SequenceSet::parse(set, uid).map_err(|error| {
            let message = format!("{}, of the set at character {}", error.message(), self.character(at));
            self.fault(ErrorCode::InvalidArgument, message, at)
        })?;
        Ok(SearchKey::Seq(set))
    }

    fn keyword(&mut self) -> Result<String> {
        self.space()?;
        let at = self.at;
        match std::str::from_utf8(self.take_while(|octet| is_atom(octet) && octet != b']')) {
            Ok(keyword) if !keyword.is_empty() && keyword.is_ascii() => Ok(keyword.to_owned()),
            _ => Err(self.expected_at("a keyword", at)),
        }
    }

    fn object_id(&mut self) -> Result<&'a str> {
        self.space()?;
        let at = self.at;
        let id = self.take_while(|octet| octet.is_ascii_alphanumeric() || b"_-".contains(&octet));
        match std::str::from_utf8(id) {
            Ok(id) if !id.is_empty() => Ok(id),
            _ => Err(self.expected_at("an object id", at)),
        }
    }

    fn number(&mut self) -> Result<u64> {
        let at = self.at;
        let digits = self.take_while(|octet| octet.is_ascii_digit());
        let value = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        value.ok_or_else(|| self.expected_at("a number below 2^64", at))
    }

    fn number_argument(&mut self) -> Result<u64> {
        self.space()?;
        self.number()
    }

    fn interval(&mut self) -> Result<u64> {
        self.space()?;
        let at = self.at;
        match self.number()? {
            0 => Err(self.expected_at("a number of seconds from 1", at)),
            seconds => Ok(seconds),
        }
    }

    /// With an entry name and type, which servers that count one mod-sequence
    /// for each message ignore (RFC 7162 section 3.1.5).
    fn mod_seq(&mut self) -> Result<SearchKey> {
        self.space()?;
        if self.peek() == Some(b'"') {
            let at = self.at;
            let entry = self.quoted()?;
            if !entry.get(..7).is_some_and(|begin| begin.eq_ignore_ascii_case(b"/flags/")) || entry.len() == 7
            {
                return Err(self.expected_at("an entry name such as \"/flags/\\\\draft\"", at));
            }
            self.space()?;
            if !["priv", "shared", "all"].into_iter().any(|kind| self.word_is(kind)) {
                return Err(self.expected("priv, shared or all"));
            }
            self.space()?;
        }
        self.number().map(SearchKey::ModSeq)
    }

    /// `d-Mon-yyyy`, quoted or not.
    fn date(&mut self) -> Result<Day> {
        self.space()?;
        let at = self.at;
        let quoted = self.eat(b'"');
        let day = self.day().map_err(|()| self.expected_at("a date such as 1-Feb-2024", at))?;
        if quoted && !self.eat(b'"') {
            return Err(self.expected("'\"'"));
        }
        day.map_err(|error| {
            let message = format!("{} (at character {})", error.message(), self.character(at));
            self.fault(ErrorCode::InvalidArgument, message, at)
        })
    }

    /// What is written as a date, and whether there is such a day.
    fn day(&mut self) -> Result<Result<Day>, ()> {
        let day = self.digits(1..=2)?;
        let month = self.eat(b'-').then(|| self.take(3)).flatten().ok_or(())?;
        let month = MONTHS.iter().zip(1..).find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(month));
        let (_, month) = month.ok_or(())?;
        let year = if self.eat(b'-') { self.digits(4..=4)? } else { return Err(()) };
        Ok(Day::from_date(i32::try_from(year).map_err(|_| ())?, month, day))
    }

    fn digits(&mut self, count: std::ops::RangeInclusive<usize>) -> Result<u32, ()> {
        let digits = self.take_while(|octet| octet.is_ascii_digit());
        if !count.contains(&digits.len()) {
            return Err(());
        }
        Ok(digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0')))
    }

    fn string_argument(&mut self) -> Result<String> {
        self.space()?;
        self.string()
    }

    /// A string in any of its forms, decoded.
    fn string(&mut self) -> Result<String> {
        let at = self.at;
        let octets = match self.peek() {
            Some(b'"') => self.quoted()?,
            Some(b'{') => Cow::Borrowed(self.literal()?),
            Some(b'~') if self.text.get(self.at + 1) == Some(&b'{') => {
                self.at += 1;
                Cow::Borrowed(self.literal()?)
            }
            _ => match self.take_while(is_atom) {
                [] => return Err(self.expected("a string")),
                atom => Cow::Borrowed(atom),
            },
        };
        self.decode(&octets).ok_or_else(|| {
            let charset = self.charset.as_deref().unwrap_or("UTF-8");
            let place = self.character(at);
            let message =
                format!("the string at character {place} has octets without a meaning in {charset}");
            self.fault(ErrorCode::BadCharset, message, at)
        })
    }

    fn decode(&self, octets: &[u8]) -> Option<String> {
        let Some(charset) = self.charset.as_deref() else {
            return std::str::from_utf8(octets).ok().map(str::to_owned);
        };
        // Reading mail is more lenient than this: it takes ASCII for windows-1252.
        if charset.eq_ignore_ascii_case("us-ascii") && !octets.is_ascii() {
            return None;
        }
        charset::decode(charset, octets).filter(|text| {
            let meant = text.contains(char::REPLACEMENT_CHARACTER)
                && std::str::from_utf8(octets).is_ok_and(|octets| octets == text);
            meant || !text.contains(char::REPLACEMENT_CHARACTER)
        })
    }

    fn quoted(&mut self) -> Result<Cow<'a, [u8]>> {
        self.eat(b'"');
        let plain = self.take_while(|octet| !b"\"\\\r\n\0".contains(&octet));
        if self.eat(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = plain.to_vec();
        loop {
            text.extend_from_slice(self.take_while(|octet| !b"\"\\\r\n\0".contains(&octet)));
            if self.eat(b'"') {
                return Ok(Cow::Owned(text));
            }
            if !self.eat(b'\\') {
                return Err(self.expected("the '\"' that ends a quoted string"));
            }
            match self.peek() {
                Some(escaped @ (b'"' | b'\\')) => {
                    text.push(escaped);
                    self.at += 1;
                }
                _ => return Err(self.expected("'\"' or '\\' after '\\'")),
            }
        }
    }

    fn literal(&mut self) -> Result<&'a [u8]> {
        self.eat(b'{');
        let at = self.at;
        let length = self.number()?;
        // A client that does not wait for the server says so; here nobody waits.
        self.eat(b'+');
        if !self.eat(b'}') {
            return Err(self.expected("'}'"));
        }
        if !self.rest().starts_with(b"\r\n") {
            return Err(self.expected("CRLF after a literal's length"));
        }
        self.at += 2;
        let octets = usize::try_from(length).ok().and_then(|length| self.take(length));
        octets.ok_or_else(|| self.expected_at("a length no longer than what follows", at))
    }
}
