//! HTML as the text a reader sees. Not a sanitiser: its output is text and must be escaped again
//! before it is shown as HTML.

use super::charset;

/// Elements that do not separate words; every other tag does.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font",
    "i", "ins", "kbd", "label", "mark", "nobr", "q", "s", "samp", "small", "span", "strike", "strong", "sub",
    "sup", "time", "tt", "u", "var", "wbr",
];

/// Elements whose content is no text of the message.
const HIDDEN: &[&str] = &["script", "style", "title"];

/// How much of an HTML part is looked at for the charset that it names, in octets, as browsers do.
const META_WINDOW: usize = 1024;

/// The text of `html` with entities decoded; tags that break a line or a cell become one blank.
/// White space is otherwise as written. Linear in the length of the input.
#[cfg_attr(own_std, optimize(speed))]
pub fn to_text(html: &str) -> String {
    let mut reader = Reader { rest: html, text: String::with_capacity(html.len() / 2), quotes: [true, true] };
    while let Some(at) = reader.rest.bytes().position(|octet| octet == b'<' || octet == b'&') {
        let (before, marked) = split(reader.rest, at);
        reader.text.push_str(before);
        reader.rest = marked;
        if marked.starts_with('<') {
            reader.markup();
        } else {
            reader.entity();
        }
    }
    let rest = reader.rest;
    reader.text.push_str(rest);
    reader.text
}

/// The charset that HTML names in a `<meta>` near its start (HTML standard,
/// "prescan a byte stream"), in lower case.
pub fn meta_charset(html: &[u8]) -> Option<String> {
    let mut rest = charset::raw(html.get(..META_WINDOW).unwrap_or(html)).to_ascii_lowercase();
    while let Some(at) = rest.find("<meta") {
        rest.drain(..at + 5);
        let tag = rest.split('>').next().unwrap_or_default();
        let Some((_, value)) = tag.split_once("charset") else { continue };
        let Some(value) = value.trim_start().strip_prefix('=') else { continue };
        let value = value.trim_start().trim_start_matches(['"', '\'']);
        let ends = |character: char| character.is_ascii_whitespace() || "\"';/".contains(character);
        let name = value.split(ends).next().unwrap_or_default();
        if !name.is_empty() {
            // Who can read these letters reads ASCII: it cannot be UTF-16.
            return Some(if name.starts_with("utf-16") { "utf-8" } else { name }.to_owned());
        }
    }
    None
}

fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

struct Reader<'a> {
    rest: &'a str,
    text: String,
    /// Whether a closing `"` and `'` can still be ahead; spares looking again and again.
    quotes: [bool; 2],
}

impl Reader<'_> {
    /// Consumes what begins with `<`.
    #[cfg_attr(own_std, optimize(speed))]
    fn markup(&mut self) {
        let inside = self.rest.get(1..).unwrap_or_default();
        if inside.starts_with("!--") {
            // `<!-->` is a whole comment, hence the search from the first dash on.
            let end = inside.get(1..).and_then(|dashes| dashes.find("-->")).map(|at| at + 5);
            self.skip(end);
        } else if inside.starts_with(['!', '?']) {
            let end = self.rest.find('>').map(|at| at + 1);
            self.skip(end);
        } else {
            self.tag(inside);
        }
    }

    fn tag(&mut self, inside: &str) {
        let closing = inside.starts_with('/');
        let named = inside.strip_prefix('/').unwrap_or(inside);
        if !named.starts_with(|first: char| first.is_ascii_alphabetic()) {
            self.text.push('<');
            self.skip(Some(1));
            return;
        }
        let length = named.bytes().position(|octet| !octet.is_ascii_alphanumeric()).unwrap_or(named.len());
        let name = split(named, length).0;
        let is =
            |list: &[&str]| name.len() <= 10 && list.iter().any(|known| known.eq_ignore_ascii_case(name));
        let (inline, hidden) = (is(INLINE), is(HIDDEN) && !closing);
        let name = if hidden { name.to_owned() } else { String::new() };
        if !inline {
            self.text.push(' ');
        }
        let end = self.tag_end();
        self.skip(end);
        if hidden {
            let end = find_closing(self.rest, &name);
            self.skip(end);
        }
    }

    /// The position after the `>` of the tag at the start; a `>` inside a quoted attribute value
    /// does not count.
    fn tag_end(&mut self) -> Option<usize> {
        let octets = self.rest.as_bytes();
        let mut position = 0;
        let mut after_equals = false;
        while let Some(&octet) = octets.get(position) {
            position += 1;
            let quote = match octet {
                b'>' => return Some(position),
                b'"' => self.quotes.first_mut(),
                b'\'' => self.quotes.last_mut(),
                _ => None,
            };
            if let Some(may_close) = quote
                && after_equals
                && *may_close
            {
                match octets.get(position..).and_then(|rest| rest.iter().position(|&other| other == octet)) {
                    Some(length) => position += length + 1,
                    None => *may_close = false,
                }
            }
            after_equals = octet == b'=' || (after_equals && octet.is_ascii_whitespace());
        }
        None
    }

    /// Goes on at `end`, or at the end of the input.
    #[cfg_attr(own_std, optimize(speed))]
    fn skip(&mut self, end: Option<usize>) {
        self.rest = end.and_then(|end| self.rest.get(end..)).unwrap_or_default();
    }

    /// Consumes what begins with `&`.
    fn entity(&mut self) {
        let inside = self.rest.get(1..).unwrap_or_default();
        let is_name = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'#';
        let length = inside.bytes().take(12).take_while(|&octet| is_name(octet)).count();
        let (name, after) = split(inside, length);
        let terminated = after.starts_with(';');
        match decode_entity(name, terminated) {
            Some(character) => {
                self.text.push(character);
                self.skip(Some(1 + length + usize::from(terminated)));
            }
            None => {
                self.text.push('&');
                self.skip(Some(1));
            }
        }
    }
}

/// The position of `</name`, whatever its case.
fn find_closing(text: &str, name: &str) -> Option<usize> {
    text.match_indices("</").map(|(at, _)| at).find(|at| {
        let start = at + 2;
        text.get(start..start + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
    })
}

fn decode_entity(name: &str, terminated: bool) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
            None => number.parse(),
        };
        return match code.ok()? {
            // Numbers in the C1 range mean windows-1252 in practice, and in the HTML standard.
            code @ 0x80..=0x9f => charset::decode("windows-1252", &[code as u8])?.chars().next(),
            0 => Some(char::REPLACEMENT_CHARACTER),
            code => Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
        };
    }
    let latin1 = LATIN1.iter().position(|known| *known == name);
    if let Some(code) = latin1.and_then(|index| u32::try_from(index + 0xa0).ok()) {
        return char::from_u32(code);
    }
    let basic = match name {
        "amp" | "AMP" => '&',
        "lt" | "LT" => '<',
        "gt" | "GT" => '>',
        "quot" | "QUOT" => '"',
        _ if terminated => {
            return NAMED.iter().find(|(known, _)| *known == name).map(|(_, character)| *character);
        }
        _ => return None,
    };
    Some(basic)
}

/// The names of U+00A0 to U+00FF in order (HTML 4.01 section 24.2); valid without a semicolon.
const LATIN1: [&str; 96] = [
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo",
    "not", "shy", "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot",
    "cedil", "sup1", "ordm", "raquo", "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",
    "Atilde", "Auml", "Aring", "AElig", "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml", "Igrave", "Iacute",
    "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute", "Ocirc", "Otilde", "Ouml", "times", "Oslash",
    "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN", "szlig", "agrave", "aacute", "acirc", "atilde",
    "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc", "euml", "igrave", "iacute", "icirc",
    "iuml", "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml", "divide", "oslash", "ugrave",
    "uacute", "ucirc", "uuml", "yacute", "thorn", "yuml",
];

/// Other names that mail uses (HTML 4.01 sections 24.3 and 24.4, and `apos`).
#[rustfmt::skip]
const NAMED: &[(&str, char)] = &[
    ("apos", '\''), ("OElig", 'Œ'), ("oelig", 'œ'), ("Scaron", 'Š'), ("scaron", 'š'), ("Yuml", 'Ÿ'), ("fnof", 'ƒ'),
    ("circ", 'ˆ'), ("tilde", '˜'), ("ensp", '\u{2002}'), ("emsp", '\u{2003}'), ("thinsp", '\u{2009}'),
    ("zwnj", '\u{200c}'), ("zwj", '\u{200d}'), ("lrm", '\u{200e}'), ("rlm", '\u{200f}'), ("ndash", '–'),
    ("mdash", '—'), ("lsquo", '‘'), ("rsquo", '’'), ("sbquo", '‚'), ("ldquo", '“'), ("rdquo", '”'), ("bdquo", '„'),
    ("dagger", '†'), ("Dagger", '‡'), ("bull", '•'), ("hellip", '…'), ("permil", '‰'), ("prime", '′'), ("Prime", '″'),
    ("lsaquo", '‹'), ("rsaquo", '›'), ("oline", '‾'), ("frasl", '⁄'), ("euro", '€'), ("trade", '™'), ("larr", '←'),
    ("uarr", '↑'), ("rarr", '→'), ("darr", '↓'), ("harr", '↔'), ("lArr", '⇐'), ("rArr", '⇒'), ("hArr", '⇔'),
    ("minus", '−'), ("infin", '∞'), ("asymp", '≈'), ("ne", '≠'), ("equiv", '≡'), ("le", '≤'), ("ge", '≥'),
    ("radic", '√'), ("sum", '∑'), ("prod", '∏'), ("part", '∂'), ("int", '∫'), ("loz", '◊'), ("spades", '♠'),
    ("clubs", '♣'), ("hearts", '♥'), ("diams", '♦'), ("Alpha", 'Α'), ("Beta", 'Β'), ("Gamma", 'Γ'), ("Delta", 'Δ'),
    ("Epsilon", 'Ε'), ("Zeta", 'Ζ'), ("Eta", 'Η'), ("Theta", 'Θ'), ("Iota", 'Ι'), ("Kappa", 'Κ'), ("Lambda", 'Λ'),
    ("Mu", 'Μ'), ("Nu", 'Ν'), ("Xi", 'Ξ'), ("Omicron", 'Ο'), ("Pi", 'Π'), ("Rho", 'Ρ'), ("Sigma", 'Σ'), ("Tau", 'Τ'),
    ("Upsilon", 'Υ'), ("Phi", 'Φ'), ("Chi", 'Χ'), ("Psi", 'Ψ'), ("Omega", 'Ω'), ("alpha", 'α'), ("beta", 'β'),
    ("gamma", 'γ'), ("delta", 'δ'), ("epsilon", 'ε'), ("zeta", 'ζ'), ("eta", 'η'), ("theta", 'θ'), ("iota", 'ι'),
    ("kappa", 'κ'), ("lambda", 'λ'), ("mu", 'μ'), ("nu", 'ν'), ("xi", 'ξ'), ("omicron", 'ο'), ("pi", 'π'), ("rho", 'ρ'),
    ("sigmaf", 'ς'), ("sigma", 'σ'), ("tau", 'τ'), ("upsilon", 'υ'), ("phi", 'φ'), ("chi", 'χ'), ("psi", 'ψ'),
    ("omega", 'ω'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_entities_and_hidden_content() {
        for (html, expected) in [
            ("a<br>b<b>c</b>d", "a bcd"),
            ("<td>a</td><td>b</td>", " a  b "),
            ("vi<!-- x -->ew", "view"),
            ("<!-->a", "a"),
            ("<title>t</title><STYLE>p{}</Style >x<script>if (a<b) '</b>'</script>y", "  x  y"),
            ("<a title=\"x > y\" href='>'>z</a>", "z"),
            (
                "1 < 2 &amp;&lt;&gt; &quot;&nbsp;&eacute;&#233;&#xE9;&#128;&hellip;&euro;",
                "1 < 2 &<> \"\u{a0}ééé€…€",
            ),
            (
                "AT&T &unknown; &copy 2002 &hellip &#; &#x; &#0; &#x110000;",
                "AT&T &unknown; © 2002 &hellip &#; &#x; \u{fffd} \u{fffd}",
            ),
            ("<!DOCTYPE html><?xml?>a", "a"),
        ] {
            // How many blanks stand in a row is left to whoever uses the text.
            let blanks =
                |text: &str| text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
            assert_eq!(blanks(&to_text(html)), blanks(expected), "{html}");
        }
    }

    #[test]
    fn broken_html_ends_without_failing() {
        for html in
            ["<", "<b", "<!--", "<!", "</", "<a href=\"", "<script>", "&", "&#", "<ß>", "<é", "a<b\u{0}"]
        {
            to_text(html);
        }
        assert_eq!(to_text("<a href=\"x>y</a>z"), "yz");
    }

    #[test]
    fn hostile_html_is_linear() {
        for piece in ["<", "<a ", "<a b=\"", "<a b='>", "&", "<!--", "<script>", "</", "<a =\"'", "&#x"] {
            to_text(&piece.repeat(1_000_000));
        }
    }
}
