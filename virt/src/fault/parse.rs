//! Faults as text.

use super::{Fault, Turn};
use crate::Calls;
use std::fmt;
use std::str::FromStr;
use turnkey_wasi_common::Errno;

/// Text that is no fault. It is shown as one line: what is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFault {
    text: Box<str>,
    problem: String,
}

impl fmt::Display for BadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no fault: {}",
            self.text.escape_debug(),
            self.problem
        )
    }
}

impl std::error::Error for BadFault {}

impl FromStr for Fault {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<Self, BadFault> {
        read(text).map_err(|problem| BadFault {
            text: text.into(),
            problem,
        })
    }
}

fn read(text: &str) -> Result<Fault, String> {
    let Some((calls, rest)) = text.split_once('=') else {
        return Err("write CALLS=EFFECT, as in `path_open=io`".to_owned());
    };
    let calls: Calls =
        calls.parse().map_err(
            |unknown: crate::UnknownCall| match unknown.near().as_slice() {
                [] => unknown.to_string(),
                near => format!("{unknown}; near it are {}", near.join(", ")),
            },
        )?;
    let (effect, conditions) = match rest.split_once('@') {
        Some((effect, conditions)) => (effect, Some(conditions)),
        None => (rest, None),
    };
    let fault = match effect.strip_prefix("delay:") {
        Some(delay) => {
            let delay = humantime::parse_duration(delay).map_err(|error| {
                format!(
                    "`{}` is no duration such as `250ms`: {error}",
                    delay.escape_debug()
                )
            })?;
            Fault::delay(calls, delay)
        }
        None => Fault::errno(calls, errno(effect)?),
    };
    match conditions {
        Some(text) => conditional(fault, text),
        None => Ok(fault),
    }
}

fn errno(name: &str) -> Result<Errno, String> {
    match Errno::from_name(name) {
        Some(Errno::Success) => {
            Err("`success` would tell the guest that the call was carried out".to_owned())
        }
        Some(errno) => Ok(errno),
        None => Err(format!(
            "`{name}` is neither an errno such as `io` nor `delay:DURATION`"
        )),
    }
}

/// Adds `TURN`, `path:PATTERN` or both. A path may hold anything, so it comes last.
fn conditional(mut fault: Fault, text: &str) -> Result<Fault, String> {
    let mut rest = Some(text);
    while let Some(text) = rest {
        if let Some(pattern) = text.strip_prefix("path:") {
            return Ok(fault.path(pattern));
        }
        let (condition, later) = match text.split_once('@') {
            Some((condition, later)) => (condition, Some(later)),
            None => (text, None),
        };
        if fault.turn != Turn::Always {
            return Err(format!(
                "`@{condition}` is a second turn, and there may be one"
            ));
        }
        fault = fault.turn(turn(condition)?);
        rest = later;
    }
    Ok(fault)
}

fn turn(text: &str) -> Result<Turn, String> {
    let number = |text: &str| text.parse().ok().filter(|number| *number > 0);
    let turn = match text.split_once(':') {
        Some(("nth", nth)) => number(nth).map(Turn::Nth),
        Some(("every", every)) => number(every).map(Turn::Every),
        Some(_) => None,
        None => text.split_once("in").and_then(|(hits, of)| {
            let (hits, of) = (hits.parse().ok()?, of.parse().ok()?);
            (hits <= of && of > 0).then_some(Turn::Chance(hits, of))
        }),
    };
    turn.ok_or_else(|| {
        format!("`@{text}` is none of `@1in10`, `@nth:3`, `@every:3` and `@path:tmp/*`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Effect;
    use std::time::Duration;

    #[test]
    fn from_str_parts_in_their_order() {
        let delay = |milliseconds| Effect::Delay(Duration::from_millis(milliseconds));
        for (text, calls, effect, turn, pattern) in [
            (
                "path_open=io",
                "path_open",
                Effect::Errno(Errno::Io),
                Turn::Always,
                None,
            ),
            ("*=EIO", "*", Effect::Errno(Errno::Io), Turn::Always, None),
            (
                "files=nospc@path:/tmp/*",
                "files",
                Effect::Errno(Errno::Nospc),
                Turn::Always,
                Some("/tmp/*"),
            ),
            (
                "fd_write=delay:250ms@1in10",
                "fd_write",
                delay(250),
                Turn::Chance(1, 10),
                None,
            ),
            (
                "fd_read=io@nth:3",
                "fd_read",
                Effect::Errno(Errno::Io),
                Turn::Nth(3),
                None,
            ),
            (
                "poll=delay:1s@every:2@path:a@b=c",
                "poll",
                delay(1000),
                Turn::Every(2),
                Some("a@b=c"),
            ),
            (
                "files=io@path:",
                "files",
                Effect::Errno(Errno::Io),
                Turn::Always,
                Some(""),
            ),
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault.calls.to_string(), calls, "{text}");
            assert_eq!((fault.effect, fault.turn), (effect, turn), "{text}");
            assert_eq!(fault.pattern, pattern.map(crate::Pattern::from), "{text}");
        }
    }

    #[test]
    fn from_str_mistakes_told_in_one_line() {
        for (text, told) in [
            ("", "write CALLS=EFFECT, as in `path_open=io`"),
            ("path_open", "write CALLS=EFFECT, as in `path_open=io`"),
            (
                "fd_rea=io",
                "`fd_rea` is neither a WASI function nor a class of them; near it are fd_read, fd_readdir",
            ),
            (
                "gopher=io",
                "`gopher` is neither a WASI function nor a class of them",
            ),
            (
                "fd_read=",
                "`` is neither an errno such as `io` nor `delay:DURATION`",
            ),
            (
                "fd_read=slow",
                "`slow` is neither an errno such as `io` nor `delay:DURATION`",
            ),
            (
                "fd_read=success",
                "`success` would tell the guest that the call was carried out",
            ),
            (
                "fd_read=io@nth:0",
                "`@nth:0` is none of `@1in10`, `@nth:3`, `@every:3` and `@path:tmp/*`",
            ),
            (
                "fd_read=io@3in2",
                "`@3in2` is none of `@1in10`, `@nth:3`, `@every:3` and `@path:tmp/*`",
            ),
            (
                "fd_read=io@nth:1@1in2",
                "`@1in2` is a second turn, and there may be one",
            ),
        ] {
            let error = text.parse::<Fault>().unwrap_err();
            assert_eq!(error.to_string(), format!("`{text}` is no fault: {told}"));
        }
        let error = "fd_read=delay:\n".parse::<Fault>().unwrap_err().to_string();
        assert!(
            error.starts_with("`fd_read=delay:\\n` is no fault: "),
            "{error}"
        );
        assert!(error.contains("is no duration such as `250ms`"), "{error}");
    }
}
