//! Round trips, and files and folders that are not as they should be.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use state::catalogue::{Catalogue, Environment, Mode, Permissions, Policy, Service};
use state::change::{Ask, Asker, Change, Head, Parked, ParkedWhy, Phase, Watch};
use state::journal::{JournalLine, JournalWhat, NoticeWhat};
use state::names::{ChangeId, ChangeNumber, TargetName};
use state::records::{Begin, Records};
use state::store::documents::Batch;
use state::store::{
    Commit, Committed, Entry, Key, MemoryStore, Page, Range, SledOptions, SledStore, Store, StoreFault, Versioned,
};
use state::time::ObservedTime;

use super::command::whole;
use super::export;
use super::import::{ImportFault, Imported, import};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).expect("a moment")
}

async fn lines(store: Arc<dyn Store>) -> Result<Vec<String>, String> {
    whole(export(store, now())).await
}

async fn import_text(text: &str, folder: &Path) -> Result<Imported, ImportFault> {
    import(&mut text.as_bytes(), folder, now()).await
}

async fn everything(store: &dyn Store) -> Vec<(Key, Vec<u8>)> {
    let all = Range { from: Key::from_bytes([1]), to: None, limit: 1000, reverse: false };
    let page = store.range(all).await.expect("readable");
    assert!(!page.more);
    page.entries.into_iter().map(|Entry { key, value, .. }| (key, value)).collect()
}

fn open(folder: &Path) -> SledStore {
    SledStore::open(SledOptions::new(folder)).expect("a store")
}

async fn put(store: &dyn Store, write: impl FnOnce(&mut Batch)) {
    let mut batch = Batch::new();
    write(&mut batch);
    assert!(matches!(batch.write(store).await, Ok(Committed::Done(_))));
}

/// A store with every kind of value that there can be.
async fn varied() -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    let long = serde_json::to_vec(&serde_json::json!({"text": "长".repeat(4000), "v": 1})).expect("a record");
    put(&*store, |batch| {
        batch.put_document(Key::kind("lock").text("prod"), "", br#"{"v":1}"#).expect("fits");
        batch
            .put_document(Key::kind("journal").text("a\u{0}b\\ \u{6570}").number(7), "", br#"{"x":[1.5,null],"v":1}"#)
            .expect("fits");
        batch.put_document(Key::kind("change").text("good").text("work"), "good", &long).expect("fits");
        batch.put_document(Key::kind("change").text("same").text("work"), "good", &long).expect("fits");
        batch.put_document(Key::kind("change").text("bad").text("work"), "bad", &long).expect("fits");
        // Not as rotabot writes it: the blank would be lost on the way.
        batch.put_document(Key::kind("number").number(1), "", br#"{ "v":1}"#).expect("fits");
        batch.commit.put(Key::kind("claim").text("broken"), *b"\x07\xff not a document");
        batch.commit.put(Key::kind("claim").text("empty"), *b"");
    })
    .await;
    // One of the chunks is lost.
    let chunks = store.range(Range::under(&state::store::documents::chunks_of("bad"))).await.expect("readable");
    assert!(chunks.entries.len() > 2);
    put(&*store, |batch| {
        batch.commit.delete(chunks.entries[1].key.clone());
    })
    .await;
    store
}

#[tokio::test]
async fn a_store_comes_back_to_the_byte() {
    let store = varied().await;
    let exported = lines(store.clone()).await.expect("exported");
    assert!(
        exported.iter().any(|line| line.contains(r#""owner":"good","record":{"text":"长"#)),
        "records are readable"
    );
    assert!(!exported.iter().any(|line| line.contains("chunk/good")), "what is in a record is not there twice");
    assert!(exported.iter().any(|line| line.contains("chunk/bad")), "what can't be read is there as it is");
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("data/store");
    let imported = import_text(&(exported.join("\n") + "\n"), &folder).await.expect("imported");
    assert_eq!(imported, Imported { records: exported.len() - 2, parked: 0 });
    let again = open(&folder);
    assert_eq!(everything(&again).await, everything(&*store).await);
    assert_eq!(lines(Arc::new(again)).await.expect("exported"), exported);
}

fn catalogue() -> Catalogue {
    let name = "prod".parse().expect("a name");
    let environment = Environment {
        cluster: "main".parse().expect("a name"),
        namespace: "shop".parse().expect("a name"),
        channel: "ops".parse().expect("a name"),
        mode: Mode::Act,
        permissions: Permissions::default(),
        policy: Policy::default(),
    };
    let services = ["api", "web", "pay"].map(|service| {
        let placements = [("prod".parse().expect("a name"), Vec::new())].into();
        (service.parse().expect("a name"), Service { placements, ..Service::default() })
    });
    Catalogue { services: services.into(), environments: [(name, environment)].into(), ..Catalogue::default() }
}

fn open_change(service: &str, parked: Option<ParkedWhy>) -> Begin {
    let name = TargetName { service: service.parse().expect("a name"), environment: "prod".parse().expect("a name") };
    let asked_by = Asker::Person { name: "lin".parse().expect("a name"), typed_by: None };
    let head = Head {
        id: ChangeId::of_request(now(), service),
        number: ChangeNumber(0),
        ask: Ask::Deploy { reference: "v7".parse().expect("a tag") },
        asked_by,
        asked_at: now(),
        request: service.to_owned(),
        observed: ObservedTime::default(),
        phase: Phase::Preparing,
        stop: None,
        parked: parked.map(|why| Parked { since: now(), why }),
        answers: None,
    };
    let target = catalogue().target(&name).expect("a target");
    let change = Change { head, target, work: None, watch: Watch::default(), cause: None };
    let what = JournalWhat::AskedDeploy { reference: "v7".to_owned() };
    let line = JournalLine { at: now(), by: None, typed_by: None, change: None, what };
    Begin { change, line, answers: None }
}

#[tokio::test]
async fn open_changes_are_parked_whatever_they_were() {
    let store = Arc::new(MemoryStore::new());
    let records = Records::new(store.clone());
    for (service, parked) in
        [("api", None), ("web", Some(ParkedWhy::ClusterUnreadable)), ("pay", Some(ParkedWhy::Imported))]
    {
        records.begin(&open_change(service, parked)).await.expect("begun");
    }
    // A fourth one, whose record can't be read: its claim stays, and blocks.
    put(&*store, |batch| {
        batch.commit.put(Key::kind("claim").text("old").text("prod"), *b"rubbish");
    })
    .await;
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("store");
    let exported = lines(store).await.expect("exported");
    let imported = import_text(&(exported.join("\n") + "\n"), &folder).await.expect("imported");
    assert_eq!(imported.parked, 2, "one was parked by an import already");

    let records = Records::new(Arc::new(open(&folder)));
    let mut notices = 0;
    for claim in records.open().await.expect("readable").into_iter().flatten() {
        let stored = records.change(claim.change).await.expect("readable").expect("there");
        let parked = stored.change.head.parked.expect("parked");
        assert_eq!(parked.why, ParkedWhy::Imported, "{}", claim.target);
        notices += 1;
    }
    assert_eq!(notices, 3);
    let waiting = records.waiting().await.expect("readable");
    assert_eq!(waiting.iter().flatten().filter(|waiting| waiting.notice.what == NoticeWhat::Parked).count(), 2);
}

#[tokio::test]
async fn a_store_with_something_in_it_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("store");
    let exported = lines(varied().await).await.expect("exported").join("\n") + "\n";
    // An empty store is no obstacle: the bot was started once and did nothing.
    drop(open(&folder));
    import_text(&exported, &folder).await.expect("imported");
    let before = everything(&open(&folder)).await;
    let fault = import_text(&exported, &folder).await.expect_err("refused");
    assert!(matches!(fault, ImportFault::NotEmpty { .. }), "{fault}");
    assert_eq!(everything(&open(&folder)).await, before);
    assert!(!folder.with_extension("import").exists());
}

#[tokio::test]
async fn files_that_are_no_whole_export_leave_nothing() {
    let exported = lines(varied().await).await.expect("exported");
    let whole = exported.join("\n") + "\n";
    let with_line = |number: usize, line: &str| {
        let mut lines = exported.clone();
        lines[number] = line.to_owned();
        lines.join("\n") + "\n"
    };
    let header = exported[0].clone();
    let ends = format!("ends with line {}, and more follows", exported.len());
    let cases = [
        ("", "line 1 is not"),
        (&format!("{whole}{whole}"), &ends),
        (&format!("{whole}{}\n", exported[1]), &ends),
        (&format!("{whole}half of"), &ends),
        ("hello\n", "line 1 is not"),
        (&"\0".repeat(33 << 20), "longer than 32 MiB"),
        (&whole[..whole.find("长").expect("a long one")], "ends in the middle"),
        (&whole[..whole.len() - 1], "ends in the middle"),
        (&with_line(3, "{\"key\":\"\\\\xzz\",\"record\":{}}"), "line 4 is not"),
        (&with_line(3, "{\"key\":\"a/b\",\"base64\":\"?\"}"), "line 4 is not"),
        (&with_line(3, "{\"key\":\"\\\\x00meta\",\"record\":{}}"), "is not a key for records"),
        (&with_line(exported.len() - 1, "{\"records\":3}"), "it counts 3 records"),
        (&with_line(0, &header.replace("\"format\":1", "\"format\":999")), "needs rotabot"),
        (&with_line(0, &header.replace("\"rotabot-export\":1", "\"rotabot-export\":2")), "needs rotabot"),
    ];
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().join("store");
    for (text, why) in cases {
        let fault = import_text(text, &folder).await.expect_err(why);
        assert!(fault.to_string().contains(why), "{why}: {fault}");
        let left: Vec<_> = fs::read_dir(data.path()).expect("a folder").collect();
        assert!(left.is_empty(), "{why}: {left:?}");
    }
}

#[tokio::test]
async fn an_import_that_was_killed_is_begun_anew() {
    let data = tempfile::tempdir().expect("a folder");
    let folder = data.path().join("store");
    let aside = open(&folder.with_extension("import"));
    put(&aside, |batch| batch.put_document(Key::kind("lock").text("half"), "", b"{}").expect("fits")).await;
    drop(aside);
    let store = varied().await;
    let exported = lines(store.clone()).await.expect("exported").join("\n") + "\n";
    import_text(&exported, &folder).await.expect("imported");
    assert_eq!(everything(&open(&folder)).await, everything(&*store).await);
}

/// A store that is written while it is read, a number of times.
struct Restless {
    inner: MemoryStore,
    left: AtomicUsize,
}

impl Store for Restless {
    fn get(&self, key: &Key) -> BoxFuture<'_, Result<Option<Versioned>, StoreFault>> {
        self.inner.get(key)
    }

    fn range(&self, range: Range) -> BoxFuture<'_, Result<Page, StoreFault>> {
        Box::pin(async move {
            let page = self.inner.range(range).await;
            if self.left.load(Ordering::Relaxed) > 0 {
                let left = self.left.fetch_sub(1, Ordering::Relaxed) as u64;
                put(&self.inner, |batch| {
                    batch.put_document(Key::kind("number").number(left), "", br#"{"v":1}"#).expect("fits");
                })
                .await;
            }
            page
        })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, StoreFault>> {
        self.inner.commit(commit)
    }
}

#[tokio::test]
async fn what_is_exported_was_there_at_one_moment() {
    let restless = |left| Arc::new(Restless { inner: MemoryStore::new(), left: AtomicUsize::new(left) });
    let store = restless(7);
    let exported = lines(store.clone()).await.expect("it came to rest");
    assert_eq!(exported.len(), 7 + 2);
    assert!(store.left.load(Ordering::Relaxed) == 0);
    let why = lines(restless(usize::MAX / 2)).await.expect_err("it never rests");
    assert!(why.contains("was written during"), "{why}");
}
