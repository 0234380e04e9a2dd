use super::*;

#[test]
fn values_after_telling_keys_go() {
    assert_eq!(redact("login user=lin password=hunter2 ok"), "login user=lin password=*** ok");
}
