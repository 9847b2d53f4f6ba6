//! The tree of search keys as `searchkeys.js` builds it, or their text form.
//! Here: reading it. Not here: what the keys mean (`src/search`).

use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::convert;
use crate::model::{EmailId, Error, Flags, Result, ThreadId};
use crate::search::{Day, SearchKey, SearchProgram, parse_search};

/// What is searched for: a tree, or IMAP's text as a string or as octets.
pub(super) fn program(given: &JsValue) -> Result<SearchProgram> {
    if let Some(text) = given.as_string() {
        return parse_search(text.as_bytes());
    }
    if let Some(octets) = given.dyn_ref::<Uint8Array>() {
        return parse_search(&octets.to_vec());
    }
    let keys = match key(given)? {
        SearchKey::And(keys) => keys,
        other => vec![other],
    };
    Ok(SearchProgram { keys, returns: None })
}

/// The same, where nothing is said of what is to be returned.
pub(super) fn keys(given: &JsValue) -> Result<Vec<SearchKey>> {
    match program(given)? {
        SearchProgram { keys, returns: None } => Ok(keys),
        _ => Err(Error::invalid("RETURN is for searchMailbox")),
    }
}

fn wrong(what: &str) -> Error {
    Error::internal(format!("the JavaScript face gave a search with {what} in another form"))
}

fn member(node: &JsValue, name: &str) -> JsValue {
    Reflect::get(node, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

fn key(node: &JsValue) -> Result<SearchKey> {
    let name = member(node, "key").as_string().ok_or_else(|| wrong("a key"))?;
    let value = member(node, "value");
    let text = || value.as_string().ok_or_else(|| wrong(&name));
    let number = || value.as_f64().ok_or_else(|| wrong(&name));
    let day = || Ok(Day(number()? as i64));
    let nodes = || -> Result<Vec<SearchKey>> {
        let nodes: &Array = value.dyn_ref().ok_or_else(|| wrong(&name))?;
        nodes.iter().map(|each| key(&each)).collect()
    };
    Ok(match name.as_str() {
        "all" => SearchKey::All,
        "flag" => SearchKey::Flag(Flags::parse([text()?])?.system()),
        "notFlag" => SearchKey::NotFlag(Flags::parse([text()?])?.system()),
        "keyword" => SearchKey::Keyword(text()?),
        "notKeyword" => SearchKey::NotKeyword(text()?),
        "new" => SearchKey::New,
        "old" => SearchKey::Old,
        "recent" => SearchKey::Recent,
        "set" => {
            let uid = member(&value, "uid").as_bool().ok_or_else(|| wrong("a set"))?;
            SearchKey::Seq(convert::set(&member(&value, "set"), uid)?)
        }
        "before" => SearchKey::Before(day()?),
        "on" => SearchKey::On(day()?),
        "since" => SearchKey::Since(day()?),
        "savedBefore" => SearchKey::SavedBefore(day()?),
        "savedOn" => SearchKey::SavedOn(day()?),
        "savedSince" => SearchKey::SavedSince(day()?),
        "sentBefore" => SearchKey::SentBefore(day()?),
        "sentOn" => SearchKey::SentOn(day()?),
        "sentSince" => SearchKey::SentSince(day()?),
        "younger" => SearchKey::Younger(convert::whole(number()?)),
        "older" => SearchKey::Older(convert::whole(number()?)),
        "from" => SearchKey::From(text()?),
        "to" => SearchKey::To(text()?),
        "cc" => SearchKey::Cc(text()?),
        "bcc" => SearchKey::Bcc(text()?),
        "subject" => SearchKey::Subject(text()?),
        "body" => SearchKey::Body(text()?),
        "text" => SearchKey::Text(text()?),
        "header" => {
            let text = |name| member(&value, name).as_string().ok_or_else(|| wrong("a header"));
            SearchKey::Header { name: text("name")?, value: text("text")? }
        }
        "hasAttachment" => SearchKey::HasAttachment(value.as_bool().ok_or_else(|| wrong(&name))?),
        "larger" => SearchKey::Larger(convert::whole(number()?)),
        "smaller" => SearchKey::Smaller(convert::whole(number()?)),
        "emailId" => SearchKey::EmailId(EmailId::parse(&text()?)?),
        "threadId" => SearchKey::ThreadId(ThreadId::parse(&text()?)?),
        "modSeq" => SearchKey::ModSeq(convert::whole(number()?)),
        "not" => SearchKey::Not(Box::new(key(&value)?)),
        "and" => SearchKey::And(nodes()?),
        "or" => {
            let alternatives = nodes()?.into_iter().rev();
            let or = |rest, one| SearchKey::Or(Box::new(one), Box::new(rest));
            alternatives.reduce(or).ok_or_else(|| wrong("or"))?
        }
        _ => return Err(wrong(&name)),
    })
}
