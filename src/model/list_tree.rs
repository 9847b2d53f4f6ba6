//! What LIST and LSUB show: the tree of mailbox names, with ancestors that do
//! not exist. Not here: which mailboxes there are and who subscribes to them
//! (the mailbox set), and how a pattern matches (`list_pattern.rs`).

use std::collections::HashMap;
use std::fmt;

use super::list_pattern::ListPattern;
use super::{DELIMITER, MailboxName, Result, SpecialUse};

/// An attribute of a [`ListEntry`] (RFC 9051 section 7.3.1, RFC 6154). The
/// order of the variants is the order in which an entry bears them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ListAttribute {
    /// There is no such mailbox to select: it is but the name of an ancestor.
    Noselect,
    /// There are names below this one in the tree.
    HasChildren,
    /// There are no names below this one in the tree.
    HasNoChildren,
    /// What the mailbox is for.
    SpecialUse(SpecialUse),
    /// The mailbox is subscribed to.
    Subscribed,
    /// The name is subscribed to, but no mailbox bears it.
    NonExistent,
}

impl ListAttribute {
    /// The attribute, with its backslash, in IMAP's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            ListAttribute::Noselect => "\\Noselect",
            ListAttribute::HasChildren => "\\HasChildren",
            ListAttribute::HasNoChildren => "\\HasNoChildren",
            ListAttribute::SpecialUse(special_use) => special_use.as_str(),
            ListAttribute::Subscribed => "\\Subscribed",
            ListAttribute::NonExistent => "\\NonExistent",
        }
    }
}

impl fmt::Display for ListAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One row of LIST or LSUB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    /// The whole name; empty only in the answer to an empty pattern.
    pub name: String,
    /// What separates the levels of the name.
    pub delimiter: char,
    /// In the order of [`ListAttribute`]; exactly one of `HasChildren` and
    /// `HasNoChildren` among them (semantics 52), except in the answer to an
    /// empty pattern.
    pub attributes: Vec<ListAttribute>,
}

impl ListEntry {
    /// Whether the mailbox exists and can be selected.
    pub fn is_selectable(&self) -> bool {
        !self.attributes.contains(&ListAttribute::Noselect)
    }
}

/// What a tree is told of a name beside the name itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListDetails {
    /// What the mailbox is for; listed if given.
    pub special_use: Option<SpecialUse>,
    /// Whether to list it as `\Subscribed`.
    pub subscribed: bool,
    /// Whether no mailbox bears the name, though it is subscribed to. Listed as
    /// `\Noselect` and `\NonExistent` (RFC 5258 section 3, semantics 55).
    pub non_existent: bool,
}

#[derive(Debug)]
struct Node {
    name: MailboxName,
    /// Nodes that nobody inserted are implied by their descendants.
    exists: bool,
    details: ListDetails,
    children: Vec<usize>,
}

/// The tree of mailbox names. INBOX is always in it and comes first; siblings
/// keep the order in which they first came in (semantics 51).
///
/// LSUB is the same tree, built from the names subscribed to alone
/// (semantics 54): an unsubscribed parent of a subscribed child is then implied
/// and shows as `\Noselect \HasChildren` (semantics 57).
#[derive(Debug)]
pub struct ListTree {
    nodes: Vec<Node>,
    by_name: HashMap<MailboxName, usize>,
    roots: Vec<usize>,
}

impl Default for ListTree {
    fn default() -> Self {
        ListTree::new()
    }
}

impl ListTree {
    /// The tree of INBOX alone.
    pub fn new() -> ListTree {
        let mut tree = ListTree { nodes: Vec::new(), by_name: HashMap::new(), roots: Vec::new() };
        tree.insert(&MailboxName::inbox(), ListDetails::default());
        tree
    }

    /// Adds a name; ancestors that are missing come in as `\Noselect`. A name
    /// that was only implied keeps its place and begins to exist
    /// (semantics 34). For one inserted before, the new details replace the old.
    /// INBOX exists whatever its details say.
    pub fn insert(&mut self, name: &MailboxName, details: ListDetails) {
        let details = ListDetails { non_existent: details.non_existent && !name.is_inbox(), ..details };
        if let Some(node) = self.place(name) {
            node.exists = !details.non_existent;
            node.details = details;
        }
    }

    /// The node of a name, made with those above it if it is new.
    fn place(&mut self, name: &MailboxName) -> Option<&mut Node> {
        let mut missing = Vec::new();
        let mut parent = None;
        let mut next = Some(name.clone());
        while let Some(name) = next {
            if let Some(&at) = self.by_name.get(&name) {
                parent = Some(at);
                break;
            }
            next = name.parent();
            missing.push(name);
        }
        for name in missing.into_iter().rev() {
            let at = self.nodes.len();
            let above = parent.and_then(|above| self.nodes.get_mut(above));
            above.map_or(&mut self.roots, |above| &mut above.children).push(at);
            self.by_name.insert(name.clone(), at);
            self.nodes.push(Node {
                name,
                exists: false,
                details: ListDetails::default(),
                children: Vec::new(),
            });
            parent = Some(at);
        }
        parent.and_then(|at| self.nodes.get_mut(at))
    }

    /// A node and those below it, parents first; all nodes for `None`.
    fn walk(&self, from: Option<usize>) -> impl Iterator<Item = &Node> {
        let mut ahead: Vec<usize> = match from {
            Some(from) => vec![from],
            None => self.roots.iter().rev().copied().collect(),
        };
        std::iter::from_fn(move || {
            let node = self.nodes.get(ahead.pop()?)?;
            ahead.extend(node.children.iter().rev());
            Some(node)
        })
    }

    /// Every name, implied ones too: parents directly before their children,
    /// siblings in the order they came in (semantics 48 and 51).
    pub fn entries(&self) -> Vec<ListEntry> {
        self.walk(None).map(Node::entry).collect()
    }

    /// The names that a LIST command with this reference and pattern shows, in
    /// the order of [`ListTree::entries`].
    ///
    /// The reference and the pattern are joined as they are; wildcards work in
    /// both. `*` stands for any text, `%` for any text without a delimiter, and
    /// the whole name must match (semantics 49). A first level INBOX matches in
    /// any ASCII case, other names only in their own (semantics 50 and 26). An
    /// empty pattern asks for the delimiter: one row with an empty name
    /// (semantics 47).
    ///
    /// The time per name is bounded by the product of the lengths of name and
    /// pattern, whatever the pattern.
    pub fn list_matching(&self, reference: &str, pattern: &str) -> Vec<ListEntry> {
        if pattern.is_empty() {
            let attributes = vec![ListAttribute::Noselect];
            return vec![ListEntry { name: String::new(), delimiter: DELIMITER, attributes }];
        }
        let pattern = ListPattern::new(reference, pattern);
        self.walk(None).filter(|node| pattern.matches(&node.name)).map(Node::entry).collect()
    }

    /// The row of one name, if it is in the tree, be it implied.
    pub fn get(&self, name: &MailboxName) -> Option<ListEntry> {
        let at = self.by_name.get(name)?;
        self.nodes.get(*at).map(Node::entry)
    }

    /// What a rename moves: the old and new names of `from` and of all below
    /// it, parents first. Implied names do not move (semantics 42); nothing
    /// does when `from` is not in the tree. What lies below INBOX stays when
    /// INBOX is renamed (semantics 46).
    ///
    /// Whether `to` is free is not looked at. Fails with `LIMIT` when a new name
    /// would be too long or too deep.
    pub fn get_renames(
        &self,
        from: &MailboxName,
        to: &MailboxName,
    ) -> Result<Vec<(MailboxName, MailboxName)>> {
        let Some(&at) = self.by_name.get(from) else { return Ok(Vec::new()) };
        let nodes = self.walk(Some(at)).take(if from.is_inbox() { 1 } else { usize::MAX });
        nodes
            .filter(|node| node.exists)
            .map(|node| Ok((node.name.clone(), node.name.renamed(from, to)?)))
            .collect()
    }
}

impl Node {
    fn entry(&self) -> ListEntry {
        let children =
            if self.children.is_empty() { ListAttribute::HasNoChildren } else { ListAttribute::HasChildren };
        let attributes = [
            (!self.exists).then_some(ListAttribute::Noselect),
            Some(children),
            self.details.special_use.map(ListAttribute::SpecialUse),
            self.details.subscribed.then_some(ListAttribute::Subscribed),
            self.details.non_existent.then_some(ListAttribute::NonExistent),
        ];
        ListEntry {
            name: self.name.to_string(),
            delimiter: DELIMITER,
            attributes: attributes.into_iter().flatten().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ErrorCode;
    use super::*;

    fn name(text: &str) -> MailboxName {
        MailboxName::parse(text).unwrap()
    }

    fn tree(names: &[&str]) -> ListTree {
        let mut tree = ListTree::new();
        for text in names {
            tree.insert(&name(text), ListDetails::default());
        }
        tree
    }

    /// `name: attribute attribute`, a line for each entry.
    fn rows(entries: Vec<ListEntry>) -> Vec<String> {
        let row = |entry: ListEntry| {
            assert_eq!(entry.delimiter, '/');
            let attributes: Vec<&str> = entry.attributes.iter().map(|attribute| attribute.as_str()).collect();
            format!("{}: {}", entry.name, attributes.join(" "))
        };
        entries.into_iter().map(row).collect()
    }

    fn names(entries: Vec<ListEntry>) -> Vec<String> {
        entries.into_iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn s32_ancestors_are_listed_but_cannot_be_selected() {
        let tree = tree(&["A/B/C"]);
        assert_eq!(
            rows(tree.entries()),
            [
                "INBOX: \\HasNoChildren",
                "A: \\Noselect \\HasChildren",
                "A/B: \\Noselect \\HasChildren",
                "A/B/C: \\HasNoChildren",
            ]
        );
        assert!(!tree.get(&name("A/B")).unwrap().is_selectable());
        assert!(tree.get(&name("A/B/C")).unwrap().is_selectable());
        assert_eq!(tree.get(&name("A/C")), None);
    }

    #[test]
    fn s34_an_implied_name_that_is_created_keeps_its_place() {
        let tree = tree(&["A/B", "C", "A"]);
        let expected =
            ["INBOX: \\HasNoChildren", "A: \\HasChildren", "A/B: \\HasNoChildren", "C: \\HasNoChildren"];
        assert_eq!(rows(tree.entries()), expected);
    }

    #[test]
    fn s47_an_empty_pattern_asks_for_the_delimiter() {
        for reference in ["", "INBOX", "%", "nowhere/"] {
            assert_eq!(rows(tree(&["A"]).list_matching(reference, "")), [": \\Noselect"]);
        }
    }

    #[test]
    fn s48_all_names_in_creation_order() {
        let expected = ["INBOX: \\HasNoChildren", "Sent: \\HasNoChildren", "Trash: \\HasNoChildren"];
        assert_eq!(rows(tree(&["Sent", "Trash"]).list_matching("", "*")), expected);
    }

    #[test]
    fn s49_reference_and_pattern_are_joined_as_they_are() {
        let tree = tree(&["Trash", "Trash/x", "Trashed", "T/r"]);
        assert_eq!(names(tree.list_matching("Trash", "*")), ["Trash", "Trash/x", "Trashed"]);
        assert_eq!(names(tree.list_matching("Trash", "%")), ["Trash", "Trashed"]);
        assert_eq!(names(tree.list_matching("Trash/", "%")), ["Trash/x"]);
        assert_eq!(names(tree.list_matching("%/", "x")), ["Trash/x"]);
        assert_eq!(names(tree.list_matching("", "%")), ["INBOX", "Trash", "Trashed", "T"]);
        assert_eq!(names(tree.list_matching("", "rash")), [""; 0]);
    }

    #[test]
    fn s50_s26_inbox_matches_in_any_case_and_others_in_their_own() {
        let tree = tree(&["inboxes", "Sent", "inbox/Kid"]);
        assert_eq!(names(tree.list_matching("", "inb%")), ["INBOX", "inboxes"]);
        assert_eq!(names(tree.list_matching("", "iNbOx")), ["INBOX"]);
        assert_eq!(names(tree.list_matching("inbox/", "%")), ["INBOX/Kid"]);
        assert_eq!(names(tree.list_matching("inbox/", "kid")), [""; 0]);
        assert_eq!(names(tree.list_matching("", "sent")), [""; 0]);
        assert_eq!(names(tree.list_matching("", "INBOXES")), [""; 0]);
    }

    #[test]
    fn ten_thousand_siblings_are_placed_without_scans() {
        let mut tree = ListTree::new();
        for number in 0..10_000 {
            tree.insert(&name(&format!("lists/{number}/archive")), ListDetails::default());
        }
        let entries = tree.entries();
        assert_eq!(entries.len(), 1 + 1 + 2 * 10_000);
        assert_eq!(entries.last().map(|entry| entry.name.as_str()), Some("lists/9999/archive"));
        assert_eq!(tree.list_matching("", "lists/%").len(), 10_000);
        assert_eq!(tree.get_renames(&name("lists"), &name("x")).unwrap().len(), 10_000);
    }

    #[test]
    fn s51_children_directly_after_their_parent() {
        let tree = tree(&["B", "A", "B/z", "INBOX/k", "B/a", "A/m/n", "B/z/q"]);
        let expected = ["INBOX", "INBOX/k", "B", "B/z", "B/z/q", "B/a", "A", "A/m", "A/m/n"];
        assert_eq!(names(tree.entries()), expected);
    }

    #[test]
    fn s52_attributes_have_one_order() {
        let mut tree = ListTree::new();
        let details =
            ListDetails { special_use: Some(SpecialUse::Archive), subscribed: true, non_existent: false };
        tree.insert(&name("Archive"), details);
        tree.insert(&name("Archive/2026"), ListDetails { non_existent: true, ..details });
        assert_eq!(
            rows(tree.list_matching("", "A*")),
            [
                "Archive: \\HasChildren \\Archive \\Subscribed",
                "Archive/2026: \\Noselect \\HasNoChildren \\Archive \\Subscribed \\NonExistent",
            ]
        );
    }

    #[test]
    fn s54_s55_s57_subscribed_names_alone() {
        let subscribed = ListDetails { subscribed: true, ..ListDetails::default() };
        let mut tree = ListTree::new();
        assert_eq!(rows(tree.entries()), ["INBOX: \\HasNoChildren"]);
        tree.insert(&name("Lists/rust"), subscribed);
        tree.insert(&name("gone"), ListDetails { non_existent: true, ..subscribed });
        tree.insert(&name("inbox"), ListDetails { non_existent: true, ..subscribed });
        assert_eq!(
            rows(tree.list_matching("", "*")),
            [
                "INBOX: \\HasNoChildren \\Subscribed",
                "Lists: \\Noselect \\HasChildren",
                "Lists/rust: \\HasNoChildren \\Subscribed",
                "gone: \\Noselect \\HasNoChildren \\Subscribed \\NonExistent",
            ]
        );
        tree.insert(&name("gone"), subscribed);
        assert_eq!(rows(tree.list_matching("", "gone")), ["gone: \\HasNoChildren \\Subscribed"]);
    }

    #[test]
    fn s40_s42_s43_renames_take_what_exists_below() {
        let tree = tree(&["P", "P/q", "P/r/s", "Px", "N/o/p"]);
        let renames = |from: &str, to: &str| -> Vec<String> {
            let moved = tree.get_renames(&name(from), &name(to)).unwrap();
            moved.into_iter().map(|(old, new)| format!("{old}>{new}")).collect()
        };
        assert_eq!(renames("P", "Z"), ["P>Z", "P/q>Z/q", "P/r/s>Z/r/s"]);
        assert_eq!(renames("P", "P/n"), ["P>P/n", "P/q>P/n/q", "P/r/s>P/n/r/s"]);
        assert_eq!(renames("N", "M"), ["N/o/p>M/o/p"]);
        assert_eq!(renames("nowhere", "M"), [""; 0]);
        let long = name(&"z".repeat(MailboxName::MAX_OCTETS));
        assert_eq!(tree.get_renames(&name("P"), &long).unwrap_err().code(), ErrorCode::Limit);
    }

    #[test]
    fn s46_what_lies_below_inbox_stays() {
        let tree = tree(&["INBOX/k"]);
        let moved = tree.get_renames(&MailboxName::inbox(), &name("old")).unwrap();
        assert_eq!(moved, [(MailboxName::inbox(), name("old"))]);
        assert_eq!(tree.get_renames(&name("INBOX/k"), &name("k")).unwrap(), [(name("INBOX/k"), name("k"))]);
    }
}
