//! Which bytes are meant: the file, what is inside its gzip, or a member of an archive?

use crate::ImportError;
use crate::private::create_directory;
use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;
use std::rc::Rc;
use zip::ZipArchive;

/// Archives inside archives are followed this deep.
const DEPTH_MAX: usize = 4;
const BUFFER_BYTES: usize = 128 * 1024;
/// The byte order mark of UTF-8.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// How many bytes of the beginning are looked at for what no text holds.
const N_LOOKED_AT: usize = 512;
/// What a workbook of Excel's has in its archive, and how one of before 2007 begins.
const WORKBOOK: &str = "xl/workbook.xml";
const OLD_WORKBOOK: [u8; 4] = [0xD0, 0xCF, 0x11, 0xE0];
const NO_TABLE: &str = "is an Excel workbook and no text table: save it as CSV in UTF-8, and import that";

/// What the first bytes say the content is.
pub(super) enum Kind {
    Empty,
    Tar,
    /// No text: it holds zero bytes.
    Binary,
    Parquet(File),
    /// Text, with its first byte that is no space.
    Text(u8),
}

/// A source's bytes, after unpacking and without a byte order mark.
pub(super) struct Opened {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) reader: Box<dyn BufRead>,
    /// The size of the file that is read, as it lies on the disk.
    pub(super) total: u64,
    pub(super) counted: Counted,
}

/// How many bytes of the file were read.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted(Rc<Cell<u64>>);

impl Counted {
    pub(super) fn bytes(&self) -> u64 {
        self.0.get()
    }
}

struct Counting<R> {
    inner: R,
    counted: Counted,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.counted.0.set(self.counted.0.get() + n as u64);
        Ok(n)
    }
}

pub(super) fn open(path: &Path, member: Option<&str>, scratch: &Path) -> Result<Opened, ImportError> {
    let shown = path.display().to_string();
    let cannot_open = |source| ImportError::Open { path: shown.clone(), source };
    let mut file = File::open(path).map_err(cannot_open)?;
    let mut name = path.file_name().map_or_else(|| shown.clone(), |name| name.to_string_lossy().into_owned());
    let mut wanted: Vec<&str> = member.map(|member| member.split('!').collect()).unwrap_or_default();
    for _ in 0..DEPTH_MAX {
        let magic = peek(&mut file).map_err(cannot_open)?;
        if magic == OLD_WORKBOOK {
            return Err(ImportError::Format { name, problem: NO_TABLE.to_owned() });
        }
        if !magic.starts_with(b"PK\x03\x04") && !magic.starts_with(b"PK\x05\x06") {
            let damaged = |error| ImportError::Format {
                name: name.clone(),
                problem: format!("cannot be read ({error}): it is damaged or incomplete; get it again"),
            };
            return classify(file, name.clone(), &magic).map_err(damaged);
        }
        let (inner, chosen) = unpack(file, &name, &mut wanted, scratch)?;
        name = format!("{name}!{chosen}");
        file = inner;
    }
    Err(ImportError::Format { name, problem: format!("holds archives inside archives more than {DEPTH_MAX} deep") })
}

fn peek(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut magic = Vec::with_capacity(4);
    file.take(4).read_to_end(&mut magic)?;
    file.rewind()?;
    Ok(magic)
}

fn classify(file: File, name: String, magic: &[u8]) -> std::io::Result<Opened> {
    let total = file.metadata()?.len();
    let counted = Counted::default();
    if magic == b"PAR1" {
        let reader: Box<dyn BufRead> = Box::new(std::io::empty());
        return Ok(Opened { name, kind: Kind::Parquet(file), reader, total, counted });
    }
    let raw = BufReader::with_capacity(BUFFER_BYTES, Counting { inner: file, counted: counted.clone() });
    let mut reader: Box<dyn BufRead> = if magic.starts_with(&[0x1F, 0x8B]) {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, flate2::bufread::MultiGzDecoder::new(raw)))
    } else {
        Box::new(raw)
    };
    let start = reader.fill_buf()?;
    if start.starts_with(BOM) {
        reader.consume(BOM.len());
    }
    let start = reader.fill_buf()?;
    let kind = if start.get(257..262) == Some(b"ustar") {
        Kind::Tar
    } else if start.iter().take(N_LOOKED_AT).any(|byte| *byte == 0) {
        Kind::Binary
    } else {
        match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(first) => Kind::Text(*first),
            None => Kind::Empty,
        }
    };
    Ok(Opened { name, kind, reader, total, counted })
}

/// Unpacks the wanted member, or the only one, into a nameless file.
fn unpack(file: File, name: &str, wanted: &mut Vec<&str>, scratch: &Path) -> Result<(File, String), ImportError> {
    let wrong = |problem: String| ImportError::Format { name: name.to_owned(), problem };
    let damaged = |error: zip::result::ZipError| wrong(format!("is a damaged archive ({error}): get it again"));
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    let mut members = Vec::new();
    for entry in archive.file_names() {
        let entry = entry.map_err(damaged)?.into_owned();
        if !entry.ends_with('/') {
            members.push(entry);
        }
    }
    members.sort();
    if members.iter().any(|member| member == WORKBOOK) {
        return Err(wrong(NO_TABLE.to_owned()));
    }
    let chosen = match wanted.iter().position(|member| members.iter().any(|entry| entry == member)) {
        Some(at) => {
            let chosen = wanted.get(at).map(|member| (*member).to_owned()).unwrap_or_default();
            wanted.drain(..=at);
            chosen
        }
        None => match members.as_slice() {
            [only] => only.clone(),
            [] => return Err(wrong("is an empty archive: there is nothing to import".to_owned())),
            several => {
                let shown: Vec<&str> = several.iter().take(8).map(String::as_str).collect();
                let sought = wanted.first().map(|member| format!(", but no {member:?}")).unwrap_or_default();
                return Err(wrong(format!(
                    "is an archive of {} files ({}{}){sought}: name one in the mapping with [source] member",
                    several.len(),
                    shown.join(", "),
                    if several.len() > shown.len() { ", …" } else { "" },
                )));
            }
        },
    };
    let cannot = |source| ImportError::Unpack { name: format!("{name}!{chosen}"), dir: scratch.to_owned(), source };
    let mut member = archive.by_name(&chosen).map_err(damaged)?;
    create_directory(scratch).map_err(cannot)?;
    let mut unpacked = tempfile::tempfile_in(scratch).map_err(cannot)?;
    std::io::copy(&mut member, &mut unpacked).map_err(cannot)?;
    unpacked.rewind().map_err(cannot)?;
    drop(member);
    Ok((unpacked, chosen))
}
