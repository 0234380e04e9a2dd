//! `/deploy` and `/rollback`: begun, or foreseen where `plan` is asked for.

use state::catalogue::{Action, Mode, Target};
use state::change::prepare::Prepared;
use state::change::release::{Origin, Release};
use state::change::{Ask, Asker, Change, Head, Phase, RollbackTo, Work};
use state::journal::{JournalLine, JournalWhat};
use state::lock::{Asking as LockAsking, Lock, Scope};
use state::names::{ChangeId, ChangeNumber};
use state::records::{Begin, Begun, ClaimRecord, RecordFault, Records};
use state::time::ObservedTime;

use super::{Answered, Asking, Dispatch, Heard, Stop, about, shown};
use crate::cards;
use crate::command::Command;
use crate::command::value::Earlier;
use crate::facts::PlanFacts;
use crate::gate::allowed;
use crate::invocation::{Answer, AnswerKind};
use crate::refusal::{Doing, MayLift, Refusal};

pub(super) fn rollback_to(named: Option<&Earlier>) -> RollbackTo {
    match named {
        None => RollbackTo::Previous,
        Some(Earlier::Reference(reference)) => RollbackTo::Named(reference.clone()),
        Some(Earlier::Change(number)) => RollbackTo::Release(*number),
    }
}

impl Dispatch {
    /// A command that asks for a change.
    pub(super) async fn ask_for(&self, asking: &Asking<'_>, command: &Command, ask: Ask, plan: bool) -> Answered {
        let Some(name) = command.target() else { return Err(Refusal::NothingTyped.into()) };
        let target = self.target(asking, &name)?;
        let action = action_of(&ask);
        let scope = Scope::Target(name);
        if plan {
            asking.pass(Action::View, &scope, None)?;
            return self.plan(asking, &ask, &target).await;
        }
        asking.pass(action, &scope, None)?;
        self.begin(asking, target, ask, command).await
    }

    /// Begins a change that has passed the gate.
    pub(super) async fn begin(&self, asking: &Asking<'_>, target: Target, ask: Ask, command: &Command) -> Answered {
        let records = &self.engine.records;
        if let Some(id) = records.by_request(asking.request).await? {
            return self.open_change(asking, id).await;
        }
        let environment = asking.catalogue.environments.get(&target.name.environment);
        if environment.is_some_and(|environment| environment.mode == Mode::Watch) {
            return Err(Refusal::WatchOnly { environment: target.name.environment.clone() }.into());
        }
        // A lock that was laid since stops nothing that is open: whoever asks for that again is shown it.
        if let Some(holder) = records.holder(&target.name).await? {
            return self.busy(asking, &target, &ask, holder).await;
        }
        if let Some(lock) = refusing_lock(records, asking, &target, &ask).await? {
            return Err(self.locked(asking, &target, lock, command).into());
        }
        if matches!(ask, Ask::Rollback { to: RollbackTo::Previous, .. }) {
            // A mark that can't be read is told now: a change that has begun could only wait for whoever takes it away.
            records.withdrawn(&target.name).await?;
        }
        let by = Asker::Person { name: asking.speaker.clone(), typed_by: asking.typed_by.cloned() };
        let answers = records.question(&target.name).await?;
        let begin = beginning(asking, target, ask, by, answers);
        match records.begin(&begin).await? {
            Begun::Begun(stored) => {
                self.hear(Heard::Began(stored.change.head.id));
                let card = self.progress_card(asking, &stored.change, &[]).await;
                Ok(about(card, stored.change.head.id, stored.change.head.number))
            }
            Begun::Repeated(id) => self.open_change(asking, id).await,
            Begun::Busy(holder) => self.busy(asking, &begin.change.target, &begin.change.head.ask, holder).await,
            Begun::Answered => Box::pin(self.begin(asking, begin.change.target, begin.change.head.ask, command)).await,
        }
    }

    /// The same person asking for the same thing is shown the open change; everyone else is refused.
    async fn busy(&self, asking: &Asking<'_>, target: &Target, ask: &Ask, holder: ClaimRecord) -> Answered {
        let open = match self.engine.records.change(holder.change).await {
            Ok(open) => open.map(|stored| stored.change),
            Err(fault) => return Err(fault.into()),
        };
        let doing = match open {
            Some(open) if open.head.asked_by.person() == asking.speaker && open.head.ask == *ask => {
                return self.open_change(asking, open.head.id).await;
            }
            Some(open) => Doing::of(&open),
            None => Doing::Parked,
        };
        Err(Refusal::Busy {
            target: target.name.clone(),
            change: holder.change,
            number: holder.number,
            by: holder.by,
            since: holder.since,
            doing,
        }
        .into())
    }

    fn locked(&self, asking: &Asking<'_>, target: &Target, lock: Lock, command: &Command) -> Refusal {
        Refusal::Locked {
            target: target.name.clone(),
            lock,
            allowed: allowed(&asking.catalogue, &target.name.environment, Action::Unlock),
            reader: match asking.pass(Action::Unlock, &Scope::Target(target.name.clone()), None) {
                Ok(()) => MayLift::Yes,
                Err(_) => MayLift::No,
            },
            on_call: asking.catalogue.on_call.clone(),
            owners: target.owners.clone(),
            asked: command.clone(),
        }
    }

    /// The card of a change that is there already.
    pub(super) async fn open_change(&self, asking: &Asking<'_>, id: ChangeId) -> Answered {
        let Some(stored) = self.engine.records.change(id).await? else {
            return Err(Refusal::ForgottenChange.into());
        };
        let number = stored.change.head.number;
        let seen = self.engine.board.seen(id);
        let progress = seen.as_ref().map_or(&[][..], |seen| &seen.progress);
        Ok(about(self.change_card(asking, &stored.change, progress).await, id, number))
    }

    async fn plan(&self, asking: &Asking<'_>, ask: &Ask, target: &Target) -> Answered {
        let prepared = self.engine.foresee(ask, target).await?;
        let records = &self.engine.records;
        let release = match &prepared {
            Prepared::Write(work) if matches!(ask, Ask::Rollback { .. }) => {
                let all = records.releases(&target.name).await?;
                all.into_iter().rfind(|release| is_gone_to(release, work))
            }
            _ => None,
        };
        let differences = match &prepared {
            Prepared::Write(work) => work.differences.clone(),
            _ => Vec::new(),
        };
        let facts = PlanFacts {
            ask,
            target,
            work: match &prepared {
                Prepared::Write(work) => Ok(Some(work)),
                Prepared::NothingToDo => Ok(None),
                Prepared::Refuse(why) => Err(why),
            },
            looked_up: self.engine.looked_up(ask, target),
            release: release.as_ref(),
            differences,
            locks: refusing_lock(records, asking, target, ask).await?.into_iter().collect(),
            holder: records.holder(&target.name).await?.map(|holder| holder.number),
            catalogue: &asking.catalogue,
        };
        let card = cards::plan::card(asking.words, &facts);
        // A card that only warns of what the registry may say is shown, not refused.
        let refused = card.state == crate::card::CardState::Refused;
        let kind = if refused { AnswerKind::Refused } else { AnswerKind::Done };
        Ok(Answer { kind, ..shown(card) })
    }
}

/// Whether a rollback's work goes to this release, or to this baseline.
fn is_gone_to(release: &Release, work: &Work) -> bool {
    match work.release {
        Some(number) => release.origin == Origin::Verified && release.number == number,
        None => release.origin == Origin::Baseline && release.runs(&work.new_images()),
    }
}

pub(super) fn action_of(ask: &Ask) -> Action {
    match ask {
        Ask::Deploy { .. } => Action::Deploy,
        Ask::Rollback { .. } => Action::Rollback,
    }
}

async fn refusing_lock(
    records: &Records,
    asking: &Asking<'_>,
    target: &Target,
    ask: &Ask,
) -> Result<Option<Lock>, Stop> {
    let about = match ask {
        Ask::Deploy { .. } => LockAsking::Deploy,
        Ask::Rollback { .. } => LockAsking::Rollback,
    };
    let locks = records.locks_over(&target.name).await?;
    let refusing = locks.into_iter().find(|laid| laid.refuses(about, asking.speaker, asking.now.wall));
    Ok(refusing.map(|laid| laid.lock).transpose().map_err(RecordFault::Unreadable)?)
}

fn beginning(
    asking: &Asking<'_>,
    target: Target,
    ask: Ask,
    by: Asker,
    answers: Option<(state::change::outcome::Question, state::store::Revision)>,
) -> Begin {
    let line = JournalLine {
        at: asking.now.wall,
        by: Some(asking.speaker.clone()),
        typed_by: asking.typed_by.cloned(),
        change: None,
        what: asked(&ask),
    };
    Begin { change: preparing(target, ask, by, asking.request.to_owned(), asking.now.wall), line, answers }
}

/// The journal's word for what was asked for.
pub(crate) fn asked(ask: &Ask) -> JournalWhat {
    match ask {
        Ask::Deploy { reference } => JournalWhat::AskedDeploy { reference: reference.to_string() },
        Ask::Rollback { to, .. } => JournalWhat::AskedRollback {
            to: match to {
                RollbackTo::Previous | RollbackTo::Before(_) => None,
                RollbackTo::Named(reference) => Some(reference.to_string()),
                RollbackTo::Release(number) => Some(number.to_string()),
            },
        },
    }
}

/// A change as it begins. Its number is given by the commit.
pub(crate) fn preparing(
    target: Target,
    ask: Ask,
    asked_by: Asker,
    request: String,
    now: chrono::DateTime<chrono::Utc>,
) -> Change {
    let head = Head {
        id: ChangeId::of_request(now, &request),
        number: ChangeNumber(0),
        ask,
        asked_by,
        asked_at: now,
        request,
        observed: ObservedTime::default(),
        phase: Phase::Preparing,
        stop: None,
        parked: None,
        answers: None,
    };
    Change { head, target, work: None, watch: Default::default(), cause: None }
}
