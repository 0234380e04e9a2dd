//! What is said over the socket: one call of the client, then replies until the server closes; one JSON object per line.
//!
//! A connection carries one call, so that nothing has to be told apart and a client that lost its bot simply calls
//! again. Not here: who may call (`speaker`), and what is done about it (`socket`, `remote`).

use std::io;

use commands::card::Card;
use commands::command::complete::Completion;
use commands::press::Press;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use state::catalogue::Language;
use state::names::{ChangeId, PersonName};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _};
use ulid::Ulid;

use super::channel::Heard;
use super::partner::{Seen, Told};

/// The version of what is said. A newer one means that an older side would misread it.
pub(super) const PROTOCOL: u32 = 1;

/// No call is longer, in bytes: whoever sends more is not one of ours.
pub(super) const CALL_AT_MOST: usize = 64 * 1024;

/// No reply is longer, in bytes: the longest is a document of an export, in base64.
pub(super) const REPLY_AT_MOST: usize = 8 * 1024 * 1024;

/// What a client wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Call {
    /// The version that the client speaks.
    pub v: u32,
    /// In whose name, where that is somebody else.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub in_name_of: Option<String>,
    /// What.
    pub what: Wanted,
}

/// What a client wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Wanted {
    /// To know who it speaks for, and how that person reads.
    Welcome,
    /// To have a line carried out. The same request sent again finds what it began.
    Say {
        /// The line.
        text: String,
        /// The id of the request.
        request: Ulid,
    },
    /// To press a button.
    Press {
        /// What it asks for.
        press: Press,
        /// The id of the request.
        request: Ulid,
    },
    /// To follow a change until its outcome.
    Follow {
        /// Which.
        change: ChangeId,
    },
    /// To know how a line may go on.
    Complete {
        /// The line.
        line: String,
        /// Where the cursor is, in bytes.
        cursor: usize,
    },
    /// To hear what is said in the channels from now on.
    Listen,
    /// To have the whole store.
    Export,
}

/// What the bot replies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Reply {
    /// The first reply to every call that can be understood.
    Welcome(Welcome),
    /// The answer to what was said or pressed.
    Told(Box<Told>),
    /// News of the change that is followed.
    Seen(Box<Seen>),
    /// Ways to go on.
    Completions(Vec<Completion>),
    /// A message to a channel.
    Heard(Box<Heard>),
    /// A line of the export.
    Exported(String),
    /// The export is whole.
    ExportEnds,
    /// The store was written while it was read: what was exported so far is not of one moment, and starts anew.
    ExportTorn,
    /// Nothing new, but the bot is there.
    Alive,
    /// There is no answer to that.
    Failed(Failed),
}

/// Who the client speaks for, and how that person reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Welcome {
    /// The version of the running bot.
    pub rotabot: String,
    /// The person; none if the catalogue has nobody for that user.
    pub person: Option<PersonName>,
    /// Their language.
    pub language: Language,
    /// Their zone.
    pub zone: String,
    /// Why they can't do anything here, where they can't.
    pub objection: Option<Card>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Failed {
    /// The running bot speaks another version.
    Version {
        /// Which.
        speaks: u32,
    },
    /// The call can't be understood.
    Unreadable {
        /// What is wrong with it.
        why: String,
    },
    /// It is for the user of the bot, or for root.
    NotYours,
    /// The store can't be read.
    Store {
        /// Why.
        why: String,
    },
    /// As many clients as the bot serves are there already.
    Busy,
    /// The bot is about to end.
    Ending,
}

/// Writes a message and its line break at once.
pub(super) async fn send<T: Serialize>(to: &mut (impl AsyncWrite + Unpin), message: &T) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line).await?;
    to.flush().await
}

/// Reads the next message; none where the other side has closed.
pub(super) async fn receive<T: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
    at_most: usize,
) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    loop {
        let available = from.fill_buf().await?;
        if available.is_empty() {
            // A line without its end was cut off in the middle: it is not half a message, it is none.
            return Ok(None);
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(available.len());
        if line.len() + taken > at_most {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the line is too long"));
        }
        line.extend_from_slice(&available[..taken]);
        from.consume(taken + usize::from(end.is_some()));
        if end.is_some() {
            let message = serde_json::from_slice(&line);
            return message.map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_read_whole_or_not_at_all() {
        let call = Call { v: PROTOCOL, in_name_of: None, what: Wanted::Listen };
        let mut bytes = Vec::new();
        send(&mut bytes, &call).await.expect("a vector takes everything");
        assert_eq!(String::from_utf8_lossy(&bytes), "{\"v\":1,\"what\":\"listen\"}\n");
        bytes.extend_from_within(..5);
        let mut from = tokio::io::BufReader::with_capacity(3, &bytes[..]);
        assert_eq!(receive(&mut from, 100).await.expect("readable"), Some(call));
        assert_eq!(receive::<Call>(&mut from, 100).await.expect("the end"), None, "half a line");
    }

    #[tokio::test]
    async fn no_line_is_longer_than_the_limit() {
        let endless = vec![b' '; 1000];
        let mut from = &endless[..];
        let error = receive::<Call>(&mut from, 100).await.expect_err("too long");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
