//! Scripts that do not compile, and where; the limits of scripts and runs.

use super::*;
use crate::sieve::limits::*;
use crate::sieve::{EXTENSIONS, compile};

fn place(script: &str) -> Option<(u32, u32)> {
    compile(script.as_bytes()).err().map(|error| (error.line, error.column))
}

#[test]
fn s161_errors_say_where() {
    let mut wrong = Vec::new();
    for (script, line, column) in [
        ("frobnicate;", 1, 1),
        ("keep", 1, 5),
        ("keep;\n  keep", 2, 7),
        ("# ü\n/* ß\nß */ \"ßß\" x;", 3, 6),
        ("if header \"äöü\" \"b\" { keep } ", 1, 28),
        ("true;", 1, 1),
        ("if keep { stop; }", 1, 4),
        ("if { stop; }", 1, 1),
        ("if true;", 1, 1),
        ("if true { stop;", 1, 16),
        ("keep { stop; }", 1, 1),
        ("else { stop; }", 1, 1),
        ("elsif true { stop; }", 1, 1),
        ("if true {} keep; else {}", 1, 18),
        ("if true {} else {} elsif true {}", 1, 20),
        ("if true {} else {} else {}", 1, 20),
        ("if true {} else true {}", 1, 17),
        ("if true { } ;", 1, 13),
        ("if allof true { }", 1, 4),
        ("if allof () { }", 1, 11),
        ("if allof (true true) { }", 1, 16),
        ("if allof (true,) { }", 1, 16),
        ("if not (true) { }", 1, 9),
        ("if true (true) { }", 1, 10),
        ("if not { }", 1, 4),
        ("stop \"x\";", 1, 6),
        ("stop :x;", 1, 6),
        ("redirect;", 1, 1),
        ("redirect 5;", 1, 10),
        ("redirect [\"a@b\"];", 1, 10),
        ("redirect \"not an address\";", 1, 10),
        ("redirect \"a@b, c@d\";", 1, 10),
        ("redirect \"a b@c\";", 1, 10),
        ("redirect \"a@b c\";", 1, 10),
        ("redirect \"<a@b\";", 1, 10),
        ("redirect \"@a:b@c\";", 1, 10),
        ("redirect \"A <@a:b@c>\";", 1, 10),
        ("redirect \"a..b@c\";", 1, 10),
        ("redirect \"g: a@b;\";", 1, 10),
        ("redirect \"a@b\r\nBcc: c@d\";", 1, 10),
        ("redirect :copy \"a@b\";", 1, 10),
        ("redirect \"a@b\" :copy;", 1, 16),
        ("require \"copy\"; redirect \"a@b\" :copy;", 1, 32),
        ("fileinto \"x\";", 1, 1),
        ("require \"fileinto\"; fileinto \"\";", 1, 30),
        ("require \"fileinto\"; fileinto :create \"x\";", 1, 30),
        ("require \"nonsense\";", 1, 9),
        ("require [\"fileinto\",\n \"Fileinto\"];", 2, 2),
        ("require \"comparator-elbonia\";", 1, 9),
        ("keep; require \"fileinto\";", 1, 7),
        ("if true { require \"fileinto\"; }", 1, 11),
        ("require;", 1, 1),
        ("require [];", 1, 10),
        ("require [\"fileinto\";", 1, 20),
        ("if header \"a\" { }", 1, 4),
        ("if header { }", 1, 4),
        ("if header \"a\" \"b\" \"c\" { }", 1, 19),
        ("if header :is :contains \"a\" \"b\" { }", 1, 15),
        ("if header :over \"a\" \"b\" { }", 1, 11),
        ("if header :localpart \"a\" \"b\" { }", 1, 11),
        ("if header \"a\" :is \"b\" { }", 1, 15),
        ("if header :comparator :is \"a\" \"b\" { }", 1, 11),
        ("if header :comparator \"i;unknown\" \"a\" \"b\" { }", 1, 23),
        ("if header :comparator \"i;ascii-numeric\" \"a\" \"b\" { }", 1, 23),
        (
            "require \"comparator-i;ascii-numeric\";\nif header :contains :comparator \"i;ascii-numeric\" \"a\" \"b\" { }",
            2,
            33,
        ),
        ("if header :count \"eq\" \"a\" \"1\" { }", 1, 11),
        ("require \"relational\"; if header :count \"xx\" \"a\" \"1\" { }", 1, 40),
        ("require \"relational\"; if header :count \"a\" { }", 1, 26),
        ("if header :index 1 \"a\" \"b\" { }", 1, 11),
        ("require \"index\"; if header :last \"a\" \"b\" { }", 1, 28),
        ("require \"index\"; if header :index 0 \"a\" \"b\" { }", 1, 35),
        ("if address \"subject\" \"b\" { }", 1, 12),
        ("if envelope \"from\" \"b\" { }", 1, 4),
        ("require \"envelope\"; if envelope [\"to\", \"auth\"] \"b\" { }", 1, 40),
        ("if size 5 { }", 1, 4),
        ("if size :over \"5\" { }", 1, 15),
        ("if size :over { }", 1, 4),
        ("if size :over -1 { }", 1, 15),
        ("if size :over 100kb { }", 1, 15),
        ("if size :over 99999999999999999999 { }", 1, 15),
        ("if size :over 99999999999999G { }", 1, 15),
        ("if size :over :under 5 { }", 1, 15),
        ("keep \"", 1, 6),
        ("keep text:\nabc\n", 1, 6),
        ("keep text: x\nabc\n.\n;", 1, 6),
        ("/* never ends", 1, 1),
        ("keep;\n\"x\"", 2, 1),
        ("keep; }", 1, 7),
        ("@", 1, 1),
        ("keep :5;", 1, 6),
        ("set \"a\" \"b\";", 1, 1),
        ("require \"variables\"; set \"1\" \"b\";", 1, 26),
        ("require \"variables\"; set \"a-b\" \"b\";", 1, 26),
        ("require \"variables\"; set \"${a}\" \"b\";", 1, 26),
        ("require \"variables\"; set \"a.b\" \"b\";", 1, 26),
        ("require \"variables\"; set \"a\" \"${b.c}\";", 1, 30),
        ("require \"variables\"; set \"a\" \"${100}\";", 1, 30),
        ("require \"variables\"; set :upper :lower \"a\" \"b\";", 1, 33),
        ("require [\"encoded-character\"]; redirect \"${unicode:200000}\";", 1, 41),
        ("require [\"encoded-character\"]; redirect \"${unicode:DF01}\";", 1, 41),
        ("setflag \"a\";", 1, 1),
        ("keep :flags \"a\";", 1, 6),
        ("require \"imap4flags\"; setflag \"v\" \"a\";", 1, 31),
        ("require \"imap4flags\"; setflag;", 1, 23),
        ("require [\"imap4flags\", \"variables\"]; setflag [\"v\", \"w\"] \"a\";", 1, 46),
        ("require \"date\"; if date :zone \"0100\" \"date\" \"year\" \"1\" { }", 1, 31),
        ("require \"date\"; if date :zone \"+2500\" \"date\" \"year\" \"1\" { }", 1, 31),
        ("require \"date\"; if date :zone \"+0000\" :originalzone \"date\" \"year\" \"1\" { }", 1, 39),
        ("require \"date\"; if date \"date\" \"fortnight\" \"1\" { }", 1, 32),
        ("require \"date\"; if currentdate :originalzone \"year\" \"1\" { }", 1, 32),
        ("require \"vacation\"; vacation;", 1, 21),
        ("require \"vacation-seconds\"; vacation :seconds 2147483648 \"x\";", 1, 47),
        ("require \"vacation\"; vacation :from \"a@b.example, nobody\" \"x\";", 1, 36),
        ("require \"vacation\"; vacation :mime \"Subject: ü\r\n\r\nx\";", 1, 36),
        ("require \"vacation\"; vacation :seconds 5 \"x\";", 1, 30),
        ("require \"vacation-seconds\"; vacation :days 1 :seconds 5 \"x\";", 1, 46),
        ("require \"vacation\"; vacation :from \"nobody\" \"x\";", 1, 36),
        ("require \"body\"; if body :raw :text \"x\" { }", 1, 30),
        ("require \"body\"; if body :content \"x\" { }", 1, 20),
        ("require \"subaddress\"; if header :user \"a\" \"b\" { }", 1, 33),
        ("if address :user \"to\" \"b\" { }", 1, 12),
    ] {
        let found = place(script);
        if found != Some((line, column)) {
            wrong.push((script, found));
        }
    }
    assert_eq!(wrong, []);
    for script in [&b"keep; \xff"[..], b"keep; \0"] {
        let error = compile(script).unwrap_err();
        assert_eq!((error.line, error.column), (1, 7));
    }
    let error = compile(b"keep;\n  keep").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2, column 7: a semicolon or a block is expected here, not the end of the script"
    );
}

#[test]
fn s161_valid_forms_compile() {
    for script in [
        "",
        " \r\n\t# only a comment",
        "KEEP;Keep/**/;/* a * / **/ # x\n keep ;",
        "require [\"fileinto\"]; require \"reject\"; FileInto \"a\\b\\\"\\\\\";",
        "if Header :IS :Comparator \"i;octet\" [\"a\" , \"b\"] \"c\" { } ElsIf TRUE { } Else { }",
        "require \"reject\"; reject TEXT: \t# why\r\nno\r\n.\r\n;",
        "if address [\"from\", \"from:\", \"\"] \"x\" { }",
        "redirect \"\\\"a b\\\"@example.com\"; redirect \"\\\"A, b\\\" <a@[127.0.0.1]>\";",
        "require \"imap4flags\"; if hasflag \"a\" { }",
        "require [\"variables\", \"envelope\", \"date\"]; if envelope \"${x}\" \"a\" { } if currentdate :zone \"${z}\" \"${p}\" \"a\" { }",
    ] {
        assert_eq!(place(script), None, "{script}");
    }
}

#[test]
fn s165_every_advertised_extension_can_be_required_and_no_other() {
    for extension in EXTENSIONS {
        assert_eq!(place(&format!("require \"{extension}\";")), None, "{extension}");
    }
    for unknown in
        ["regex", "include", "enotify", "editheader", "spamtest", "mime", "foreverypart", "", "FILEINTO"]
    {
        assert!(place(&format!("require \"{unknown}\";")).is_some(), "{unknown}");
    }
}

#[test]
fn scripts_beyond_a_limit_are_refused() {
    let nested = |depth: usize| format!("{}{}", "if true {".repeat(depth), "}".repeat(depth));
    assert_eq!(place(&nested(MAX_NESTING - 1)), None);
    assert!(place(&nested(MAX_NESTING + 1)).is_some());
    let not = |depth: usize| format!("if {}true {{}}", "not ".repeat(depth));
    assert_eq!(place(&not(MAX_NESTING - 1)), None);
    assert!(place(&not(MAX_NESTING + 1)).is_some());
    for hostile in ["if true {", "if not ", "if anyof(", "not ", "(", "[", "{", "\"", "/*", "text:", "${"] {
        assert!(place(&hostile.repeat(100_000)).is_some(), "{hostile}");
    }
    assert_eq!(place(&"keep;".repeat(MAX_COMMANDS)), None);
    assert!(place(&"keep;".repeat(MAX_COMMANDS + 1)).is_some());
    assert!(place(&" ".repeat(MAX_SCRIPT + 1)).is_some());
    let string = |length: usize| format!("if exists \"{}\" {{}}", "x".repeat(length));
    assert_eq!(place(&string(MAX_STRING)), None);
    assert!(place(&string(MAX_STRING + 1)).is_some());
    let set = |count: usize| {
        (0..count)
            .fold("require \"variables\";".to_owned(), |script, n| format!("{script} set \"v{n}\" \"\";"))
    };
    assert_eq!(place(&set(MAX_VARIABLES)), None);
    assert!(place(&set(MAX_VARIABLES + 1)).is_some());
}

#[test]
fn s164_runs_beyond_a_limit_keep_the_mail() {
    let many =
        |count: usize, command: &dyn Fn(usize) -> String| -> String { (0..count).map(command).collect() };
    let redirects = |count| many(count, &|n| format!("redirect \"a{n}@b\";"));
    assert_eq!(run(&redirects(MAX_REDIRECTS), "\r\n").actions.len(), MAX_REDIRECTS);
    let files = |count| format!("require \"fileinto\";{}", many(count, &|n| format!("fileinto \"{n}\";")));
    assert_eq!(run(&files(MAX_ACTIONS), "\r\n").actions.len(), MAX_ACTIONS);
    let flags =
        |count: usize| format!("require \"imap4flags\"; addflag \"{}\";", many(count, &|n| format!(" f{n}")));
    assert_eq!(run(&flags(MAX_FLAGS), "\r\n").error, None);
    for script in [redirects(MAX_REDIRECTS + 1), files(MAX_ACTIONS + 1), flags(MAX_FLAGS + 1)] {
        let outcome = run(&script, "\r\n");
        assert_eq!(shown(&outcome), ["keep"]);
        assert!(outcome.error.is_some());
    }
}

#[test]
fn errors_that_only_a_run_can_see_keep_the_mail() {
    for (commands, column) in [
        ("fileinto \"${a}\";", 1),
        ("redirect \"${a}\";", 1),
        ("discard; redirect \"x${a}\";", 10),
        ("if true { if envelope \"x${a}\" \"y\" { discard; } }", 11),
        ("if currentdate \"x${a}\" \"y\" { } elsif true {}", 1),
        ("if false {} elsif currentdate :zone \"x${a}\" \"year\" \"y\" { }", 13),
        ("fileinto \"${hex:ff}${a}\";", 1),
        ("fileinto \"A\"; discard; vacation :from \"x${a}\" \"y\";", 24),
    ] {
        let script = format!(
            "require [\"variables\", \"fileinto\", \"envelope\", \"date\", \"vacation\", \"encoded-character\"];\n{commands}"
        );
        let outcome = run(&script, "\r\n");
        assert_eq!(shown(&outcome), ["keep"], "{commands}");
        let error = outcome.error.unwrap();
        assert_eq!((error.line, error.column), (2, column), "{commands}: {}", error.message);
    }
}
