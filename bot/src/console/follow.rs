//! Following a change to its outcome where nobody can type meanwhile.

use commands::card::{Card, CardState, LineStyle};
use commands::invocation::EXIT_PARKED;
use futures::stream::{self, BoxStream, StreamExt as _};
use state::names::ChangeId;

use super::channel::Heard;
use super::partner::{Seen, exit_code};
use super::talk::{Buttons, Hint, Talk};

/// The exit code where a console ended before its change did.
pub(super) const EXIT_UNKNOWN: u8 = 75;

/// How the way to the outcome is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// In place of what was shown before.
    InPlace,
    /// A row for each stage.
    ByStage,
}

/// Shows a change from its acceptance to its outcome; the exit code.
pub(super) async fn follow(
    talk: &mut Talk,
    change: ChangeId,
    accepted: &Card,
    shown: Shown,
    heard: &mut BoxStream<'static, Heard>,
) -> u8 {
    talk.follows(change);
    match shown {
        Shown::InPlace => talk.live(accepted, Hint::None),
        Shown::ByStage => talk.show(accepted, Buttons::Anew),
    }
    let mut seen = talk.partner.follow(change);
    let mut stages = Stages::after(accepted);
    loop {
        let news = tokio::select! {
            Some(heard) = heard.next() => {
                talk.heard(&heard);
                continue;
            }
            news = seen.next() => news,
        };
        let (card, code) = match news {
            Some(Ok(Seen::Progress(card))) => {
                match shown {
                    Shown::InPlace => talk.live(&card, Hint::None),
                    Shown::ByStage if stages.is_next(&card) => talk.stage(&card),
                    Shown::ByStage => {}
                }
                continue;
            }
            Some(Ok(Seen::Parked(card))) => (card, EXIT_PARKED),
            Some(Ok(Seen::Ended { exit_code, card, .. })) => (card, exit_code),
            Some(Err(lost)) => {
                talk.lost(&lost);
                return exit_code(&lost);
            }
            None => return EXIT_UNKNOWN,
        };
        talk.show(&card, Buttons::Anew);
        return code;
    }
}

/// Nobody listens.
pub(super) fn nothing_heard() -> BoxStream<'static, Heard> {
    stream::pending().boxed()
}

/// Tells the stages of a change apart: what is done, what is under way, what comes later; and of a rollout each quarter
/// of its pods, so that whoever reads rows sees it move, however many pods there are.
pub(super) struct Stages(Stage);

type Stage = (CardState, Vec<LineStyle>, Option<u64>);

impl Stages {
    /// The stages after this card.
    pub(super) fn after(card: &Card) -> Self {
        Self(stage(card))
    }

    /// Whether the card is about another stage than the one before.
    pub(super) fn is_next(&mut self, card: &Card) -> bool {
        let now = stage(card);
        std::mem::replace(&mut self.0, now.clone()) != now
    }
}

fn stage(card: &Card) -> Stage {
    let steps = [LineStyle::Done, LineStyle::Doing, LineStyle::Later, LineStyle::Failed];
    let styles = card.lines.iter().map(|line| line.style).filter(|style| steps.contains(style));
    let progress = card.progress.filter(|progress| progress.of > 0);
    let quarter = progress.map(|progress| u64::from(progress.done) * 4 / u64::from(progress.of));
    (card.state, styles.collect(), quarter)
}

#[cfg(test)]
mod tests {
    use commands::card::{Progress, Text};

    use super::*;

    #[test]
    fn a_rollout_is_told_by_its_quarters() {
        let at = |done, of| {
            let mut card = Card::new(CardState::Working, Text::words("rolling out"));
            card.progress = Some(Progress { done, of });
            card
        };
        let mut stages = Stages::after(&Card::new(CardState::Working, Text::words("accepted")));
        let told: Vec<u32> = (0..=200).filter(|done| stages.is_next(&at(*done, 200))).collect();
        assert_eq!(told, [0, 50, 100, 150, 200]);
        let mut few = Stages::after(&at(0, 3));
        assert_eq!((0..=3).filter(|done| few.is_next(&at(*done, 3))).collect::<Vec<u32>>(), [1, 2, 3]);
        assert!(!few.is_next(&at(3, 3)), "the same once more is no news");
        assert!(!Stages::after(&at(0, 0)).is_next(&Card::new(CardState::Working, Text::words("none"))));
    }
}
