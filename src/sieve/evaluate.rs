//! The tests of a script, asked of one mail (RFC 5228 section 5 and the extensions' tests).

use std::borrow::Cow;

use super::body;
use super::date::{self, Zone};
use super::flags;
use super::mail::{AddressPart, Index, Mailbox, header_values, is_address_header, mailboxes};
use super::matching::{MatchKind, Matching};
use super::program::{BodyScope, Test};
use super::run::{Failure, Run};
use super::variables::Text;
use crate::mime::encoded_word::decode_header_text;
use crate::mime::part::parts;
use crate::model::ZonedTime;

impl<'m> Run<'m> {
    /// Whether a test is true; its depth is bounded by the compiler.
    pub(crate) fn test(&mut self, test: &Test) -> Result<bool, Failure> {
        self.work.spend(1)?;
        match test {
            Test::Constant(value) => Ok(*value),
            Test::Not(test) => Ok(!self.test(test)?),
            Test::AllOf(tests) => self.until(tests, false),
            Test::AnyOf(tests) => self.until(tests, true),
            Test::Address { matching, part, index, headers, keys } => {
                let values = self.addresses(headers, *index, *part)?;
                self.any_match(*matching, &values, keys)
            }
            Test::Envelope { matching, part, fields, keys } => {
                // RFC 5231 section 4.2: the null sender counts as no address.
                let counts = matches!(matching.kind, MatchKind::Count(_));
                let values = self.envelope(fields, *part, counts)?;
                self.any_match(*matching, &values, keys)
            }
            Test::Exists(headers) => {
                for header in headers {
                    let name = self.expand(header)?;
                    if self.values(&name)?.is_empty() {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Test::Header { matching, index, headers, keys } => {
                let mut values = Vec::new();
                for value in self.occurrences(headers, *index, |_| true)? {
                    self.work.spend(value.len())?;
                    values.push(Cow::Owned(decode_header_text(value).into_bytes()));
                }
                self.any_match(*matching, &values, keys)
            }
            Test::Size { over, limit } => {
                let size = self.mail.raw.len() as u64;
                Ok(if *over { size > *limit } else { size < *limit })
            }
            Test::Body { matching, scope, keys } => self.body(*matching, scope, keys),
            Test::Date { matching, header, zone, part, keys } => {
                let time = match header {
                    Some((name, index)) => self.header_date(name, *index)?,
                    None => Some(self.mail.now),
                };
                // RFC 5260 section 4: what is no date matches nothing, and counts as none.
                let Some(time) = time else { return self.any_match(*matching, &[], keys) };
                let time = self.in_zone(time, zone)?;
                let part = self.expand(part)?;
                let value = date::part(time, &part).ok_or("a date has no such part")?;
                self.any_match(*matching, &[Cow::Owned(value.into_bytes())], keys)
            }
            Test::HasFlag { matching, variables, keys } => self.has_flag(*matching, variables, keys),
            Test::MailboxExists(mailboxes) => {
                for mailbox in mailboxes {
                    let name = self.text(mailbox)?;
                    if !(self.mail.mailbox_exists)(&name) {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Test::String { matching, sources, keys } => {
                let mut sources = self.expand_all(sources)?;
                if matches!(matching.kind, MatchKind::Count(_)) {
                    // RFC 5229 section 5: an empty string counts as none.
                    sources.retain(|source| !source.is_empty());
                }
                self.any_match(*matching, &sources, keys)
            }
        }
    }

    /// Tests in their order until one gives `wanted`.
    fn until(&mut self, tests: &[Test], wanted: bool) -> Result<bool, Failure> {
        for test in tests {
            if self.test(test)? == wanted {
                return Ok(wanted);
            }
        }
        Ok(!wanted)
    }

    fn values(&mut self, name: &[u8]) -> Result<Vec<&'m [u8]>, Failure> {
        self.work.spend(self.fields.len())?;
        Ok(header_values(&self.fields, name))
    }

    /// The values of the headers of these names. An index counts through all of them, in the order
    /// of the names (RFC 5260 section 6).
    fn occurrences(
        &mut self,
        names: &[Text],
        index: Option<Index>,
        takes: fn(&[u8]) -> bool,
    ) -> Result<Vec<&'m [u8]>, Failure> {
        let mut values = Vec::new();
        for name in names {
            let name = self.expand(name)?;
            if takes(&name) {
                values.extend(self.values(&name)?);
            }
        }
        Ok(match index {
            Some(index) => index.of(values),
            None => values,
        })
    }

    fn addresses(
        &mut self,
        headers: &[Text],
        index: Option<Index>,
        part: AddressPart,
    ) -> Result<Vec<Cow<'static, [u8]>>, Failure> {
        let mut values = Vec::new();
        for value in self.occurrences(headers, index, is_address_header)? {
            self.work.spend(value.len())?;
            // RFC 5228 section 2.7.4: of what is no address only the whole is compared.
            let mut found = mailboxes(value);
            found.retain(|mailbox| part == AddressPart::All || !mailbox.domain.is_empty());
            values.extend(found.iter().filter_map(|mailbox| octets(mailbox.part(part))));
        }
        Ok(values)
    }

    fn envelope(
        &mut self,
        fields: &[Text],
        part: AddressPart,
        counts: bool,
    ) -> Result<Vec<Cow<'static, [u8]>>, Failure> {
        let mut values = Vec::new();
        for field in fields {
            let name = self.expand(field)?;
            let address = if name.eq_ignore_ascii_case(b"from") {
                self.mail.sender
            } else if name.eq_ignore_ascii_case(b"to") {
                self.mail.recipient
            } else {
                return Err("the envelope has no such part");
            };
            match Mailbox::of_envelope(address) {
                Some(mailbox) => values.extend(octets(mailbox.part(part))),
                // RFC 5228 section 5.4: whatever the address part, the null sender is empty.
                None if !counts => values.push(Cow::Borrowed(&[][..])),
                None => {}
            }
        }
        Ok(values)
    }

    fn body(&mut self, matching: Matching, scope: &BodyScope, keys: &[Text]) -> Result<bool, Failure> {
        // RFC 5173 section 4: without a body no test of it is true.
        let Some(undecoded) = self.body else { return Ok(false) };
        let raw = self.mail.raw;
        match scope {
            BodyScope::Raw => self.any_match(matching, &[Cow::Borrowed(undecoded)], keys),
            BodyScope::Content(types) => {
                let types = self.expand_all(types)?;
                let parts = self.take_parts()?;
                self.work.spend(raw.len())?;
                let values = body::contents(raw, &parts, &types);
                self.parts = Some(parts);
                self.any_match(matching, &values, keys)
            }
            BodyScope::Text => {
                let texts = match self.texts.take() {
                    Some(texts) => texts,
                    None => {
                        let parts = self.take_parts()?;
                        self.work.spend(raw.len())?;
                        let texts = body::texts(raw, &parts);
                        self.parts = Some(parts);
                        texts
                    }
                };
                let values: Vec<_> = texts.iter().map(|text| Cow::Borrowed(text.as_slice())).collect();
                let holds = self.any_match(matching, &values, keys);
                self.texts = Some(texts);
                holds
            }
        }
    }

    fn take_parts(&mut self) -> Result<Vec<crate::mime::part::Part>, Failure> {
        if let Some(parts) = self.parts.take() {
            return Ok(parts);
        }
        self.work.spend(self.mail.raw.len())?;
        Ok(parts(self.mail.raw))
    }

    fn header_date(&mut self, name: &Text, index: Option<Index>) -> Result<Option<ZonedTime>, Failure> {
        let values = self.occurrences(std::slice::from_ref(name), index, |_| true)?;
        let Some(value) = values.first() else { return Ok(None) };
        self.work.spend(value.len())?;
        Ok(date::of_header(value))
    }

    fn in_zone(&mut self, time: ZonedTime, zone: &Zone) -> Result<ZonedTime, Failure> {
        let zone_minutes = match zone {
            Zone::Original => time.zone_minutes,
            Zone::Local => self.mail.now.zone_minutes,
            Zone::Stated(zone) => {
                let zone = self.expand(zone)?;
                date::zone_minutes(&zone).ok_or("a zone is +hhmm or -hhmm")?
            }
        };
        Ok(ZonedTime { zone_minutes, ..time })
    }

    fn has_flag(&mut self, matching: Matching, variables: &[usize], keys: &[Text]) -> Result<bool, Failure> {
        let mut flags = Vec::new();
        for slot in variables {
            flags.extend(self.flags_of(*slot)?);
        }
        if variables.is_empty() {
            flags = self.flags.clone().unwrap_or_default();
        }
        let values: Vec<_> = flags.into_iter().map(|flag| Cow::Owned(flag.into_bytes())).collect();
        let lists = self.expand_all(keys)?;
        let keys: Vec<_> = flags::names(&lists).map(Cow::Borrowed).collect();
        self.match_keys(matching, &values, &keys)
    }

    fn any_match(
        &mut self,
        matching: Matching,
        values: &[Cow<'_, [u8]>],
        keys: &[Text],
    ) -> Result<bool, Failure> {
        let keys = self.expand_all(keys)?;
        self.match_keys(matching, values, &keys)
    }

    /// Whether any value matches any key; the first match in the order of the values sets the match
    /// variables.
    fn match_keys(
        &mut self,
        matching: Matching,
        values: &[Cow<'_, [u8]>],
        keys: &[Cow<'_, [u8]>],
    ) -> Result<bool, Failure> {
        if let MatchKind::Count(relation) = matching.kind {
            return Ok(keys.iter().any(|key| Matching::compare_count(relation, values.len(), key)));
        }
        for value in values {
            for key in keys {
                let found = matching.matches(value, key, &mut self.work)?;
                let Some(captures) = found else { continue };
                if matching.captures {
                    self.work.spend(value.len())?;
                    self.variables.captures = captures.cut(value);
                }
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn octets(part: Option<String>) -> Option<Cow<'static, [u8]>> {
    part.map(|part| Cow::Owned(part.into_bytes()))
}
