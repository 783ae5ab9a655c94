//! What each frame of the page does: unpack, call, wrap.

use std::sync::Arc;
use std::time::Duration;

use super::Connection;
use crate::session::grading::answer_text;
use crate::session::life::{Life, shown};
use crate::session::rewind::RewindError;
use crate::session::terminals::TerminalError;
use crate::wire::{Backend, ClientFrame, ClockCommand, PROTOCOL, ServerFrame};

/// The furthest that a `step` of the clock goes.
const STEP_AT_MOST: Duration = Duration::from_secs(3600);

impl Connection {
    pub(super) async fn obey(&mut self, frame: ClientFrame) {
        let Some(life) = self.session.life() else {
            return self.without_life(frame).await;
        };
        match frame {
            ClientFrame::Hello { protocol } => self.hello(protocol).await,
            ClientFrame::Ping { n } => self.out.frame(&ServerFrame::Pong { n }).await,
            ClientFrame::SessionRestart => self.restart(None),
            ClientFrame::SessionRewind { at } => self.rewind(&at).await,
            ClientFrame::StepJump { step } => self.jump(step).await,
            ClientFrame::TermOpen {
                id,
                cols,
                rows,
                seen,
            } => self.open_terminal(&life, id, (cols, rows), seen).await,
            ClientFrame::TermResize { id, cols, rows } => match self.views.get(&id) {
                Some(view) => view.terminal.resize(cols, rows),
                None => self.no_terminal().await,
            },
            ClientFrame::TermAck { id, received } => match self.views.get(&id) {
                Some(view) => view.terminal.ack(view.number, received),
                None => self.no_terminal().await,
            },
            ClientFrame::TermClose { id } => {
                self.views.remove(&id);
                match life.terminals.close(id) {
                    true => {
                        self.out
                            .frame(&ServerFrame::TermClosed { id, code: None })
                            .await
                    }
                    false => self.no_terminal().await,
                }
            }
            ClientFrame::StepCheck { .. }
            | ClientFrame::StepHint { .. }
            | ClientFrame::StepSolution { .. }
            | ClientFrame::StepAnswer { .. } => self.step(&life, frame).await,
            ClientFrame::FileCheck { .. }
            | ClientFrame::FileComplete { .. }
            | ClientFrame::FileExplain { .. }
            | ClientFrame::FileRead { .. }
            | ClientFrame::FileWrite { .. }
            | ClientFrame::FileList { .. }
            | ClientFrame::FileWatch { .. }
            | ClientFrame::FileUnwatch { .. } => self.file(&life, frame).await,
            ClientFrame::ObjectsWatch => {
                self.objects = true;
                self.out.frame(&life.grading.objects()).await;
            }
            ClientFrame::ObjectsUnwatch => self.objects = false,
            ClientFrame::Clock { command } => self.clock(&life, command).await,
            ClientFrame::Fault { request, fault } => self.fault(&life, request, fault).await,
            ClientFrame::Faults { request } => self.faults(&life, request).await,
            ClientFrame::Findings { request, after } => self.findings(&life, request, after).await,
        }
    }

    /// While there is no life: a restart can be asked for, the rest has to wait.
    async fn without_life(&mut self, frame: ClientFrame) {
        match frame {
            ClientFrame::Hello { protocol } => self.hello(protocol).await,
            ClientFrame::Ping { n } => self.out.frame(&ServerFrame::Pong { n }).await,
            ClientFrame::SessionRestart => self.restart(None),
            ClientFrame::ObjectsWatch => self.objects = true,
            ClientFrame::ObjectsUnwatch => self.objects = false,
            _ => {
                self.refuse("not-here", &self.say("refused-not-ready"), None)
                    .await
            }
        }
    }

    async fn hello(&mut self, protocol: u32) {
        if protocol != PROTOCOL {
            return self
                .refuse("bad-frame", &self.say("refused-frame"), None)
                .await;
        }
        self.tell_everything().await;
    }

    async fn jump(&mut self, step: String) {
        if self
            .session
            .lesson
            .steps
            .iter()
            .any(|known| known.id == step)
        {
            return self.restart(Some(step));
        }
        self.refuse("no-such-step", &self.say("refused-step"), None)
            .await;
    }

    async fn rewind(&mut self, at: &str) {
        let Ok(at) = at.parse::<jiff::Timestamp>() else {
            return self.refuse("clock", &self.say("refused-past"), None).await;
        };
        let session = self.session.clone();
        match session.at(at).await {
            Ok(past) => {
                tokio::spawn(async move {
                    if let Err(error) = session.take_up(past).await {
                        tracing::error!(%error, session = %session.id, "rewind");
                    }
                });
            }
            Err(why) => {
                if let RewindError::Storage(error) = &why {
                    tracing::error!(%error, session = %self.session.id, "rewind");
                }
                self.refuse("clock", &self.say(why.key()), None).await;
            }
        }
    }

    fn restart(&self, step: Option<String>) {
        let session = self.session.clone();
        // The session's state tells the page how it went.
        tokio::spawn(async move {
            let begun = match step {
                Some(step) => session.jump(&step).await,
                None => session.restart().await,
            };
            if let Err(error) = begun {
                tracing::error!(%error, session = %session.id, "restart");
            }
        });
    }

    async fn no_terminal(&mut self) {
        self.refuse("unknown-terminal", &self.say("refused-terminal"), None)
            .await;
    }

    async fn open_terminal(
        &mut self,
        life: &Arc<Life>,
        id: u32,
        (cols, rows): (u16, u16),
        seen: u64,
    ) {
        match life.terminals.open(&life.world, id, cols, rows).await {
            Ok((terminal, created)) => {
                if let Some(before) = self.views.remove(&id) {
                    before.end().await;
                }
                let viewer = terminal.view(if created { 0 } else { seen });
                self.out
                    .frame(&ServerFrame::TermOpened {
                        id,
                        offset: viewer.offset,
                        live: viewer.live,
                        created,
                    })
                    .await;
                self.look(viewer);
            }
            Err(error) => {
                let message = match &error {
                    TerminalError::TooMany => self.say("refused-terminals"),
                    TerminalError::World(why) => self.say_why("refused-shell", why),
                };
                self.refuse("too-many-terminals", &message, None).await;
            }
        }
    }

    async fn step(&mut self, life: &Arc<Life>, frame: ClientFrame) {
        let answer = match frame {
            ClientFrame::StepCheck { step } => life
                .grading
                .reasons(&step)
                .map(|reasons| ServerFrame::StepReason { step, reasons }),
            ClientFrame::StepHint { step, index } => {
                // Hints stand in the text; a page that asks for them one by one finds them there.
                life.grading.solution(&step).map(|_| ServerFrame::StepHint {
                    step,
                    index,
                    total: 0,
                    html: None,
                })
            }
            ClientFrame::StepSolution { step } => life
                .grading
                .solution(&step)
                .map(|commands| ServerFrame::StepSolution { step, commands }),
            ClientFrame::StepAnswer {
                step,
                question,
                answer,
            } if life.grading.is_question(&step, &question) => {
                let (right, message) = match self
                    .session
                    .answer(life, &step, &question, answer_text(&answer))
                    .await
                {
                    Ok(right) => (right, None),
                    Err(error) => {
                        tracing::error!(%error, session = %self.session.id, "an answer");
                        (None, Some(self.say("refused-storage")))
                    }
                };
                Some(ServerFrame::StepAnswered {
                    step,
                    question,
                    right,
                    message,
                    said: None,
                })
            }
            ClientFrame::StepAnswer {
                step,
                question,
                answer,
            } => match life.grading.prediction(&step, &question) {
                Some(predict) => {
                    let said = answer_text(&answer);
                    Some(self.session.foretell(life, &step, predict, said).await)
                }
                None => None,
            },
            _ => None,
        };
        match answer {
            Some(answer) => self.out.frame(&answer).await,
            None => {
                self.refuse("no-such-step", &self.say("refused-step"), None)
                    .await
            }
        }
    }

    async fn clock(&mut self, life: &Arc<Life>, command: ClockCommand) {
        if self.session.backend == Backend::Real {
            return self.refuse("clock", &self.say("time-real"), None).await;
        }
        let command = match command {
            ClockCommand::Speed { factor } => host::ClockCommand::Speed(factor.clamp(1.0, 100.0)),
            ClockCommand::Pause => host::ClockCommand::Pause,
            ClockCommand::Resume => host::ClockCommand::Resume,
            ClockCommand::Step => host::ClockCommand::UntilChange(STEP_AT_MOST),
            ClockCommand::Skip { seconds } => match Duration::try_from_secs_f64(seconds) {
                Ok(time) if time <= STEP_AT_MOST => host::ClockCommand::Step(time),
                _ => {
                    return self.refuse("clock", &self.say("refused-skip"), None).await;
                }
            },
        };
        match life.world.clock(command).await {
            Ok(state) => self.session.tell(ServerFrame::Clock {
                clock: shown(state),
            }),
            Err(error) => {
                tracing::debug!(%error, "the clock of a world that is gone");
                self.refuse("clock", &self.say("refused-not-ready"), None)
                    .await;
            }
        }
    }
}
