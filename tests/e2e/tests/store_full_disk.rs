//! A disk that is really full: a small tmpfs in a mount namespace of its own, which is gone with the last process in it.
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::process::Command;

#[test]
fn with_a_reserve_nothing_is_lost_and_writing_goes_on_once_there_is_room() {
    // 16 MiB of reserve in 48 MiB, 8 of them taken by something that can be removed.
    let said = on_a_small_disk(
        "fallocate -l 8M ballast
         $WRITER fill store 16777216 ballast
         $WRITER count store",
    );
    let [acknowledged, fault, reading, writing, found] = &said[..] else { panic!("{said:#?}") };
    let acknowledged: usize = acknowledged.strip_prefix("acknowledged ").unwrap().parse().unwrap();
    assert!(acknowledged > 500, "{said:#?}");
    assert_eq!(fault, "then disk full, nothing written");
    assert_eq!(reading, "reading goes on: true");
    assert_eq!(writing, "writing goes on");
    let there = acknowledged + 1;
    assert_eq!(*found, format!("found {there} and {there}"));
}

#[test]
fn a_write_that_fails_half_way_ends_the_store_and_a_restart_finds_all_that_was_acknowledged() {
    // Without a reserve, the write of the log itself meets the full disk: an error in the middle of a commit.
    let said = on_a_small_disk(
        "fallocate -l 8M ballast
         $WRITER fill store 0 ballast
         $WRITER count store",
    );
    let [acknowledged, fault, reading, writing, found] = &said[..] else { panic!("{said:#?}") };
    let acknowledged: usize = acknowledged.strip_prefix("acknowledged ").unwrap().parse().unwrap();
    assert!(acknowledged > 500, "{said:#?}");
    assert_eq!(fault, "then outcome unknown, disk full: true");
    // There is room again, but what happened shows only to the next process.
    assert_eq!(reading, "reading ends: outcome unknown, disk full: true");
    assert_eq!(writing, "writing ends: outcome unknown, disk full: true");
    let may_be_there = [acknowledged, acknowledged + 1].map(|there| format!("found {there} and {there}"));
    assert!(may_be_there.contains(found), "{said:#?}");
}

#[test]
fn a_start_on_a_full_disk_says_so_and_harms_nothing() {
    let said = on_a_small_disk(
        "touch ballast
         $WRITER fill store 16777216 ballast
         head -c 100M /dev/zero > filler 2> /dev/null || true
         $WRITER count store
         rm filler
         $WRITER count store",
    );
    let [acknowledged, fault, _, _, on_full, found] = &said[..] else { panic!("{said:#?}") };
    let acknowledged = acknowledged.strip_prefix("acknowledged ").unwrap();
    assert_eq!(fault, "then disk full, nothing written");
    assert_eq!(on_full, "not opened: disk full, nothing written");
    assert_eq!(*found, format!("found {acknowledged} and {acknowledged}"));
}

/// Runs a script in an empty tmpfs of 48 MiB, and returns the lines it prints.
fn on_a_small_disk(script: &str) -> Vec<String> {
    let mount = tempfile::tempdir().unwrap();
    let mounted = format!("mount -t tmpfs -o size=48m tmpfs \"$DISK\" && cd \"$DISK\" && echo mounted\n{script}");
    // Whoever is not root becomes it in a user namespace of its own, where the system allows that.
    let namespaces = if rustix::process::geteuid().is_root() { "-m" } else { "-rm" };
    let output = Command::new("timeout")
        .args(["--kill-after=5", "120", "unshare", namespaces, "sh", "-ec", &mounted])
        .env("DISK", mount.path())
        .env("WRITER", env!("CARGO_BIN_EXE_store-writer"))
        .output()
        .unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut said = said.lines().map(str::to_owned);
    assert_eq!(
        said.next().as_deref(),
        Some("mounted"),
        "this test mounts a small tmpfs. It needs `unshare` and `mount` (package util-linux) and the right to mount: run it as \
         root (in a container: with CAP_SYS_ADMIN), or allow unprivileged user namespaces.\n{errors}"
    );
    assert!(output.status.success(), "{}: {:#?}\n{errors}", output.status, said.collect::<Vec<_>>());
    said.collect()
}
