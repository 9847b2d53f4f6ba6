//! Which mails are answered, and how (RFC 5230, RFC 6131).

use super::*;
use crate::sieve::Vacation;

fn answers(script: &str, header: &str, sender: &str) -> Option<Vacation> {
    let raw = format!("{header}\r\n");
    let mail = Mail { sender, recipient: "<me@example.org>", ..mail_of(raw.as_bytes()) };
    let script = format!("require [\"vacation\", \"vacation-seconds\", \"variables\"]; {script}");
    let outcome = outcome_of(&script, &mail);
    assert_eq!(outcome.error, None);
    let mut actions = outcome.actions;
    // An answer does not keep the mail from being kept.
    assert_eq!(actions.pop(), Some(Action::Keep { flags: None }));
    match actions.pop() {
        Some(Action::Vacation(vacation)) => Some(vacation),
        other => {
            assert_eq!(other, None);
            None
        }
    }
}

const TO_ME: &str = "To: me@EXAMPLE.org\r\nSubject: =?utf-8?q?H=C3=B6hn?=\r\n";

#[test]
fn an_answer_has_all_that_sending_it_takes() {
    let answer = answers("vacation \"Away.\";", TO_ME, "you@example.com").unwrap();
    let again = answers("vacation \"Away.\";", "Cc: me@example.org\r\n", "x@example.com").unwrap();
    assert_eq!(answer.handle, again.handle);
    assert_eq!(again.subject, "Automated reply");
    let expected = Vacation {
        to: "you@example.com".into(),
        from: None,
        subject: "Auto: Höhn".into(),
        reason: "Away.".into(),
        mime: false,
        addresses: vec![],
        seconds: 7 * 86_400,
        handle: answer.handle.clone(),
    };
    assert_eq!(answer, expected);
    let full = "set \"s\" \"a${unicode}b\"; vacation :days 3 :subject \"Out\n${s}\" :from \"Me <me@example.org>\" \
        :addresses [\"m@example.net\"] :mime :handle \"h\" text:\nContent-Type: text/plain\n\nx\n.\n;";
    let answer = answers(full, "To: m@Example.NET\r\n", "<you@example.com>").unwrap();
    let expected = Vacation {
        to: "you@example.com".into(),
        from: Some("Me <me@example.org>".into()),
        subject: "Out  ab".into(),
        reason: "Content-Type: text/plain\r\n\r\nx\r\n".into(),
        mime: true,
        addresses: vec!["m@example.net".into()],
        seconds: 3 * 86_400,
        handle: "h".into(),
    };
    assert_eq!(answer, expected);
}

#[test]
fn handles_differ_where_answers_differ() {
    let handle = |script: &str| answers(script, TO_ME, "you@example.com").unwrap().handle;
    let scripts = [
        "vacation \"a\";",
        "vacation \"b\";",
        "vacation :mime \"a\";",
        "vacation :subject \"a\" \"a\";",
        "vacation :subject \"aa\" \"\";",
        "vacation :subject \"\" \"a\";",
        "vacation :from \"a@b.example\" \"a\";",
    ];
    let mut handles: Vec<_> = scripts.iter().map(|script| handle(script)).collect();
    handles.sort();
    handles.dedup();
    assert_eq!(handles.len(), scripts.len());
    assert_eq!(handle("vacation :days 1 \"a\";"), handle("vacation :days 9 \"a\";"));
}

#[test]
fn periods_are_bounded() {
    for (tag, expected) in [
        (":days 0", 86_400),
        (":days 1", 86_400),
        (":days 400", 365 * 86_400),
        (":days 18446744073709551615", 365 * 86_400),
        (":seconds 0", 0),
        (":seconds 1800", 1_800),
        (":seconds 2147483647", 365 * 86_400),
    ] {
        let script = format!("vacation {tag} \"a\";");
        assert_eq!(answers(&script, TO_ME, "you@example.com").unwrap().seconds, expected, "{tag}");
    }
}

#[test]
fn only_mail_of_people_to_this_person_is_answered() {
    let person = "you@example.com";
    for (header, sender, expected) in [
        (TO_ME, person, true),
        ("Resent-Bcc: x@y, Me <me@example.org>\r\n", person, true),
        ("To: g: me@example.org;\r\n", person, true),
        ("To: other@example.org\r\n", person, false),
        ("", person, false),
        (TO_ME, "", false),
        (TO_ME, "<>", false),
        (TO_ME, "someone", false),
        (TO_ME, "a,b@example.com", false),
        (TO_ME, "Me@example.org", false),
        (TO_ME, "MAILER-DAEMON@example.com", false),
        (TO_ME, "owner-list@example.com", false),
        (TO_ME, "list-request@example.com", false),
        (TO_ME, "listserv@example.com", false),
        (TO_ME, "majordomo@example.com", false),
        ("To: me@example.org\r\nAuto-Submitted: auto-replied; x=y\r\n", person, false),
        ("To: me@example.org\r\nAuto-Submitted: NO\r\n", person, true),
        ("To: me@example.org\r\nList-Id: <a.b>\r\n", person, false),
        ("To: me@example.org\r\nList-Unsubscribe: <mailto:a@b>\r\n", person, false),
        ("To: me@example.org\r\nPrecedence: Bulk\r\n", person, false),
        ("To: me@example.org\r\nPrecedence: first-class\r\n", person, true),
    ] {
        let answered = answers("vacation \"a\";", header, sender).is_some();
        assert_eq!(answered, expected, "{sender} {header}");
    }
}

#[test]
fn a_second_vacation_is_an_error() {
    let outcome = run("require \"vacation\"; vacation \"a\";\n vacation \"b\";", TO_ME);
    assert_eq!(shown(&outcome), ["keep"]);
    let error = outcome.error.unwrap();
    assert_eq!((error.line, error.column), (2, 2));
}

#[test]
fn an_answer_is_the_same_whatever_its_variables_hold() {
    let script =
        "if header :matches \"subject\" \"*\" { vacation :subject \"Automatic: ${1}\" \"Away: ${1}.\"; }";
    let answer = |subject: &str| {
        answers(script, &format!("To: me@example.org\r\nSubject: {subject}\r\n"), "you@example.com").unwrap()
    };
    let (lunch, dinner) = (answer("lunch"), answer("dinner"));
    assert_eq!((lunch.subject.as_str(), lunch.reason.as_str()), ("Automatic: lunch", "Away: lunch."));
    assert_eq!((dinner.subject.as_str(), dinner.reason.as_str()), ("Automatic: dinner", "Away: dinner."));
    assert_eq!(lunch.handle, dinner.handle);
    let named = "set \"h\" \"b\"; vacation :handle \"a${h}\" \"x\";";
    assert_eq!(answers(named, TO_ME, "you@example.com").unwrap().handle, "ab");
}

#[test]
fn the_sender_of_an_answer_may_be_several() {
    let from = "Me <me@example.org>, \\\"a, b\\\" <c@d.example>,e@f.example";
    let script = format!("vacation :from \"{from}\" \"x\";");
    let answer = answers(&script, TO_ME, "you@example.com").unwrap();
    assert_eq!(answer.from.unwrap(), "Me <me@example.org>, \"a, b\" <c@d.example>,e@f.example");
}

#[test]
fn the_header_of_a_mime_answer_is_ascii() {
    let body = "vacation :mime \"Content-Type: text/plain; charset=utf-8\r\n\r\nü\";";
    assert!(answers(body, TO_ME, "you@example.com").unwrap().reason.ends_with("\r\n\r\nü"));
    let outcome = run(
        "require [\"vacation\", \"variables\"]; set \"u\" \"ü\"; vacation :mime \"X: ${u}\r\n\r\nx\";",
        TO_ME,
    );
    assert_eq!(shown(&outcome), ["keep"]);
    assert!(outcome.error.is_some());
}

#[test]
fn an_answer_goes_with_every_other_action_but_a_refusal() {
    for (commands, expected) in [
        ("vacation \"x\"; discard;", vec!["vacation bounce+x@Example.COM"]),
        ("discard; vacation \"x\";", vec!["vacation bounce+x@Example.COM"]),
        ("vacation \"x\"; keep;", vec!["vacation bounce+x@Example.COM", "keep"]),
        ("fileinto \"A\"; vacation \"x\";", vec!["file A", "vacation bounce+x@Example.COM"]),
        ("vacation \"x\"; redirect \"a@b\";", vec!["vacation bounce+x@Example.COM", "redirect a@b"]),
    ] {
        let script = format!("require [\"vacation\", \"fileinto\"]; {commands}");
        assert_eq!(does(&script, "To: you+list@example.org\r\n\r\n"), expected, "{commands}");
    }
}
