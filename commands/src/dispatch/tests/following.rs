//! Following a change, and hearing of it in its channel: for whoever may look at it.

use futures::StreamExt as _;
use futures::executor::block_on;
use futures::future::FutureExt as _;
use state::change::transition::Event;

use super::super::*;
use super::lab::*;

fn told(news: Option<News>) -> &'static str {
    match news {
        Some(News::Progress(_)) => "progress",
        Some(News::Parked(_)) => "parked",
        Some(News::Ended { word, .. }) => word,
        Some(News::NotYours) => "not yours",
        None => "over",
    }
}

#[test]
fn a_change_is_followed_from_where_it_is_to_its_outcome() {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    let mut news = lab.desk.follow(id, &name("eve"), at(0));
    assert_eq!(told(block_on(news.next())), "progress");
    assert!(news.next().now_or_never().is_none(), "nothing is new");
    lab.say("mo", "/stop api prod");
    assert_eq!(told(block_on(news.next())), "cancelled");
    assert_eq!(told(block_on(news.next())), "over");
    // Whoever comes late is told how it ended.
    let mut late = lab.desk.follow(id, &name("eve"), at(0));
    assert_eq!(told(block_on(late.next())), "cancelled");
    assert_eq!(told(block_on(late.next())), "over");
}

#[test]
fn only_who_may_look_at_it_follows_and_hears() {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    for (who, may) in [("mo", true), ("eve", true), ("ann", true), ("zhou", true), ("bob", false), ("stranger", false)]
    {
        let mut news = lab.desk.follow(id, &name(who), at(0));
        assert_eq!(told(block_on(news.next())), if may { "progress" } else { "not yours" }, "{who}");
        if !may {
            assert_eq!(told(block_on(news.next())), "over", "{who}");
        }
        assert_eq!(block_on(lab.desk.may_view(id, &name(who), at(0))), may, "{who}");
    }
    let nobodys = ChangeId::from_parts(7, 7);
    assert!(!block_on(lab.desk.may_view(nobodys, &name("ann"), at(0))));
    assert_eq!(told(block_on(lab.desk.follow(nobodys, &name("ann"), at(0)).next())), "over");
}

#[test]
fn an_open_change_whose_claim_can_t_be_read_is_told_as_parked() {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    lab.damage(state::store::Key::kind("claim").text("api").text("prod"));
    let mut news = lab.desk.follow(id, &name("eve"), at(0));
    let Some(News::Parked(card)) = block_on(news.next()) else {
        panic!("nobody goes on with it, and that is not told")
    };
    assert!(card.lines.iter().any(|line| line.text.to_string().contains("/change release #1")), "{card:?}");
    let may = |who: &str| block_on(lab.desk.may_view(id, &name(who), at(0)));
    assert_eq!((may("eve"), may("bob")), (true, false));
    // One that was taken up before goes on.
    lab.engine.board.show(Seen { change: lab.change(id), progress: Vec::new(), blind_since: None });
    assert_eq!(told(block_on(lab.desk.follow(id, &name("eve"), at(0)).next())), "progress");
}

#[test]
fn who_may_look_stands_in_the_change_and_who_asked_is_told_in_any_case() {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    let mut strict = catalogue();
    for environment in strict.environments.values_mut() {
        environment.permissions.0.remove(&Action::View);
    }
    lab.desk.reload(Arc::new(strict));
    assert!(block_on(lab.desk.may_view(id, &name("eve"), at(0))), "the permissions that it began with");
    lab.happens(id, Event::Stop(name("mo")));
    let (next, _) = lab.begun("mo");
    for (who, may) in [("mo", true), ("eve", false), ("ann", false)] {
        assert_eq!(block_on(lab.desk.may_view(next, &name(who), at(0))), may, "{who}");
    }
    // But not once they have left.
    let mut gone = catalogue();
    gone.people.get_mut(&name::<PersonName>("mo")).expect("mo").left = Some(at(0).wall.date_naive());
    lab.desk.reload(Arc::new(gone));
    assert!(!block_on(lab.desk.may_view(next, &name("mo"), at(0))));
}

#[test]
fn what_can_t_be_read_is_told_as_parked_to_whoever_may_look_at_the_place() {
    let lab = Lab::new();
    let (id, _) = lab.begun("mo");
    lab.spoil(id, "target");
    for who in ["mo", "eve", "ann"] {
        let mut followed = lab.desk.follow(id, &name(who), at(0));
        let Some(News::Parked(card)) = block_on(followed.next()) else { panic!("{who} is told that it is parked") };
        let told = card.lines.iter().map(|line| line.text.to_string()).collect::<Vec<_>>().join("\n");
        assert!(told.contains("can't read") && told.contains("/change release #1"), "{told}");
        // It may become readable again: nothing says that it is over.
        assert!(followed.next().now_or_never().is_none(), "{who}");
        // What its channel hears of it may tell more than the claim does.
        assert!(!block_on(lab.desk.may_view(id, &name(who), at(0))), "{who}");
    }
    for who in ["bob", "stranger"] {
        assert_eq!(told(block_on(lab.desk.follow(id, &name(who), at(0)).next())), "not yours", "{who}");
    }
}
