//! The archives that are extracted.

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::path::EntryPath;
use rawzip::{CompressionMethod, ZipArchiveWriter};
use std::io::Write;
use turnkey_conformance::zip_slip::{MEMBERS, Member, What};
use turnkey_examples::Failure;

/// Archives of the same files by two programs that have nothing in common: Info-ZIP's zip 3.0 and
/// Python 3.11's `zipfile`.
pub(crate) const BY_OTHERS: [(&str, &[u8]); 2] = [
    ("zip", include_bytes!("by-zip.zip")),
    ("Python", include_bytes!("by-python.zip")),
];

/// A file that was packed: its name, and what it holds.
pub(crate) type Packed = (&'static str, Vec<u8>);

/// What those two packed.
pub(crate) fn packed() -> Vec<Packed> {
    let numbers: Vec<String> = (0..10_000).map(|number| format!("{number}\n")).collect();
    let noise = std::iter::successors(Some(48_271), |x: &u64| Some(x * 48_271 % 2_147_483_647));
    let noise = noise.map(|x| x.to_le_bytes()[2]).take(3_000).collect();
    vec![
        ("hello.txt", b"hello, world\n".to_vec()),
        ("zeros.bin", vec![0; 100_000]),
        ("dir/numbers.txt", numbers.concat().into_bytes()),
        ("dir/inner/noise.bin", noise),
    ]
}

/// The members of an archive that leads out of the directory in every way that an archive can.
pub(crate) fn hostile_members() -> impl Iterator<Item = &'static Member> {
    let members = MEMBERS.iter();
    members.filter(|member| matches!(member.what, What::File | What::Link(_)))
}

/// What each of its files holds.
pub(crate) const CONTENTS: &[u8] = b"extracted, extracted, extracted";

/// That archive.
pub(crate) fn hostile() -> Result<Vec<u8>, Failure> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for member in hostile_members() {
        let (mode, contents) = match member.what {
            What::Link(target) => (0o120_777, target.as_bytes()),
            _ => (0o100_644, CONTENTS),
        };
        let (mut entry, config) = archive
            .new_file(EntryPath::verbatim(member.name.as_bytes()))
            .compression_method(CompressionMethod::DEFLATE)
            .unix_permissions(mode)
            .start()?;
        let encoder = DeflateEncoder::new(&mut entry, Compression::default());
        let mut writer = config.wrap(encoder);
        writer.write_all(contents)?;
        let (encoder, descriptor) = writer.finish()?;
        encoder.finish()?;
        entry.finish(descriptor)?;
    }
    Ok(archive.finish()?)
}
