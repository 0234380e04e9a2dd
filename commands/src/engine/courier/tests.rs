//! What the courier makes of records that can't be read.

use std::sync::Mutex;

use futures::executor::block_on;
use futures::future::{self, BoxFuture, FutureExt as _};
use state::change::ParkedWhy;
use state::change::transition::Event;
use state::names::ChangeId;
use state::store::Key;

use super::*;
use crate::dispatch::tests::lab::*;

/// A chat that takes everything.
#[derive(Default)]
struct Taken {
    posts: Mutex<Vec<Post>>,
    edits: Mutex<Vec<MessageId>>,
}

impl Taken {
    /// The markers of what was posted, and what each message answers.
    fn posted(&self) -> Vec<(String, Option<String>)> {
        let posts = std::mem::take(&mut *self.posts.lock().expect("not poisoned"));
        posts.into_iter().map(|post| (post.marker, post.reply_to.map(|answers| answers.id))).collect()
    }
}

impl Chat for Taken {
    fn post<'a>(&'a self, post: &'a Post) -> BoxFuture<'a, Result<MessageId, ChatFault>> {
        self.posts.lock().expect("not poisoned").push(post.clone());
        future::ready(Ok(MessageId { channel: post.channel.clone(), id: post.marker.clone() })).boxed()
    }

    fn edit<'a>(&'a self, message: &'a MessageId, _post: &'a Post) -> BoxFuture<'a, Result<(), ChatFault>> {
        self.edits.lock().expect("not poisoned").push(message.clone());
        future::ready(Ok(())).boxed()
    }
}

fn courier(lab: &Lab) -> (Arc<Taken>, Courier) {
    let chat = Arc::<Taken>::default();
    let courier = lab.engine.courier(Arc::<Taken>::clone(&chat), Arc::new(catalogue()));
    (chat, courier)
}

fn round(courier: &mut Courier, seconds: u64) -> Delivered {
    block_on(courier.round(at(seconds))).expect("a round")
}

/// A change that is rolling, and another one, both told of.
fn two(lab: &Lab, courier: &mut Courier) -> [ChangeId; 2] {
    lab.runs("v1");
    lab.runs_in("web", "prod", "v1");
    let (one, _) = lab.begun("mo");
    let (other, _) = lab.say("sun", "/deploy web prod v2").change.expect("a change");
    lab.put(one, |head| head.phase = rolling());
    lab.put(other, |head| head.phase = rolling());
    assert_eq!(round(courier, 1).posted, 2);
    [one, other]
}

#[test]
fn a_message_that_is_not_known_any_more_is_not_answered_and_holds_up_no_other() {
    let lab = Lab::new();
    let (chat, mut courier) = courier(&lab);
    let [lost, known] = two(&lab, &mut courier);
    chat.posted();
    lab.damage(Key::kind("message").text(&lost.to_string()));
    lab.happens(lost, Event::Park(ParkedWhy::RecordUnreadable));
    lab.happens(known, Event::Park(ParkedWhy::RecordUnreadable));
    assert_eq!(round(&mut courier, 3), Delivered { posted: 2, waiting: 0 });
    // Which of the two is posted first, their ids decide.
    let mut answers: Vec<_> = chat.posted().into_iter().map(|(_, answers)| answers).collect();
    answers.sort();
    assert_eq!(answers, [None, Some(format!("{known}/progress"))]);
}

#[test]
fn a_message_that_is_not_known_any_more_is_not_edited_and_the_others_are() {
    let lab = Lab::new();
    let (chat, mut courier) = courier(&lab);
    let [lost, known] = two(&lab, &mut courier);
    lab.damage(Key::kind("message").text(&lost.to_string()));
    for id in [lost, known] {
        lab.engine.board.show(Seen { change: lab.change(id), progress: Vec::new(), blind_since: None });
    }
    round(&mut courier, 3);
    let edits = chat.edits.lock().expect("not poisoned");
    assert_eq!(edits.iter().map(|message| message.id.clone()).collect::<Vec<_>>(), [format!("{known}/progress")]);
}

#[test]
fn a_notice_that_can_t_be_read_is_told_in_its_place_and_holds_up_no_other() {
    let lab = Lab::new();
    let (chat, mut courier) = courier(&lab);
    lab.runs("v1");
    lab.begun("mo");
    let notice = Key::kind("outbox").text("ops").number(0).text("a change").text("a marker");
    lab.damage(notice.clone());
    let waiting = block_on(lab.engine.records.waiting()).expect("readable");
    let unreadable = |waiting: &Result<Waiting, RecordFault>| match waiting {
        Err(RecordFault::Unreadable(unreadable)) => unreadable.record == RecordName::Other(notice.clone()),
        _ => false,
    };
    assert_eq!(waiting.iter().map(unreadable).collect::<Vec<_>>(), [true, false]);
    assert_eq!(round(&mut courier, 1), Delivered { posted: 1, waiting: 0 });
    assert_eq!(chat.posted().len(), 1);
    round(&mut courier, 2);
    assert_eq!(courier.unreadable.len(), 1, "it is logged once");
}
