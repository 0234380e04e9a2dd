//! Open questions: each is answered by a person, by its deadline, or lapses because the target has moved on.

use state::catalogue::Unanswered;
use state::change::outcome::{Question, Standing};
use state::change::transition::TIME_TO_ANSWER;
use state::change::{Ask, Asker, Change, RollbackTo};
use state::journal::{JournalLine, JournalWhat, NoticeWhat};
use state::names::ChangeId;
use state::records::{Begin, Begun, OpenQuestion, RecordFault};
use state::store::Revision;
use state::time::Now;

use super::Engine;
use crate::dispatch::{asked, preparing};

/// What became of the questions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// Changes that were begun because nobody answered.
    pub began: Vec<ChangeId>,
}

impl Engine {
    /// Looks after all open questions. `starting` is the first look of this process.
    pub async fn questions(&self, now: Now, starting: bool) -> Result<Asked, RecordFault> {
        let mut asked = Asked::default();
        for open in self.records.questions().await? {
            let OpenQuestion { question, revision, .. } = match open {
                Ok(open) => open,
                Err(fault) if starting => {
                    tracing::error!(fault = fault.fault().chain(), "a question can't be read, and blocks its target");
                    continue;
                }
                Err(_) => continue,
            };
            // A question whose change can't be read waits for somebody to answer it.
            let stored = match self.records.change(question.change).await {
                Ok(Some(stored)) => stored,
                Ok(None) | Err(RecordFault::Unreadable(_)) => continue,
                Err(fault) => return Err(fault),
            };
            asked.began.extend(self.question(&stored.change, &question, revision, now, starting).await?);
        }
        Ok(asked)
    }

    async fn question(
        &self,
        change: &Change,
        question: &Question,
        revision: Revision,
        now: Now,
        starting: bool,
    ) -> Result<Option<ChangeId>, RecordFault> {
        let observed = self.cluster.observe(&change.target);
        let standing = change.ended().map_or(Standing::Changed, |ended| ended.standing(change, &observed.workloads));
        if observed.fresh() && standing == Standing::Changed {
            let line = line(change, now, JournalWhat::Lapsed);
            self.records.close_question(change, revision, &line, Some(NoticeWhat::Lapsed), now.wall).await?;
            return Ok(None);
        }
        if now.wall < question.until {
            return Ok(None);
        }
        if starting && !question.extended {
            let question = Question { until: now.wall + TIME_TO_ANSWER, extended: true, ..question.clone() };
            let line = line(change, now, JournalWhat::AskedAgain);
            self.records.extend_question(change, (&question, revision), &line, now.wall).await?;
            return Ok(None);
        }
        // Nothing is done to a cluster that nobody has looked at since.
        if !observed.fresh() || standing != Standing::AsLeft {
            return Ok(None);
        }
        match question.then {
            Unanswered::Hold => {
                let line = line(change, now, JournalWhat::LeftAsIs);
                self.records.close_question(change, revision, &line, None, now.wall).await?;
                Ok(None)
            }
            Unanswered::Rollback => self.answer_by_timer(change, question, revision, now).await,
        }
    }

    async fn answer_by_timer(
        &self,
        change: &Change,
        question: &Question,
        revision: Revision,
        now: Now,
    ) -> Result<Option<ChangeId>, RecordFault> {
        let ask = Ask::Rollback { to: RollbackTo::Before(change.head.id), template: false };
        let by = Asker::Timer { question_of: change.head.id, on_behalf_of: question.asked_by.clone() };
        let line = line(change, now, asked(&ask));
        let begin = Begin {
            change: preparing(change.target.clone(), ask, by, question.request(), now.wall),
            line,
            answers: Some((question.clone(), revision)),
        };
        Ok(match self.records.begin(&begin).await? {
            Begun::Begun(stored) => Some(stored.change.head.id),
            // Somebody answered at this very moment, or acts on the target already.
            Begun::Repeated(_) | Begun::Busy(_) | Begun::Answered => None,
        })
    }
}

fn line(change: &Change, now: Now, what: JournalWhat) -> JournalLine {
    JournalLine { at: now.wall, by: None, typed_by: None, change: Some(change.head.number), what }
}
