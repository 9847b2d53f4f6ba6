//! The records of the filters: one of their names, one of each script. Here:
//! bytes and rules, purely. Not here: commits, and what a script says.

use super::codec::{Writer, unseal};
use super::layout;
use crate::model::{Error, ErrorCode, Result};
use crate::store::Key;

const VERSION: u8 = 2;

/// The most scripts of a database.
pub const MAX_SCRIPTS: usize = 256;

/// The longest script, in octets.
pub const MAX_SCRIPT_OCTETS: usize = 1024 * 1024;

/// The longest name of a script, in characters.
pub const MAX_NAME_CHARACTERS: usize = 255;

/// A script's number within its database, by which its record is found; never
/// used again.
pub type ScriptNumber = u32;

/// One script as the directory knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterEntry {
    pub number: ScriptNumber,
    pub name: String,
}

/// The scripts of a database, in the order in which their names were first put.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filters {
    pub entries: Vec<FilterEntry>,
    pub active: Option<ScriptNumber>,
    /// The last number given.
    pub last_number: ScriptNumber,
}

fn not_found(name: &str) -> Error {
    Error::new(ErrorCode::NotFound, format!("no filter is named {name:?}"))
}

/// Refuses a name that no script can have: empty, or with a control character
/// (as RFC 5804 section 1.6), with `INVALID_ARGUMENT`; too long, with `LIMIT`.
pub fn check_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::invalid("the name of a filter is empty"));
    }
    let forbidden = |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
    if name.contains(forbidden) {
        return Err(Error::invalid("the name of a filter has a control character"));
    }
    if name.chars().count() > MAX_NAME_CHARACTERS {
        let message = format!("the name of a filter has more than {MAX_NAME_CHARACTERS} characters");
        return Err(Error::new(ErrorCode::Limit, message));
    }
    Ok(())
}

/// Refuses a script that is too long, with `LIMIT`.
pub fn check_length(script: &[u8]) -> Result<()> {
    if script.len() > MAX_SCRIPT_OCTETS {
        let message = format!("a filter has {} octets; {MAX_SCRIPT_OCTETS} are allowed", script.len());
        return Err(Error::new(ErrorCode::Limit, message));
    }
    Ok(())
}

impl Filters {
    fn entry(&self, name: &str) -> Option<&FilterEntry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The number of the script of that name; `NOT_FOUND`.
    pub fn number(&self, name: &str) -> Result<ScriptNumber> {
        Ok(self.entry(name).ok_or_else(|| not_found(name))?.number)
    }

    /// The name of the active script.
    pub fn active_name(&self) -> Option<&str> {
        let active = self.active?;
        self.entries.iter().find(|entry| entry.number == active).map(|entry| entry.name.as_str())
    }

    /// The number of the script of that name, which is added where there is
    /// none. `LIMIT` for too many scripts, or when the numbers run out.
    pub fn add(&mut self, name: &str) -> Result<ScriptNumber> {
        if let Some(entry) = self.entry(name) {
            return Ok(entry.number);
        }
        if self.entries.len() >= MAX_SCRIPTS {
            return Err(Error::new(ErrorCode::Limit, format!("there are {MAX_SCRIPTS} filters already")));
        }
        let exhausted = || Error::new(ErrorCode::Limit, "no more filters can be numbered");
        self.last_number = self.last_number.checked_add(1).ok_or_else(exhausted)?;
        self.entries.push(FilterEntry { number: self.last_number, name: name.to_owned() });
        Ok(self.last_number)
    }

    /// Takes a script out and returns its number; `NOT_FOUND`, or `ACTIVE` where
    /// it is the active one.
    pub fn remove(&mut self, name: &str) -> Result<ScriptNumber> {
        let number = self.number(name)?;
        if self.active == Some(number) {
            return Err(Error::new(ErrorCode::Active, format!("the filter {name:?} is active")));
        }
        self.entries.retain(|entry| entry.number != number);
        Ok(number)
    }

    /// Gives a script another name; it keeps its place and stays active if it
    /// is. `NOT_FOUND`; `ALREADY_EXISTS` for a name that is taken, its own too.
    pub fn rename(&mut self, before: &str, after: &str) -> Result<()> {
        let number = self.number(before)?;
        if self.entry(after).is_some() {
            let message = format!("a filter is named {after:?} already");
            return Err(Error::new(ErrorCode::AlreadyExists, message));
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.number == number) {
            after.clone_into(&mut entry.name);
        }
        Ok(())
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.u32(self.last_number).u32(self.active.unwrap_or(0));
        out.varint(self.entries.len() as u64);
        for entry in &self.entries {
            out.u32(entry.number).text(&entry.name);
        }
        out.seal(&layout::filters(), VERSION)
    }

    pub fn decode(record: &[u8]) -> Result<Filters> {
        let mut input = unseal(&layout::filters(), record, VERSION, "record of filters")?;
        let last_number = input.u32()?;
        let active = Some(input.u32()?).filter(|number| *number > 0);
        let count = input.count(5)?;
        let entry = |_| Ok(FilterEntry { number: input.u32()?, name: input.text()? });
        let entries = (0..count).map(entry).collect::<Result<Vec<FilterEntry>>>()?;
        Ok(Filters { entries, active, last_number })
    }
}

/// The record of a script.
pub fn encode_script(key: &Key, script: &[u8]) -> Vec<u8> {
    let mut out = Writer::new();
    out.raw(script);
    out.seal(key, VERSION)
}

/// The script of a record.
pub fn decode_script(key: &Key, record: &[u8]) -> Result<Vec<u8>> {
    Ok(unseal(key, record, VERSION, "filter")?.rest().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T>(result: Result<T>) -> ErrorCode {
        result.err().unwrap().code()
    }

    #[test]
    fn s159_s160_names_keep_the_order_of_their_first_put() {
        let mut filters = Filters::default();
        for (name, number) in [("b", 1), ("a", 2), ("b", 1), ("c", 3)] {
            assert_eq!(filters.add(name).unwrap(), number);
        }
        filters.active = Some(2);
        filters.rename("a", "z").unwrap();
        assert_eq!(filters.active_name(), Some("z"));
        assert_eq!(code(filters.remove("z")), ErrorCode::Active);
        assert_eq!(code(filters.remove("a")), ErrorCode::NotFound);
        assert_eq!(code(filters.rename("z", "z")), ErrorCode::AlreadyExists);
        assert_eq!(code(filters.rename("a", "b")), ErrorCode::NotFound);
        assert_eq!(filters.remove("b").unwrap(), 1);
        assert_eq!(filters.add("b").unwrap(), 4);
        let names: Vec<&str> = filters.entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["z", "c", "b"]);
        assert_eq!(Filters::decode(&filters.encode()).unwrap(), filters);
    }

    #[test]
    fn s161_names_and_limits() {
        for name in ["", "a\nb", "\u{0}", "\u{7f}", "\u{85}", "\u{2028}"] {
            assert_eq!(code(check_name(name)), ErrorCode::InvalidArgument, "{name:?}");
        }
        check_name(&"ß".repeat(255)).unwrap();
        assert_eq!(code(check_name(&"x".repeat(256))), ErrorCode::Limit);
        assert_eq!(code(check_length(&vec![b' '; MAX_SCRIPT_OCTETS + 1])), ErrorCode::Limit);
        let mut filters = Filters::default();
        for number in 0..MAX_SCRIPTS {
            filters.add(&number.to_string()).unwrap();
        }
        assert_eq!(code(filters.add("one more")), ErrorCode::Limit);
        filters.add("7").unwrap();
    }

    #[test]
    fn scripts_round_trip_and_damage_is_found() {
        for script in [&b""[..], b"keep;", &[0xff; 300]] {
            let key = layout::script(7);
            let mut record = encode_script(&key, script);
            assert_eq!(decode_script(&key, &record).unwrap(), script);
            record[0] ^= 0x40;
            assert!(decode_script(&key, &record).is_err());
        }
    }
}
