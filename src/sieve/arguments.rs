//! A command's arguments sorted by its table entry: tags with their values, then the others in
//! their places (RFC 5228 section 2.6).

use super::extension::{Extension, Required};
use super::syntax::{Argument, CompileError, Node, Value, sentence};
use super::vocabulary::{Kind, Slot, Spec, TAGS, Tag, Tests};

/// The arguments of one command or test, each of the right kind.
pub(crate) struct Given<'n> {
    pub(crate) node: &'n Node,
    tags: Vec<(&'static Tag, &'n Argument)>,
    /// By place; only the first can be missing, where it is optional.
    places: Vec<Option<&'n Argument>>,
}

impl<'n> Given<'n> {
    pub(crate) fn read(
        node: &'n Node,
        spec: &'static Spec,
        required: Required,
    ) -> Result<Given<'n>, CompileError> {
        if let Some(extension) = spec.needs {
            need(required, extension, spec.name).map_err(|message| node.position.error(message))?;
        }
        let mut given = Given { node, tags: Vec::new(), places: Vec::new() };
        let mut rest = node.arguments.as_slice();
        while let Some((argument, after)) = rest.split_first() {
            let Value::Tag(name) = &argument.value else { break };
            rest = given.tag(argument, name, spec, required, after)?;
        }
        given.place(rest, spec)?;
        given.check_tests(spec)?;
        Ok(given)
    }

    /// Takes one tag and its value; gives back what follows.
    fn tag(
        &mut self,
        argument: &'n Argument,
        name: &str,
        spec: &Spec,
        required: Required,
        after: &'n [Argument],
    ) -> Result<&'n [Argument], CompileError> {
        let fail = |pieces: &[&str]| Err(argument.position.error(sentence(pieces)));
        let Some(tag) = TAGS.iter().find(|tag| tag.name == name && spec.slots.contains(&tag.slot)) else {
            return fail(&[spec.name, " has no tag :", name]);
        };
        if let Some(extension) = tag.needs {
            need(required, extension, name).map_err(|message| argument.position.error(message))?;
        }
        if self.tags.iter().any(|(other, _)| other.slot == tag.slot) {
            return fail(&["a tag like :", name, " is given already"]);
        }
        if tag.value == Kind::None {
            self.tags.push((tag, argument));
            return Ok(after);
        }
        match after.split_first() {
            Some((value, after)) if fits(tag.value, &value.value) => {
                self.tags.push((tag, value));
                Ok(after)
            }
            _ => fail(&[":", name, " is followed by ", describe(tag.value)]),
        }
    }

    fn place(&mut self, rest: &'n [Argument], spec: &Spec) -> Result<(), CompileError> {
        let mut kinds = spec.arguments;
        if spec.optional && rest.len() < kinds.len() {
            kinds = kinds.get(1..).unwrap_or_default();
            self.places.push(None);
        }
        for (index, kind) in kinds.iter().enumerate() {
            let (position, fitting) = match rest.get(index) {
                Some(argument) => {
                    self.places.push(Some(argument));
                    (argument.position, fits(*kind, &argument.value))
                }
                None => (self.node.position, false),
            };
            if !fitting {
                let place = if index + 1 < kinds.len() { " takes " } else { " takes in its last place " };
                return Err(position.error(sentence(&[spec.name, place, describe(*kind)])));
            }
        }
        match rest.get(kinds.len()) {
            Some(extra) => {
                let what = if matches!(extra.value, Value::Tag(_)) {
                    " takes its tags before its other arguments"
                } else {
                    " takes no more arguments"
                };
                Err(extra.position.error(sentence(&[spec.name, what])))
            }
            None => Ok(()),
        }
    }

    fn check_tests(&self, spec: &Spec) -> Result<(), CompileError> {
        let (tests, list) = (self.node.tests.as_slice(), self.node.test_list);
        let mut position = self.node.position;
        let wrong = match (spec.tests, tests.first()) {
            (Tests::None, Some(test)) => {
                position = test.position;
                " takes no test"
            }
            (Tests::One, None) => " takes one test",
            (Tests::One, Some(test)) if list => {
                position = test.position;
                " takes one test, without parentheses"
            }
            (Tests::List, _) if !list => " takes tests in parentheses",
            _ => return Ok(()),
        };
        Err(position.error(sentence(&[spec.name, wrong])))
    }

    /// The tag that was given for this slot, and its value (itself, where it has none).
    pub(crate) fn slot(&self, slot: Slot) -> Option<(&'static str, &'n Argument)> {
        self.tags.iter().find(|(tag, _)| tag.slot == slot).map(|(tag, value)| (tag.name, *value))
    }

    pub(crate) fn has(&self, slot: Slot) -> bool {
        self.slot(slot).is_some()
    }

    /// The argument in this place, if it was given.
    pub(crate) fn optional(&self, place: usize) -> Option<&'n Argument> {
        self.places.get(place).copied().flatten()
    }

    /// The argument in this place.
    pub(crate) fn argument(&self, place: usize) -> Result<&'n Argument, CompileError> {
        self.optional(place).ok_or_else(|| self.node.position.error("an argument is missing"))
    }
}

/// Whether the extension is required, else what to say about it.
pub(crate) fn need(required: Required, extension: Extension, what: &str) -> Result<(), String> {
    if required.has(extension) {
        return Ok(());
    }
    Err(sentence(&[what, " needs require \"", extension.name(), "\""]))
}

fn fits(kind: Kind, value: &Value) -> bool {
    match value {
        Value::Tag(_) => false,
        Value::Number(_) => kind == Kind::Number,
        Value::Text(_) => matches!(kind, Kind::Text | Kind::List),
        Value::List(_) => kind == Kind::List,
    }
}

fn describe(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "a number",
        Kind::List => "a string or a list of strings",
        Kind::Text | Kind::None => "a string",
    }
}
