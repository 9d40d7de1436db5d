//! Putting a context together.

mod entries;

use crate::context::{Parts, Rare};
use crate::strings::Packing;
use crate::table::Table;
use crate::{
    AsyncWait, BlockingWait, Budget, Clocks, DeniedClocks, DeniedRandom, Fd, Filter, Interrupt,
    Limits, ParkWait, Random, Result, SharedWasiCtx, Stream, WasiCtx,
};
use entries::Entries;
use std::fmt;
use std::sync::Arc;

/// The three standard streams.
#[derive(Clone)]
pub struct Stdio {
    /// Descriptor 0.
    pub stdin: Arc<dyn Stream>,
    /// Descriptor 1.
    pub stdout: Arc<dyn Stream>,
    /// Descriptor 2.
    pub stderr: Arc<dyn Stream>,
}

/// Puts a context together, part by part. What is not said is not granted.
///
/// Descriptors are numbered in the order in which programs expect them: 0 to 2 the standard
/// streams, from 3 on the preopened directories, and behind them sockets and other grants, each in
/// the order of the calls.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_wasi_common::{BuildError, Clock, Clocks, Limits, Pipe, Result, WasiCtx};
///
/// /// It is always noon.
/// struct Noon;
///
/// impl Clocks for Noon {
///     fn now(&self, _clock: Clock) -> Result<u64> {
///         Ok(12 * 3600 * 1_000_000_000)
///     }
///
///     fn resolution(&self, _clock: Clock) -> Result<u64> {
///         Ok(1)
///     }
/// }
///
/// let (stdout, output) = Pipe::new(4096);
/// let ctx = WasiCtx::builder()
///     .args(["app", "--fast"])
///     .env("MODE", "safe")
///     .stdout(Arc::new(stdout))
///     .clocks(Arc::new(Noon))
///     .limits(Limits { files: 16, ..Limits::default() })
///     .build()?;
/// assert_eq!((ctx.args().len(), ctx.limits().files), (2, 16));
///
/// let flawed = WasiCtx::builder().env("A=B", "value").build();
/// assert_eq!(flawed.unwrap_err(), BuildError::EnvName("A=B".to_owned()));
/// # Ok::<(), BuildError>(())
/// ```
#[derive(Default)]
pub struct Builder {
    args: Vec<String>,
    env: Vec<(String, String)>,
    stdio: [Option<Arc<dyn Stream>>; 3],
    entries: Entries,
    clocks: Option<Arc<dyn Clocks>>,
    random: Option<Arc<dyn Random>>,
    waiter: Option<Arc<dyn BlockingWait>>,
    rare: Rare,
}

/// Why a context could not be put together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// An argument, environment entry or preopen name holds a NUL, or all of a kind exceed 4 GiB.
    Text(String),
    /// An environment name is empty or holds `=`.
    EnvName(String),
    /// What was granted to be preopened under a name is no directory.
    NotADirectory(String),
    /// Nothing is open at a number that was to be replaced.
    NotOpen(Fd),
    /// The limits allow fewer descriptors than the context begins with.
    TooManyFiles(u32),
    /// All arguments together take more bytes than the limit, which this is.
    TooManyArgs(u32),
    /// All environment entries together take more bytes than the limit, which this is.
    TooMuchEnv(u32),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(
                f,
                "{text:?} cannot be passed to a guest: it holds a NUL byte or is too long"
            ),
            Self::EnvName(name) => write!(
                f,
                "{name:?} cannot name an environment variable: it is empty or holds `=`"
            ),
            Self::NotADirectory(name) => {
                write!(f, "{name:?} cannot be preopened: it is no directory")
            }
            Self::NotOpen(fd) => write!(
                f,
                "descriptor {fd} cannot be replaced: the context does not begin with so many"
            ),
            Self::TooManyFiles(limit) => write!(
                f,
                "the context begins with more descriptors than its limit of {limit} files"
            ),
            Self::TooManyArgs(limit) => {
                write!(
                    f,
                    "the arguments take more than their limit of {limit} bytes"
                )
            }
            Self::TooMuchEnv(limit) => {
                write!(
                    f,
                    "the environment takes more than its limit of {limit} bytes"
                )
            }
        }
    }
}

impl std::error::Error for BuildError {}

impl Builder {
    /// Adds an argument. The first one is the program's name.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable; a later value replaces an earlier one.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(name.into(), value.into());
        self
    }

    fn set(&mut self, name: String, value: String) {
        match self.env.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.env.push((name, value)),
        }
    }

    /// Sets environment variables, as [`env`](Self::env) does each.
    #[must_use]
    pub fn envs(
        mut self,
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        for (name, value) in variables {
            self.set(name.into(), value.into());
        }
        self
    }

    /// Replaces the three standard streams.
    #[must_use]
    pub fn stdio(mut self, stdio: Stdio) -> Self {
        self.stdio = [stdio.stdin, stdio.stdout, stdio.stderr].map(Some);
        self
    }

    /// Replaces standard input.
    #[must_use]
    pub fn stdin(mut self, stream: Arc<dyn Stream>) -> Self {
        self.stdio[0] = Some(stream);
        self
    }

    /// Replaces standard output.
    #[must_use]
    pub fn stdout(mut self, stream: Arc<dyn Stream>) -> Self {
        self.stdio[1] = Some(stream);
        self
    }

    /// Replaces standard error.
    #[must_use]
    pub fn stderr(mut self, stream: Arc<dyn Stream>) -> Self {
        self.stdio[2] = Some(stream);
        self
    }

    /// Replaces the clocks. Without them every clock is unknown.
    #[must_use]
    pub fn clocks(mut self, clocks: Arc<dyn Clocks>) -> Self {
        self.clocks = Some(clocks);
        self
    }

    /// Replaces the randomness. Without it every request is refused.
    #[must_use]
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = Some(random);
        self
    }

    /// Replaces the way to wait, by default [`ParkWait`].
    #[must_use]
    pub fn waiter(mut self, waiter: Arc<dyn BlockingWait>) -> Self {
        self.waiter = Some(waiter);
        self
    }

    /// Adds a way to wait that leaves the thread to others, for engines that can suspend a guest.
    /// Without it they wait as all do, which suits a clock that jumps.
    #[must_use]
    pub fn async_waiter(mut self, waiter: Arc<dyn AsyncWait>) -> Self {
        self.rare.async_waiter = Some(waiter);
        self
    }

    /// Lets the guest be ended from outside.
    #[must_use]
    pub fn interrupt(mut self, interrupt: Interrupt) -> Self {
        self.rare.interrupt = Some(interrupt);
        self
    }

    /// Receives the signals that the guest raises. Without it `proc_raise` answers `NOTSUP`.
    #[must_use]
    pub fn on_raise(mut self, raise: impl Fn(u8) -> Result<()> + Send + Sync + 'static) -> Self {
        self.rare.raise = Some(Arc::new(raise));
        self
    }

    /// Adds a filter, which sees calls after those that were added before it.
    #[must_use]
    pub fn filter(mut self, filter: Arc<dyn Filter>) -> Self {
        self.rare.filters.push(filter);
        self
    }

    /// Replaces the limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.rare.limits = limits;
        self
    }

    /// Builds a context for one instance.
    ///
    /// # Errors
    /// - [`BuildError::Text`], [`BuildError::EnvName`]: an argument, a variable or a preopen's name
    ///   cannot be told to a guest.
    /// - [`BuildError::NotADirectory`], [`BuildError::NotOpen`]: something was granted where it
    ///   cannot be.
    /// - [`BuildError::TooManyFiles`], [`BuildError::TooManyArgs`], [`BuildError::TooMuchEnv`]: the
    ///   limit is lower than what is handed over.
    pub fn build(self) -> Result<WasiCtx, BuildError> {
        self.build_with_table()
    }

    /// Builds a context that threads may share.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_shared(self) -> Result<SharedWasiCtx, BuildError> {
        self.build_with_table()
    }

    fn build_with_table<T: Table>(self) -> Result<WasiCtx<T>, BuildError> {
        let mut args = Packing::default();
        for arg in &self.args {
            push(&mut args, arg)?;
        }
        if args.size() > self.rare.limits.args as usize {
            return Err(BuildError::TooManyArgs(self.rare.limits.args));
        }
        let mut env = Packing::default();
        for (name, value) in &self.env {
            if name.is_empty() || name.contains('=') {
                return Err(BuildError::EnvName(name.clone()));
            }
            push(&mut env, &format!("{name}={value}"))?;
        }
        if env.size() > self.rare.limits.env as usize {
            return Err(BuildError::TooMuchEnv(self.rare.limits.env));
        }

        let entries = self.entries.in_order(self.stdio)?;
        let table = T::with_entries(self.rare.limits.files, entries);
        let table = table.map_err(|_| BuildError::TooManyFiles(self.rare.limits.files))?;
        let budget = Budget::new(self.rare.limits.memory);
        Ok(WasiCtx {
            args: args.into(),
            env: env.into(),
            table,
            parts: Parts {
                clocks: self.clocks.unwrap_or_else(|| Arc::new(DeniedClocks)),
                random: self.random.unwrap_or_else(|| Arc::new(DeniedRandom)),
                waiter: self.waiter.unwrap_or_else(|| Arc::new(ParkWait)),
                budget,
                rare: self.rare.into_place(),
            },
        })
    }
}

fn push(strings: &mut Packing, text: &str) -> Result<(), BuildError> {
    match strings.push(text) {
        true => Ok(()),
        false => Err(BuildError::Text(text.to_owned())),
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("args", &self.args)
            .field("env", &self.env)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entry, Rights};

    #[test]
    fn build_flaws_named() {
        let cases = [
            (
                Builder::default().arg("a\0b").build().map(|_| ()),
                Err(BuildError::Text("a\0b".into())),
            ),
            (
                Builder::default().env("A=B", "c").build().map(|_| ()),
                Err(BuildError::EnvName("A=B".into())),
            ),
            (
                Builder::default().env("", "c").build().map(|_| ()),
                Err(BuildError::EnvName(String::new())),
            ),
            (
                Builder::default().env("A", "\0").build().map(|_| ()),
                Err(BuildError::Text("A=\0".into())),
            ),
            (
                Builder::default()
                    .limits(Limits {
                        files: 2,
                        ..Limits::default()
                    })
                    .build()
                    .map(|_| ()),
                Err(BuildError::TooManyFiles(2)),
            ),
            (Builder::default().env("A", "").build().map(|_| ()), Ok(())),
        ];
        for (built, expected) in cases {
            assert_eq!(built, expected);
        }
    }

    #[test]
    fn build_nothing_said_nothing_granted() {
        let ctx = WasiCtx::builder().build().unwrap();
        assert_eq!(
            (ctx.args().len(), ctx.env().len(), ctx.table().len()),
            (0, 0, 3)
        );
        assert!(ctx.clocks().now(crate::Clock::Realtime).is_err());
        assert!(ctx.random().fill(&mut [0; 4]).is_err());
    }

    #[test]
    fn build_shared_context_is_send_and_sync() {
        fn check<T: Send + Sync>(_: &T) {}
        check(&WasiCtx::builder().build_shared().unwrap());
    }

    #[test]
    fn stdio_rights_never_seek_or_tell() {
        let ctx = WasiCtx::builder().build().unwrap();
        let rights = ctx.table().with(Fd(1), Entry::base).unwrap();
        assert!(rights.contains(Rights::FD_WRITE | Rights::POLL_FD_READWRITE));
        assert!(!rights.intersects(Rights::FD_READ | Rights::FD_SEEK | Rights::FD_TELL));
    }
}
