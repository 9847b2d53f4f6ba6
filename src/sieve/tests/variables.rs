//! Variables, match variables and encoded characters (RFC 5229, RFC 5228 section 2.4.2.4).

use super::*;
use crate::sieve::limits::{MAX_STRING, MAX_VARIABLE};

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
        ("${BAD${Company}", "${BADACME"),
        ("${1a}${a.}${.a}", "${1a}${a.}${.a}"),
        // Backslashes of the script go first.
        ("${com\\pany}", "ACME"),
        ("${com\\\\pany}", "${com\\pany}"),
        ("\\${company}", "ACME"),
        ("\\\\${company}", "\\ACME"),
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
    // What is set is cut and no error, however long it would be; modifiers see more than is kept.
    let long = format!("set \"a\" \"x\"; {} set \"b\" \"${{a}}\";", twice(20));
    let five = "${a}".repeat(5);
    assert_eq!(
        named(&format!("{long} set \"b\" \"{five}\"; set :length \"b\" \"${{b}}\";"), "${b}"),
        "16384"
    );
    assert_eq!(named(&format!("{long} set :length \"b\" \"{five}\";"), "${b}"), MAX_STRING.to_string());
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

#[test]
fn a_constant_that_no_variable_holds_does_not_compile() {
    let set = |tag: &str, length: usize| {
        compile(format!("require \"variables\"; set {tag} \"a\" \"{}\";", "x".repeat(length)).as_bytes())
    };
    assert!(set("", MAX_VARIABLE).is_ok());
    assert!(set("", MAX_VARIABLE + 1).is_err());
    assert!(set(":length", MAX_VARIABLE + 1).is_ok());
}

#[test]
fn variables_are_what_they_are_when_their_command_is_reached() {
    for (commands, target, expected) in [
        ("set \"dollar\" \"$\"; set \"text\" \"regarding ${dollar}{beep}\";", "${text}", "regarding ${beep}"),
        (
            "set \"title\" \"Mr\"; set \"name\" \"Wile\"; set \"t\" text:\nDear ${TITLE} ${name},\n..\n.\n;",
            "${t}",
            "Dear Mr Wile,\r\n.\r\n",
        ),
        // No blanks are taken from the strings of a string test.
        (
            "set \"state\" \"${state} pending\"; if string :matches \" ${state} \" \"* pending *\" { set \"ok\" \"yes\"; }",
            "${ok}",
            "yes",
        ),
        ("if string \" a \" \"a\" { set \"b\" \"no\"; }", "-${b}-", "--"),
        ("if string \"dear Ethelbert\" \"dear${hex:20 24 7b 4e}ame}\" { set \"b\" \"no\"; }", "-${b}-", "--"),
        (
            "set \"name\" \"Ethelbert\"; if string \"dear Ethelbert\" \"dear${hex:20 24 7b 4e}ame}\" { set \"b\" \"yes\"; }",
            "-${b}-",
            "-yes-",
        ),
        // What is set in a block is seen after it.
        ("if true { if true { set \"b\" \"in\"; } }", "${b}", "in"),
        ("if string :matches \"abc\" \"a*\" { if string :matches \"xyz\" \"*z\" {} }", "${1}", "xy"),
        ("if not string :matches \"abc\" \"a*\" {} ", "${1}", "bc"),
        (
            "set :quotewildcard \"q\" \"a*b?c\\\\\"; if string :matches \"a*b?c\\\\\" \"${q}\" { set \"b\" \"itself\"; }",
            "${b}",
            "itself",
        ),
        (
            "set :quotewildcard \"q\" \"a*b\"; if string :matches \"axb\" \"${q}\" { set \"b\" \"no\"; }",
            "-${b}-",
            "--",
        ),
        ("set :upper \"b\" \"äöüß\";", "${b}", "äöüß"),
        ("set :upperfirst \"b\" \"ärger\";", "${b}", "ärger"),
    ] {
        assert_eq!(named(commands, target), expected, "{commands}");
    }
    let list = "require [\"fileinto\", \"variables\"];
        if header :matches \"List-ID\" \"*<*@*\" { fileinto \"lists.${2}\"; stop; }";
    assert_eq!(does(list, "List-Id: Talk <talk@lists.example>\r\n\r\n"), ["file lists.talk"]);
    assert_eq!(does(list, "List-Id: <talk.lists.example>\r\n\r\n"), ["keep"]);
}
