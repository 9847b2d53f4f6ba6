//! Variables, match variables and encoded characters (RFC 5229, RFC 5228 section 2.4.2.4).

use super::*;
use crate::sieve::limits::MAX_VARIABLE;

/// What the one `fileinto` after the given commands names.
fn named(commands: &str, target: &str) -> String {
    let script = format!(
        "require [\"variables\", \"fileinto\", \"encoded-character\"];\n{commands}\nfileinto \"{target}\";"
    );
    does(&script, "Subject: [acme-users] [fwd] version 1.0 is out\r\nTo: coyote@ACME.Example.COM\r\n\r\n")
        .concat()
        .trim_start_matches("file ")
        .to_owned()
}

#[test]
fn references_are_expanded_and_what_is_none_stays() {
    let set = "set \"Company\" \"ACME\"; set \"name\" \"juniperBUSH\";";
    for (target, expected) in [
        ("-${company}-", "-ACME-"),
        ("${COMPANY}${company}", "ACMEACME"),
        ("&%${}!", "&%${}!"),
        ("${doh!}", "${doh!}"),
        ("${ company}", "${ company}"),
        ("${company", "${company"),
        ("$${company}$", "$ACME$"),
        ("${${company}}", "${ACME}"),
        ("${unknown}x", "x"),
        ("x${9}", "x"),
        ("${President, ${company} Inc.}", "${President, ACME Inc.}"),
        // Octets by number come first, so they can build a reference.
        ("${hex:24}{company}", "ACME"),
        ("$${hex:40}", "$@"),
    ] {
        assert_eq!(named(set, target), expected, "{target}");
    }
}

#[test]
fn modifiers_apply_by_precedence_not_by_order() {
    for (set, expected) in [
        ("set :length \"b\" \"juniperBUSH\";", "11"),
        ("set :length \"b\" \"äöü\";", "3"),
        ("set :lower \"b\" \"juniperBUSH\";", "juniperbush"),
        ("set :upperfirst \"b\" \"juniperBUSH\";", "JuniperBUSH"),
        ("set :upperfirst :lower \"b\" \"juniperBUSH\";", "Juniperbush"),
        ("set :lower :upperfirst \"b\" \"juniperBUSH\";", "Juniperbush"),
        ("set :lowerfirst :upper \"b\" \"juniperBUSH\";", "jUNIPERBUSH"),
        ("set :quotewildcard \"b\" \"Rock*\";", "Rock\\*"),
        ("set :length :quotewildcard \"b\" \"a?\\\\\";", "5"),
        ("set \"a\" \"1\"; set \"b\" \"${a}${a}\"; set \"a\" \"2\";", "11"),
    ] {
        assert_eq!(named(set, "${b}"), expected, "{set}");
    }
}

#[test]
fn matches_sets_the_match_variables_non_greedily() {
    let when = |test: &str, set: &str| format!("if {test} {{ {set} }}");
    let list = "header :matches \"subject\" \"[*] *\"";
    assert_eq!(named(&when(list, "set \"b\" \"${1}|${2}\";"), "${b}"), "acme-users|[fwd] version 1.0 is out");
    assert_eq!(named(&when(list, ""), "${0}"), "[acme-users] [fwd] version 1.0 is out");
    let three = "header :matches \"subject\" \"?*?] *1.?*\"";
    assert_eq!(
        named(&when(three, ""), "${1}|${2}|${3}|${4}|${5}|${6}|${7}"),
        "[|acme-user|s|[fwd] version |0| is out|"
    );
    let address = "address :matches [\"to\", \"cc\"] [\"bob@*\", \"coyote@**.com\", \"*\"]";
    assert_eq!(named(&when(address, ""), "${0}:${1}:${2}:${3}"), "coyote@ACME.Example.COM::ACME.Example:");
    // A failing match and other match types leave the variables as they were.
    let later =
        "if string :matches \"abc\" \"?*\" {} if string :matches \"x\" \"y*\" {} if string \"x\" \"x\" {}";
    assert_eq!(named(later, "${1}${2}"), "abc");
    // Tests that short-circuit leaves out set nothing.
    let shortcut = "if anyof (string :matches \"ab\" \"a*\", string :matches \"cd\" \"c*\") {}";
    assert_eq!(named(shortcut, "${1}"), "b");
    // Leading zeros are ignored.
    assert_eq!(named("if string :matches \"ab\" \"a*\" {}", "${01}"), "b");
}

#[test]
fn string_tests_compare_and_count() {
    for (test, expected) in [
        ("string \"${a}\" \"state\"", false),
        ("string :is \"\" [\"x\", \"\"]", true),
        ("string :matches \"${b}\" [\"*\", \"?*\"]", true),
        ("string :count \"eq\" [\"\", \"x\", \"y\"] \"2\"", true),
        ("string :count \"eq\" \"\" \"0\"", true),
        ("string :value \"ge\" :comparator \"i;ascii-numeric\" \"10\" \"9\"", true),
    ] {
        assert_eq!(
            holds("\"variables\", \"relational\", \"comparator-i;ascii-numeric\"", test, "\r\n"),
            expected,
            "{test}"
        );
    }
}

#[test]
fn values_are_cut_at_a_character_and_strings_are_bounded() {
    let twice = |times: usize| "set \"a\" \"${a}${a}\"; ".repeat(times);
    let length = format!("set \"a\" \"x\"; {} set :length \"a\" \"${{a}}\";", twice(40));
    assert_eq!(named(&length, "${a}"), MAX_VARIABLE.to_string());
    let characters = format!("set \"a\" \"xüü\"; {} set :length \"a\" \"${{a}}\";", twice(40));
    assert!(named(&characters, "${a}").parse::<usize>().unwrap() <= MAX_VARIABLE * 3 / 5 + 1);
    let outcome = run(
        &format!("require \"variables\"; set \"a\" \"x\"; {} redirect \"{}\";", twice(40), "${a}".repeat(5)),
        "\r\n",
    );
    assert_eq!(shown(&outcome), ["keep"]);
    assert!(outcome.error.unwrap().message.contains("too long"));
}

#[test]
fn encoded_characters() {
    for (target, expected) in [
        ("$${hex:40}", "$@"),
        ("${hex: 40 }", "@"),
        ("${HEX: 40}", "@"),
        ("${hex:40", "${hex:40"),
        ("${hex:400}", "${hex:400}"),
        ("${hex:4${hex:30}}", "${hex:40}"),
        ("${hex:}", "${hex:}"),
        ("${unicode:40}", "@"),
        ("${ unicode:40}", "${ unicode:40}"),
        ("${UNICODE:40}", "@"),
        ("${UnICoDE:0000040}", "@"),
        ("${Unicode:Cool}", "${Unicode:Cool}"),
        ("${unicode: e9 1F600\t}", "é😀"),
        ("${hex:c3 a9}", "é"),
    ] {
        let script = format!("require [\"fileinto\", \"encoded-character\"]; fileinto \"{target}\";");
        assert_eq!(does(&script, "\r\n"), [format!("file {expected}")], "{target}");
        let without = format!("require \"fileinto\"; fileinto \"{target}\";");
        assert_eq!(does(&without, "\r\n"), [format!("file {target}")], "{target}");
    }
}
