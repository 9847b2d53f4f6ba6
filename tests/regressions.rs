//! Every input that once broke a parser, and those the fuzzer starts from:
//! `fuzz/regressions/CHECK/*` and `fuzz/seeds/CHECK/*`.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use offline_mailbox::testing::totality::CHECKS;

#[test]
fn inputs_that_once_broke_a_parser_do_so_no_more() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut inputs = 0;
    for folder in ["seeds", "regressions"] {
        let Ok(folders) = fs::read_dir(fuzz.join(folder)) else { continue };
        for each in folders {
            let each = each.unwrap();
            let name = each.file_name().into_string().unwrap();
            let (_, check) = CHECKS.iter().find(|(known, _)| *known == name).unwrap();
            for file in fs::read_dir(each.path()).unwrap() {
                check(&fs::read(file.unwrap().path()).unwrap());
                inputs += 1;
            }
        }
    }
    assert!(inputs >= CHECKS.len(), "each check has a seed");
}
