//! Documents: what may be longer than one value.
//!
//! A short document is one value. A long one is a head at the document's key, and chunks that never change once written:
//! their keys name their owner and the hash of the whole, so that writing a document anew never disturbs a reader of the
//! old one. The head is written by the commit that the document belongs to; its chunks go into the same commit if they
//! fit, else into commits before it. Chunks are taken away by owner only, when all its documents are.
//!
//! Not here: what the documents say.

use super::{
    Commit, Committed, ENTRIES_AT_MOST, Key, OPERATIONS_AT_MOST, Range, RequestFault, Revision, Store, StoreFault,
    VALUE_AT_MOST, Versioned,
};
use sha2::{Digest as _, Sha256};

/// The longest document, in bytes.
pub const DOCUMENT_AT_MOST: usize = 4 * 1024 * 1024;

/// A commit that may hold documents.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The commit itself. It may be added to before and after staging documents.
    pub commit: Commit,
    chunks: Vec<(Key, Vec<u8>)>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Batch {
        Batch::default()
    }

    /// Puts a document at `key`. Its chunks, if it needs any, belong to `owner`.
    pub fn put_document(&mut self, key: Key, owner: &str, bytes: &[u8]) -> Result<(), RequestFault> {
        if bytes.len() > DOCUMENT_AT_MOST {
            return Err(RequestFault::DocumentTooLong { key, bytes: bytes.len() });
        }
        if bytes.len() < VALUE_AT_MOST {
            self.commit.put(key, [&[INLINE], bytes].concat());
            return Ok(());
        }
        let hash = hash(bytes);
        for (number, chunk) in (0..).zip(bytes.chunks(VALUE_AT_MOST)) {
            let key = chunk_key(owner, &hash, number);
            // Two documents of one owner may be the same.
            if !self.chunks.iter().any(|(staged, _)| *staged == key) {
                self.chunks.push((key, chunk.to_vec()));
            }
        }
        self.commit.put(key, Head { owner: owner.to_owned(), length: bytes.len(), hash }.to_bytes());
        Ok(())
    }

    /// Writes the chunks that do not fit into the commit, then the commit. If the commit meets a conflict, chunks written
    /// before it stay until their owner's are removed; nobody ever sees them.
    pub async fn write(self, store: &dyn Store) -> Result<Committed, StoreFault> {
        let Batch { mut commit, mut chunks } = self;
        commit.check()?;
        if commit.writes() + chunks.len() > OPERATIONS_AT_MOST {
            let chunks = std::mem::take(&mut chunks);
            for some in chunks.chunks(OPERATIONS_AT_MOST) {
                store.commit(Commit { puts: some.to_vec(), ..Commit::default() }).await?;
            }
        }
        commit.puts.append(&mut chunks);
        store.commit(commit).await
    }
}

/// A document as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The whole of it.
    pub bytes: Vec<u8>,
    /// The revision of the commit that wrote it.
    pub revision: Revision,
}

/// Reads a document. Missing or damaged chunks are an unreadable record.
pub async fn read(store: &dyn Store, key: &Key) -> Result<Option<Document>, StoreFault> {
    let mut held = store.get(key).await?;
    loop {
        let Some(Versioned { value, revision }) = held else {
            return Ok(None);
        };
        let cause = match assemble(store, &value).await? {
            Ok(bytes) => return Ok(Some(Document { bytes, revision })),
            Err(cause) => cause,
        };
        // The document may have been removed between the two readings, its chunks first.
        let again = store.get(key).await?;
        if again.as_ref().map(|again| again.revision) == Some(revision) {
            return Err(StoreFault::Unreadable { key: key.clone(), cause });
        }
        held = again;
    }
}

/// Assembles a document from a value that was read at its key, by a range for example. The inner error says what is
/// wrong with it.
pub async fn assemble(store: &dyn Store, value: &[u8]) -> Result<Result<Vec<u8>, String>, StoreFault> {
    let head = match value.split_first() {
        Some((&INLINE, bytes)) => return Ok(Ok(bytes.to_vec())),
        Some((&CHUNKED, head)) => Head::from_bytes(head),
        _ => None,
    };
    let Some(head) = head else {
        return Ok(Err("it is not a document".to_owned()));
    };
    let mut bytes = Vec::with_capacity(head.length);
    let mut range = Range::under(&document_chunks(&head.owner, &head.hash));
    loop {
        let page = store.range(range.clone()).await?;
        for entry in &page.entries {
            bytes.extend_from_slice(&entry.value);
        }
        match page.entries.last() {
            Some(last) if page.more => range = range.beyond(&last.key),
            _ => break,
        }
    }
    if bytes.len() != head.length {
        return Ok(Err(format!("{} of its {} bytes are there", bytes.len(), head.length)));
    }
    if hash(&bytes) != head.hash {
        return Ok(Err("its bytes do not have the hash that was stored with them".to_owned()));
    }
    Ok(Ok(bytes))
}

/// Takes away all chunks of an owner, in as many commits as it takes. The heads belong to whoever put them, and should be
/// gone before: what a head without chunks leaves is an unreadable document.
pub async fn remove_chunks(store: &dyn Store, owner: &str) -> Result<(), StoreFault> {
    let range = Range::under(&chunks_of(owner)).limit(OPERATIONS_AT_MOST.min(ENTRIES_AT_MOST));
    loop {
        let page = store.range(range.clone()).await?;
        if page.entries.is_empty() {
            return Ok(());
        }
        let deletes = page.entries.into_iter().map(|entry| entry.key).collect();
        store.commit(Commit { deletes, ..Commit::default() }).await?;
        if !page.more {
            return Ok(());
        }
    }
}

/// Takes away the chunks of an owner that belong to none of these values. Nobody may be writing for that owner any more.
pub async fn remove_other_chunks(store: &dyn Store, owner: &str, values: &[&[u8]]) -> Result<(), StoreFault> {
    let kept: Vec<String> = values
        .iter()
        .filter_map(|value| match value.split_first() {
            Some((&CHUNKED, head)) => Head::from_bytes(head).map(|head| head.hash),
            _ => None,
        })
        .collect();
    let prefix = chunks_of(owner);
    let is_kept = |key: &Key| {
        let hash = key.parts_after(&prefix).and_then(|mut parts| parts.text());
        hash.is_none_or(|hash| kept.contains(&hash))
    };
    let mut range = Range::under(&prefix).limit(OPERATIONS_AT_MOST.min(ENTRIES_AT_MOST));
    loop {
        let page = store.range(range.clone()).await?;
        let last = page.entries.last().map(|entry| entry.key.clone());
        let deletes: Vec<Key> = page.entries.into_iter().map(|entry| entry.key).filter(|key| !is_kept(key)).collect();
        if !deletes.is_empty() {
            store.commit(Commit { deletes, ..Commit::default() }).await?;
        }
        match last {
            Some(last) if page.more => range = range.beyond(&last),
            _ => return Ok(()),
        }
    }
}

/// The prefix of all chunks, whoever owns them: for exports and for counting.
pub fn all_chunks() -> Key {
    Key::kind("chunk")
}

/// The prefix of all chunks of an owner.
pub fn chunks_of(owner: &str) -> Key {
    all_chunks().text(owner)
}

/// To whom the chunks of the document with this value belong; none where it has no chunks.
pub fn owner(value: &[u8]) -> Option<String> {
    match value.split_first() {
        Some((&CHUNKED, head)) => Head::from_bytes(head).map(|head| head.owner),
        _ => None,
    }
}

const INLINE: u8 = 0;
const CHUNKED: u8 = 1;

struct Head {
    owner: String,
    length: usize,
    hash: String,
}

impl Head {
    fn to_bytes(&self) -> Vec<u8> {
        let head = serde_json::json!({ "owner": self.owner, "length": self.length, "sha256": self.hash });
        [&[CHUNKED], head.to_string().as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Head> {
        let head: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        let length = usize::try_from(head["length"].as_u64()?).ok().filter(|length| *length <= DOCUMENT_AT_MOST)?;
        Some(Head { owner: head["owner"].as_str()?.to_owned(), length, hash: head["sha256"].as_str()?.to_owned() })
    }
}

fn document_chunks(owner: &str, hash: &str) -> Key {
    chunks_of(owner).text(hash)
}

fn chunk_key(owner: &str, hash: &str, number: u64) -> Key {
    document_chunks(owner, hash).number(number)
}

fn hash(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
