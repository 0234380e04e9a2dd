//! Records as JSON with a version, and what becomes of one that can't be read.
//!
//! Not here: the records themselves, and where they are kept.

use super::{Key, StoreFault};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Something that is stored as a JSON object with its version in the field `v`.
///
/// The version rises when an older rotabot could misread what the new one writes. Adding a field with a default that
/// means "as before" needs no new version.
pub trait Record: Serialize + DeserializeOwned {
    /// The version that this program writes.
    const VERSION: u32;

    /// Brings a record from `version` to `version + 1`. It is called step by step until [`Record::VERSION`] is reached.
    fn upgrade(version: u32, record: Value) -> Result<Value, String> {
        let _ = record;
        Err(format!("no way leads from version {version} to {}", version + 1))
    }
}

/// The bytes to store. Fails only for what is no JSON object, or has a field `v` of its own: a fault of the program.
pub fn encode<R: Record>(record: &R) -> Result<Vec<u8>, Unencodable> {
    let Value::Object(mut fields) = serde_json::to_value(record).map_err(|error| Unencodable(error.to_string()))?
    else {
        return Err(Unencodable("a record has to be a struct or an enum with a tag".to_owned()));
    };
    if fields.insert("v".to_owned(), Value::from(R::VERSION)).is_some() {
        return Err(Unencodable("a record has a field `v` of its own".to_owned()));
    }
    serde_json::to_vec(&fields).map_err(|error| Unencodable(error.to_string()))
}

/// The record in these bytes; what is wrong with them otherwise.
pub fn decode<R: Record>(bytes: &[u8]) -> Result<R, Undecodable> {
    let broken = |error: serde_json::Error| Undecodable::Broken { cause: error.to_string() };
    let mut record: Value = serde_json::from_slice(bytes).map_err(broken)?;
    let version = record.as_object_mut().and_then(|fields| fields.remove("v"));
    let Some(version) = version.and_then(|version| version.as_u64()).and_then(|version| u32::try_from(version).ok())
    else {
        return Err(Undecodable::Broken { cause: "it has no version".to_owned() });
    };
    if version > R::VERSION {
        return Err(Undecodable::Newer { version, known: R::VERSION });
    }
    for step in version..R::VERSION {
        record = R::upgrade(step, record).map_err(|cause| Undecodable::Broken { cause })?;
    }
    serde_json::from_value(record).map_err(broken)
}

/// Why a record can't be stored: a fault of the program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the record can't be encoded: {0}")]
pub struct Unencodable(String);

/// Why stored bytes are no record. One such record parks what it is about, and everything else goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// A newer rotabot wrote it.
    #[error("it has version {version}, and this rotabot knows {known}")]
    Newer {
        /// The record's version.
        version: u32,
        /// The newest version that this program can read.
        known: u32,
    },
    /// It is no record of this kind.
    #[error("{cause}")]
    Broken {
        /// What is wrong.
        cause: String,
    },
}

impl Undecodable {
    /// The same as the fault of a store.
    pub fn at(self, key: Key) -> StoreFault {
        StoreFault::Unreadable { key, cause: self.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Note {
        text: String,
        by: String,
    }

    impl Record for Note {
        const VERSION: u32 = 3;

        fn upgrade(version: u32, mut record: Value) -> Result<Value, String> {
            match version {
                1 => record["by"] = Value::from("nobody"),
                2 => record["text"] = record["words"].take(),
                _ => return Err("too old".to_owned()),
            }
            Ok(record)
        }
    }

    #[derive(Serialize, Deserialize)]
    struct Clash {
        v: u32,
    }

    impl Record for Clash {
        const VERSION: u32 = 1;
    }

    #[derive(Serialize, Deserialize)]
    struct Bare(u32);

    impl Record for Bare {
        const VERSION: u32 = 1;
    }

    fn note() -> Note {
        Note { text: "hello".to_owned(), by: "ann".to_owned() }
    }

    #[test]
    fn a_record_comes_back_and_says_its_version() {
        let bytes = encode(&note()).unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes), r#"{"by":"ann","text":"hello","v":3}"#);
        assert_eq!(decode::<Note>(&bytes), Ok(note()));
    }

    #[test]
    fn an_older_record_is_upgraded_step_by_step() {
        let upgraded = decode::<Note>(br#"{"v":1,"words":"hello"}"#).unwrap();
        assert_eq!(upgraded, Note { text: "hello".to_owned(), by: "nobody".to_owned() });
        assert_eq!(decode::<Note>(br#"{"v":0}"#), Err(Undecodable::Broken { cause: "too old".to_owned() }));
    }

    #[test]
    fn a_newer_record_and_a_broken_one_are_told_apart() {
        assert_eq!(decode::<Note>(br#"{"v":4}"#), Err(Undecodable::Newer { version: 4, known: 3 }));
        for broken in [&b"{\"v\":3,"[..], b"[]", b"{}", b"{\"v\":\"3\"}", b"{\"v\":3,\"text\":7}", b"\xff"] {
            assert!(matches!(decode::<Note>(broken), Err(Undecodable::Broken { .. })), "{broken:?}");
        }
    }

    #[test]
    fn what_could_not_be_told_apart_again_is_not_encoded() {
        assert!(encode(&Clash { v: 7 }).is_err());
        assert!(encode(&Bare(7)).is_err());
    }
}
