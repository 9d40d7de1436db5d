//! One test, step by step.

use super::calls::Answers;
use super::fixture::Fixture;
use super::host::{Given, Guest, Host, Refusal};
use crate::guests::{Case, Operation, Output, Run};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

/// What a test came to.
pub(super) struct Seen {
    pub(super) result: Result<(), Stopped>,
    /// What its guests called, if the host can tell.
    pub(super) answers: Answers,
}

/// Why a test went no further.
pub(super) enum Stopped {
    /// The host has no such thing as the test needs.
    Unsupported(String),
    /// A step failed.
    Failed(String),
}

impl From<String> for Stopped {
    fn from(what: String) -> Self {
        Self::Failed(what)
    }
}

/// How much of what a guest said is told, in bytes.
const TOLD: usize = 4096;

/// How long a guest that failed may take to end and to say why.
const MOMENT: Duration = Duration::from_millis(200);

/// Does what a test says. No step takes longer than `patience`. `extra` is added to the environment
/// of each guest.
pub(super) fn run(
    host: &dyn Host,
    case: &Case,
    patience: Duration,
    extra: &[(String, String)],
) -> Seen {
    let mut test = Test {
        host,
        case,
        patience,
        extra,
        fixture: Fixture::default(),
        guest: None,
        connections: BTreeMap::new(),
        answers: Answers::new(),
    };
    let mut steps = case.operations.iter();
    let result = steps.try_for_each(|operation| test.step(operation));
    let result = result.map_err(|stopped| match stopped {
        Stopped::Failed(why) => Stopped::Failed(test.explain(why)),
        Stopped::Unsupported(why) => Stopped::Unsupported(why),
    });
    test.leave();
    Seen {
        result,
        answers: test.answers,
    }
}

struct Test<'a> {
    host: &'a dyn Host,
    case: &'a Case,
    patience: Duration,
    extra: &'a [(String, String)],
    fixture: Fixture,
    guest: Option<Guest>,
    connections: BTreeMap<String, TcpStream>,
    answers: Answers,
}

impl Test<'_> {
    fn step(&mut self, operation: &Operation) -> Result<(), Stopped> {
        match operation {
            Operation::Run(run) => self.start(run),
            Operation::Wait { exit_code } => Ok(self.wait(*exit_code)?),
            Operation::Read { stream, payload } => Ok(self.read(*stream, payload)?),
            Operation::Write { payload } => Ok(self.write(payload)?),
            Operation::Kill => {
                (self.guest()?.kill)();
                Ok(())
            }
            Operation::Connect { id } => {
                let stream = self.connect().map_err(|why| format!("connect: {why}"))?;
                self.connections.insert(id.clone(), stream);
                Ok(())
            }
            Operation::Send { id, payload } => {
                let sent = self.connection(id)?.write_all(payload.as_bytes());
                Ok(sent.map_err(|why| format!("send: {why}"))?)
            }
            Operation::Recv { id, payload } => {
                let mut received = vec![0; payload.len()];
                let all = self.connection(id)?.read_exact(&mut received);
                all.map_err(|why| format!("recv of {payload:?}: {why}"))?;
                Ok(expect("recv", payload, &received)?)
            }
            Operation::Unsupported(what) => Err(Stopped::Unsupported(what.clone())),
        }
    }

    fn start(&mut self, run: &Run) -> Result<(), Stopped> {
        let mut dirs = Vec::new();
        for (dir, name) in &run.dirs {
            let copy = self.fixture.copy(dir);
            let copy = copy.map_err(|why| format!("{}: {why}", dir.display()))?;
            dirs.push((copy.to_owned(), name.clone()));
        }
        let given = run
            .env
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()));
        let env: Vec<_> = given.chain(self.extra.iter().cloned()).collect();
        let started = self.host.start(&Given {
            module: &self.case.module,
            args: &run.args,
            env: &env,
            dirs: &dirs,
            listens: self.case.proposes("sockets"),
        });
        match started {
            Ok(guest) => {
                self.guest = Some(guest);
                Ok(())
            }
            Err(Refusal::Unsupported(what)) => Err(Stopped::Unsupported(what)),
            Err(Refusal::Failed(why)) => Err(Stopped::Failed(format!("not started: {why}"))),
        }
    }

    fn wait(&mut self, expected: i32) -> Result<(), String> {
        let patience = self.patience;
        let guest = self.guest()?;
        guest.stdin = None;
        let ending = match guest.ended.recv_timeout(patience) {
            Ok(ending) => ending,
            Err(RecvTimeoutError::Timeout) => {
                return Err(format!("it did not end within {patience:?}"));
            }
            Err(RecvTimeoutError::Disconnected) => return Err("the host gave it up".to_owned()),
        };
        if ending.code() != expected {
            return Err(format!("{ending} instead of exit code {expected}"));
        }
        self.leave();
        Ok(())
    }

    /// Adds to a failure how the guest ended, if it was not waited for, and what it said.
    fn explain(&mut self, mut failure: String) -> String {
        let Some(guest) = &mut self.guest else {
            return failure;
        };
        guest.stdin = None;
        if let Ok(ending) = guest.ended.recv_timeout(MOMENT) {
            failure = format!("{failure}\nit ended: {ending}");
        }
        let said = guest.stderr.all(Instant::now() + MOMENT);
        let said = String::from_utf8_lossy(said.get(..TOLD).unwrap_or(&said)).into_owned();
        for line in said.trim_end().lines() {
            failure.push('\n');
            failure.push_str(line);
        }
        failure
    }

    fn read(&mut self, stream: Output, payload: &str) -> Result<(), String> {
        let until = Instant::now() + self.patience;
        let guest = self.guest()?;
        let (name, stream) = match stream {
            Output::Stdout => ("stdout", &guest.stdout),
            Output::Stderr => ("stderr", &guest.stderr),
        };
        expect(name, payload, &stream.take(payload.len(), until))
    }

    fn write(&mut self, payload: &str) -> Result<(), String> {
        let stdin = self.guest()?.stdin.as_mut();
        let stdin = stdin.ok_or("the guest has no standard input")?;
        let written = stdin.write_all(payload.as_bytes());
        let written = written.and_then(|()| stdin.flush());
        written.map_err(|why| format!("stdin: {why}"))
    }

    /// Connects to the socket that the guest was given; to the one that it names in its first line
    /// if it was given none.
    fn connect(&mut self) -> Result<TcpStream, String> {
        let patience = self.patience;
        let guest = self.guest()?;
        let address = match guest.address {
            Some(address) => address,
            None => told(guest, Instant::now() + patience)?,
        };
        let stream = TcpStream::connect_timeout(&address, patience);
        let stream = stream.map_err(|why| format!("{address}: {why}"))?;
        let limited = stream.set_read_timeout(Some(patience));
        limited.map_err(|why| why.to_string())?;
        Ok(stream)
    }

    fn connection(&mut self, id: &str) -> Result<&mut TcpStream, String> {
        let stream = self.connections.get_mut(id);
        stream.ok_or_else(|| format!("there is no connection `{id}`"))
    }

    fn guest(&mut self) -> Result<&mut Guest, String> {
        let guest = self.guest.as_mut();
        guest.ok_or_else(|| "no guest is running".to_owned())
    }

    /// Lets go of the guest, and ends it if it has not ended.
    fn leave(&mut self) {
        self.connections.clear();
        if let Some(guest) = self.guest.take() {
            (guest.kill)();
            for (function, answers) in guest.calls.iter().flat_map(|calls| calls.answers()) {
                self.answers.entry(function).or_default().extend(answers);
            }
        }
    }
}

/// The address in the first line that a guest writes.
fn told(guest: &Guest, until: Instant) -> Result<SocketAddr, String> {
    let mut line = Vec::new();
    loop {
        match guest.stdout.take(1, until).first() {
            None | Some(b'\n') => break,
            Some(byte) => line.push(*byte),
        }
    }
    let line = String::from_utf8_lossy(&line);
    let address = line.trim().parse();
    address.map_err(|_| format!("{line:?} is no address"))
}

fn expect(name: &str, expected: &str, found: &[u8]) -> Result<(), String> {
    if found == expected.as_bytes() {
        return Ok(());
    }
    let found = String::from_utf8_lossy(found);
    Err(format!("{name} is {found:?} instead of {expected:?}"))
}
