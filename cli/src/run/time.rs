//! `--clock` and `--virtual-time`: what a guest's clocks tell, and how it waits.

use crate::engine::EngineName;
use std::sync::Arc;
use std::time::Duration;
use turnkey_cap_backends::{HostClocks, HostWait, ambient_authority};
use turnkey_virt::clocks::{
    FrozenClocks, Moment, OffsetClocks, ScaledClocks, Speed, TickClocks, VirtualTime,
};
use turnkey_wasi_common::{Builder, Clocks};

/// The guest's time.
#[derive(Debug, clap::Args)]
pub(crate) struct Time {
    /// Let its clocks tell the host's time, a moment that stays (frozen:2019-11-12T00:00:00Z), a
    /// time that is ahead or behind (offset:1h, offset:-90s), one that runs faster or slower
    /// (scale:10, scale:0.5), or one that goes on with each look (tick:1ms)
    #[arg(
        long,
        value_name = "real|frozen:TIME|offset:DURATION|scale:FACTOR|tick:DURATION",
        default_value = "real",
        hide_default_value = true,
        value_parser = Told::parse
    )]
    clock: Told,

    /// Let waiting take no time: its clocks jump to the moment that it waits for
    #[arg(long)]
    virtual_time: bool,
}

/// What clocks tell.
#[derive(Debug, Clone, PartialEq)]
enum Told {
    Real,
    Frozen(Moment),
    Ahead(Duration),
    Behind(Duration),
    Scaled(Speed),
    Tick(Duration),
}

impl Told {
    fn parse(text: &str) -> Result<Self, String> {
        let (kind, value) = text.split_once(':').unwrap_or((text, ""));
        match (kind, value) {
            ("real", "") => Ok(Self::Real),
            ("frozen", moment) => match moment.parse() {
                Ok(moment) => Ok(Self::Frozen(moment)),
                Err(error) => Err(format!("{error}")),
            },
            ("offset", span) => match span.strip_prefix('-') {
                Some(span) => duration(span).map(Self::Behind),
                None => duration(span.trim_start_matches('+')).map(Self::Ahead),
            },
            ("scale", factor) => match factor.parse() {
                Ok(speed) => Ok(Self::Scaled(speed)),
                Err(error) => Err(format!("{error}")),
            },
            ("tick", span) => duration(span).map(Self::Tick),
            _ => Err(
                "write real, frozen:TIME, offset:DURATION, scale:FACTOR or tick:DURATION"
                    .to_owned(),
            ),
        }
    }

    fn over(&self, host: Arc<dyn Clocks>) -> Arc<dyn Clocks> {
        match *self {
            Self::Real => host,
            Self::Frozen(moment) => Arc::new(FrozenClocks::at(moment)),
            Self::Ahead(by) => Arc::new(OffsetClocks::fast(host, by)),
            Self::Behind(by) => Arc::new(OffsetClocks::slow(host, by)),
            Self::Scaled(speed) => Arc::new(ScaledClocks::new(host, speed)),
            Self::Tick(step) => {
                let step = u64::try_from(step.as_nanos()).unwrap_or(u64::MAX);
                Arc::new(TickClocks::new(host, step))
            }
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| format!("`{text}` is no duration; write one such as 250ms, 90s or 1h"))
}

impl Time {
    /// Gives a context its clocks and its way to wait; answers the clocks, by which its files are
    /// dated.
    pub(super) fn hand_over(
        &self,
        context: Builder,
        engine: EngineName,
    ) -> (Builder, Arc<dyn Clocks>) {
        let clocks = self
            .clock
            .over(Arc::new(HostClocks::new(ambient_authority())));
        if !self.virtual_time {
            return (context.clocks(Arc::clone(&clocks)), clocks);
        }
        let mut time = VirtualTime::new(clocks).waiter(Arc::new(HostWait));
        if let Some(waiter) = engine.async_waiter() {
            time = time.async_waiter(waiter);
        }
        (time.govern(context), Arc::new(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_each_kind_and_what_is_wrong_with_others() {
        let second = Duration::from_secs(1);
        for (text, expected) in [
            ("real", Ok(Told::Real)),
            (
                "frozen:1970-01-01T00:00:01Z",
                Ok(Told::Frozen(Moment::new(1_000_000_000))),
            ),
            ("offset:1s", Ok(Told::Ahead(second))),
            ("offset:+1s", Ok(Told::Ahead(second))),
            ("offset:-1000ms", Ok(Told::Behind(second))),
            ("scale:0.5", Ok(Told::Scaled(Speed::new(1, 2).unwrap()))),
            ("tick:1s", Ok(Told::Tick(second))),
            ("frozen:yesterday", Err("yesterday")),
            ("offset:--1s", Err("is no duration")),
            ("tick:", Err("is no duration")),
            ("scale:-1", Err("-1")),
            ("real:1", Err("write real, frozen:TIME")),
            ("", Err("write real, frozen:TIME")),
        ] {
            match (Told::parse(text), expected) {
                (Ok(told), Ok(expected)) => assert_eq!(told, expected, "{text}"),
                (Err(told), Err(expected)) => assert!(told.contains(expected), "{text}: {told}"),
                (told, _) => panic!("{text}: {told:?}"),
            }
        }
    }
}
