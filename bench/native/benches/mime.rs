//! Reading mail: all that is stored of a message, and each of its pieces. Not here: the store.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use offline_mailbox::mime::encoded_word::decode_header_text;
use offline_mailbox::mime::part::parts;
use offline_mailbox::mime::{
    BodyStructure, Envelope, Layout, ListRow, RowFields, charset, extract, header, html,
};
use offline_mailbox_bench::{Group, Sizes, bench, octets, raw_mail, rows, settings};

/// `Привет, мир! ` in KOI8-R.
const KOI8: &[u8] = b"\xf0\xd2\xc9\xd7\xc5\xd4, \xcd\xc9\xd2! ";

fn messages(c: &mut Criterion) {
    let mut group = c.benchmark_group("mime");
    let real = raw_mail(Sizes::Real, 200);
    let short = raw_mail(Sizes::Short, 1000);
    for (name, batch) in [("extract", &real), ("extract-short", &short)] {
        group.throughput(Throughput::Bytes(octets(batch)));
        bench(
            &mut group,
            name,
            || batch,
            |batch| batch.iter().map(|raw| black_box(extract(raw)).text.len()).sum::<usize>(),
            |batch, text| {
                assert!(text > 100 * batch.len(), "{text} octets of text");
                let read = |raw: &Vec<u8>| {
                    let found = extract(raw);
                    let addressed = found.row.from.iter().all(|from| from.address.contains('@'));
                    addressed && !found.row.subject.is_empty() && !found.thread_keys.is_empty()
                };
                assert!(batch.iter().all(read));
            },
        );
    }
    group.throughput(Throughput::Bytes(octets(&real)));
    bench(
        &mut group,
        "parts",
        || &real,
        |real| real.iter().map(|raw| black_box(parts(raw)).len()).sum::<usize>(),
        |real, count| {
            // Each delimiter but the last one of a multipart opens a part.
            let delimiters = real.iter().map(|raw| count_of(raw, b"\r\n--=_")).sum::<usize>();
            let closed = real.iter().map(|raw| count_of(raw, b"--\r\n")).sum::<usize>();
            assert_eq!(count, real.len() + delimiters - closed);
        },
    );
    group.throughput(Throughput::Elements(real.len() as u64));
    bench(
        &mut group,
        "body-structure",
        || real.iter().map(|raw| (raw, Layout::parse(raw))).collect::<Vec<_>>(),
        |real| real.iter().map(|(raw, layout)| black_box(BodyStructure::read(raw, layout)).parts.len()).sum(),
        |real, children: usize| {
            let all = real.iter().map(|(_, layout)| layout.parts().len()).sum::<usize>();
            assert_eq!(children, all - real.len(), "nothing is nested deeper than one level here");
        },
    );
    let headers: Vec<&[u8]> = short.iter().map(|raw| header::split(raw).header).collect();
    group.throughput(Throughput::Bytes(octets(&headers)));
    bench(
        &mut group,
        "envelope",
        || &headers,
        |headers| headers.iter().map(|header| black_box(Envelope::parse(header)).to.len()).sum::<usize>(),
        |headers, recipients| {
            assert!((headers.len()..headers.len() * 3).contains(&recipients), "{recipients} recipients");
            assert!(headers.iter().all(|header| Envelope::parse(header).message_id.is_some()));
        },
    );
    group.finish();
}

fn count_of(octets: &[u8], wanted: &[u8]) -> usize {
    octets.windows(wanted.len()).filter(|window| *window == wanted).count()
}

fn list_rows(c: &mut Criterion) {
    const ROWS: usize = 2000;
    let mut group = c.benchmark_group("mime");
    group.throughput(Throughput::Elements(ROWS as u64));
    bench(
        &mut group,
        "row-encode",
        || rows(ROWS),
        |rows| encoded(rows),
        |rows, encoded| {
            assert_eq!(decoded(&encoded, RowFields::ALL), *rows);
        },
    );
    for (name, fields) in [("row-decode", RowFields::ALL), ("row-decode-subject", RowFields::SUBJECT)] {
        bench(
            &mut group,
            name,
            || encoded(&rows(ROWS)),
            |encoded| decoded(encoded, fields),
            |_, decoded| {
                let rows = rows(ROWS);
                match fields == RowFields::ALL {
                    true => assert_eq!(decoded, rows),
                    false => assert!(
                        decoded.iter().map(|row| &row.subject).eq(rows.iter().map(|row| &row.subject))
                    ),
                }
            },
        );
    }
    group.finish();
}

fn encoded(rows: &[ListRow]) -> Vec<u8> {
    let mut encoded = Vec::new();
    rows.iter().for_each(|row| row.encode(&mut encoded));
    encoded
}

fn decoded(mut encoded: &[u8], fields: RowFields) -> Vec<ListRow> {
    let mut rows = Vec::new();
    while !encoded.is_empty() {
        let (row, length) = ListRow::decode_fields(encoded, fields).expect("a row as it was written");
        rows.push(row);
        encoded = &encoded[length..];
    }
    rows
}

fn texts(c: &mut Criterion) {
    let mut group = c.benchmark_group("mime");
    encoded_words(&mut group);
    let koi8 = KOI8.repeat(5000);
    group.throughput(Throughput::Bytes(koi8.len() as u64));
    bench(
        &mut group,
        "charset",
        || koi8,
        |koi8| charset::decode("koi8-r", koi8),
        |_, text| {
            assert_eq!(text.as_deref(), Some("Привет, мир! ".repeat(5000).as_str()));
        },
    );
    let pages = html_pages();
    group.throughput(Throughput::Bytes(octets(&pages)));
    bench(
        &mut group,
        "html",
        || pages,
        |pages| pages.iter().map(|page| black_box(html::to_text(page)).len()).sum::<usize>(),
        |pages, length| {
            let texts: Vec<String> = pages.iter().map(|page| html::to_text(page)).collect();
            assert_eq!(length as u64, octets(&texts));
            for (page, text) in pages.iter().zip(&texts) {
                assert!(
                    text.split_whitespace().eq(paragraphs(page).flat_map(str::split_whitespace)),
                    "{text}"
                );
            }
        },
    );
    group.finish();
}

fn encoded_words(group: &mut Group<'_>) {
    let mail = raw_mail(Sizes::Short, 2000);
    let mut values: Vec<&[u8]> = mail
        .iter()
        .filter_map(|raw| header::first_value(header::split(raw).header, "Subject"))
        .filter(|value| value.windows(2).any(|window| window == b"=?"))
        .collect();
    values.extend([b" =?iso-8859-1?Q?Gr=FC=DFe_aus_M=FCnchen?=".as_slice(); 200]);
    group.throughput(Throughput::Bytes(octets(&values)));
    bench(
        group,
        "encoded-words",
        || values,
        |values| values.iter().map(|value| black_box(decode_header_text(value)).len()).sum::<usize>(),
        |values, _| {
            let texts: Vec<String> = values.iter().map(|value| decode_header_text(value)).collect();
            assert!(texts.len() > 500, "{} texts", texts.len());
            assert!(texts.iter().all(|text| !text.is_ascii() && !text.contains("=?")));
            assert_eq!(texts.last().map(|text| text.trim()), Some("Grüße aus München"));
        },
    );
}

/// What is between the marks of the generator's paragraphs, in which nothing is marked.
fn paragraphs(page: &str) -> impl Iterator<Item = &str> {
    page.split("<p ").skip(1).filter_map(|rest| rest.split(['<', '>']).nth(1))
}

/// The HTML of messages that have some.
fn html_pages() -> Vec<String> {
    let mut pages = Vec::new();
    for raw in raw_mail(Sizes::Texts, 500) {
        for part in parts(&raw).iter().filter(|part| part.content_type.is("text", "html")) {
            let octets = part.encoding.decode(&raw[part.body.clone()], usize::MAX);
            pages.push(String::from_utf8(octets.into_owned()).expect("the generator writes UTF-8"));
        }
    }
    pages.retain(|page| page.contains("<p "));
    assert!(pages.len() > 100, "{} pages", pages.len());
    pages
}

criterion_group! { name = benches; config = settings(); targets = messages, list_rows, texts }
criterion_main!(benches);
