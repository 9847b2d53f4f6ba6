//! Charsets and case folding are the platform's: the same answers natively and in every browser.
#![allow(clippy::unwrap_used)]

use offline_mailbox::mime::charset::{decode, is_known};
use offline_mailbox::mime::text::fold;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test;

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn charsets_of_every_family_decode() {
    for (charset, octets, text) in [
        ("UTF-8", "grüß".as_bytes(), "grüß"),
        ("us-ascii", b"plain", "plain"),
        ("ISO-8859-1", b"gr\xfc\xdf", "grüß"),
        ("iso-8859-2", b"\xb1", "ą"),
        ("iso-8859-15", b"\xa4", "€"),
        ("windows-1252", b"\x80\x95", "€•"),
        ("cp1251", b"\xcf", "П"),
        ("koi8-r", b"\xf0", "П"),
        ("gb2312", b"\xc4\xe3\xba\xc3", "你好"),
        ("GB18030", b"\xc4\xe3", "你"),
        ("cp936", b"\xc4\xe3", "你"),
        ("Big5", b"\xa7\x41", "你"),
        ("Shift_JIS", b"\x82\xa0", "あ"),
        ("ISO-2022-JP", b"\x1b$B$\"\x1b(B", "あ"),
        ("euc-jp", b"\xa4\xa2", "あ"),
        ("euc-kr", b"\xb0\xa1", "가"),
        ("ks_c_5601-1987", b"\xb0\xa1", "가"),
        ("utf-16", b"\xfe\xff\x00a", "a"),
        ("utf-16", b"\xff\xfea\x00", "a"),
        ("utf-16le", b"a\x00", "a"),
        ("utf-7", b"Hi +AOk-! +- +2D3eAA", "Hi é! + 😀"),
        ("utf-8", b"\xef\xbb\xbfx", "x"),
    ] {
        assert_eq!(decode(charset, octets).as_deref(), Some(text), "{charset}");
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn s148_unknown_charsets_say_so() {
    for name in ["", "x-nobody", "iso-2022-kr", "hz-gb-2312", "replacement", &"a".repeat(99)] {
        assert!(!is_known(name), "{name}");
    }
    assert_eq!(decode("utf-8", b"\xff").as_deref(), Some("\u{fffd}"));
    assert_eq!(decode("utf-7", b"+2D0-\xff").as_deref(), Some("\u{fffd}\u{fffd}"));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn s148_letters_that_differ_in_case_or_form_only_are_the_same() {
    for (one, other) in [
        ("STRASSE straße STRAẞE", "strasse strasse strasse"),
        ("ΟΔΥΣΣΕΥΣ Ὀδυσσεύς", "οδυσσευσ ὀδυσσεύσ"),
        ("İstanbul ıs", "i\u{307}stanbul is"),
        ("ﬁne ™ ½ …", "fine tm 1⁄2 ..."),
        ("e\u{301} É", "é é"),
        ("ＡＢＣ ｱｶﾞ", "abc アガ"),
        ("ПРИВЕТ", "привет"),
        ("soft\u{ad}hy\u{200b}phen\u{fe0f}", "softhyphen"),
        ("ǅ ŉ ᾳ", "dž ʼn αι"),
    ] {
        assert_eq!(fold(one), other);
        assert_eq!(fold(other), other);
    }
}
