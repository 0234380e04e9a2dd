//! Keys: ordered bytes, built from a kind and parts so that no part can run into the next one.

use super::RequestFault;
use std::fmt;

/// The longest key a store takes, in bytes.
pub const KEY_AT_MOST: usize = 256;

/// An ordered sequence of bytes. It begins with a kind, and every part ends where the encoding says, so that keys sort by
/// kind, then part by part: texts by their bytes, numbers by their value.
///
/// A key short of its last parts is the prefix of all keys that continue it, see [`super::Range::under`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Vec<u8>);

impl Key {
    /// The prefix of all keys of a kind. No kind is the beginning of another one: the kind ends with a slash.
    pub fn kind(kind: &'static str) -> Key {
        debug_assert!(!kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        let mut bytes = Vec::with_capacity(48);
        bytes.extend_from_slice(kind.as_bytes());
        bytes.push(b'/');
        Key(bytes)
    }

    /// The key continued by a text. A zero byte ends it, so zeros inside the text (and the ones that escape them) are
    /// written as two bytes, in a way that keeps the order.
    #[must_use]
    pub fn text(mut self, part: &str) -> Key {
        for byte in part.bytes() {
            match byte {
                0 | 1 => self.0.extend_from_slice(&[1, byte + 1]),
                _ => self.0.push(byte),
            }
        }
        self.0.push(0);
        self
    }

    /// The key continued by a number: eight bytes, the greatest first.
    #[must_use]
    pub fn number(mut self, part: u64) -> Key {
        self.0.extend_from_slice(&part.to_be_bytes());
        self
    }

    /// A key as a store hands it back. Only stores and importers have use for it; keys of one's own are built.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Key {
        Key(bytes.into())
    }

    /// The bytes, as stores keep and sort them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Every store refuses keys that any store could not take, or that stores keep for themselves.
    pub fn check(&self) -> Result<(), RequestFault> {
        match self.0.first() {
            None | Some(0) => Err(RequestFault::ReservedKey { key: self.clone() }),
            Some(_) if self.0.len() > KEY_AT_MOST => Err(RequestFault::KeyTooLong { key: self.clone() }),
            Some(_) => Ok(()),
        }
    }

    /// Whether this key continues `prefix`.
    pub fn is_under(&self, prefix: &Key) -> bool {
        self.0.starts_with(&prefix.0)
    }

    /// The parts of a key that [`Key::text`] and [`Key::number`] appended to `prefix`, to be read in the same order.
    pub fn parts_after(&self, prefix: &Key) -> Option<Parts<'_>> {
        self.0.strip_prefix(prefix.0.as_slice()).map(Parts)
    }

    /// The smallest key greater than this one.
    pub fn successor(&self) -> Key {
        let mut bytes = self.0.clone();
        bytes.push(0);
        Key(bytes)
    }

    /// The smallest key greater than all that begin with this one; `None` if there is no such key.
    pub fn after_all_under(&self) -> Option<Key> {
        let last = self.0.iter().rposition(|byte| *byte != 0xff)?;
        let mut bytes = self.0[..=last].to_vec();
        bytes[last] += 1;
        Some(Key(bytes))
    }
}

/// The rest of a key, read part by part. Every reading is `None` where the bytes are not such a part.
#[derive(Debug, Clone)]
pub struct Parts<'a>(&'a [u8]);

impl Parts<'_> {
    /// The next part, put by [`Key::text`].
    pub fn text(&mut self) -> Option<String> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let mut text = Vec::with_capacity(end);
        let mut escaped = self.0[..end].iter();
        while let Some(byte) = escaped.next() {
            match byte {
                1 => text.push(escaped.next()?.checked_sub(1)?),
                _ => text.push(*byte),
            }
        }
        self.0 = &self.0[end + 1..];
        String::from_utf8(text).ok()
    }

    /// The next part, put by [`Key::number`].
    pub fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*number))
    }

    /// Whether all parts are read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_that_begins_like_another_sorts_before_it_and_is_not_under_it() {
        let short = Key::kind("lock").text("api");
        let long = Key::kind("lock").text("api-v2");
        assert!(short < long);
        assert!(!long.is_under(&short));
        assert!(long.is_under(&Key::kind("lock")));
    }

    #[test]
    fn nothing_lies_between_a_prefix_and_its_end() {
        let prefix = Key::kind("journal").text("api");
        let end = prefix.after_all_under().unwrap();
        assert!(prefix.clone().number(u64::MAX).text("\u{10ffff}") < end);
        assert!(Key::kind("journal").text("api-v2") > end);
        assert_eq!(Key::from_bytes(vec![0xff, 0xff]).after_all_under(), None);
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_parts_do(a in "[\u{0}\u{1}\u{2}ab]{0,4}", b in "[\u{0}\u{1}\u{2}ab]{0,4}", m: u64, n: u64) {
            let key = |text: &str, number| Key::kind("k").text(text).number(number);
            prop_assert_eq!(key(&a, m).cmp(&key(&b, n)), (a.as_bytes(), m).cmp(&(b.as_bytes(), n)));
        }

        #[test]
        fn parts_come_back_as_they_were_put(a in ".{0,6}", n: u64, b in "[\u{0}\u{1}a]{0,4}") {
            let prefix = Key::kind("k");
            let key = prefix.clone().text(&a).number(n).text(&b);
            let mut parts = key.parts_after(&prefix).unwrap();
            prop_assert_eq!((parts.text(), parts.number(), parts.text()), (Some(a), Some(n), Some(b)));
            prop_assert!(parts.is_empty());
        }
    }
}
