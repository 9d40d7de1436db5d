//! How fast a clock runs.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

/// How many times as fast as another a clock runs: a fraction, so that nothing is rounded away
/// however long the clock has run.
///
/// As text it is a decimal number, such as `10` or `0.25`.
///
/// ```
/// use turnkey_virt::clocks::Speed;
///
/// assert_eq!("2.5".parse(), Speed::new(5, 2));
/// assert_eq!(Speed::new(5, 2)?.to_string(), "5/2");
/// assert!(Speed::new(0, 1).is_err());
/// # Ok::<(), turnkey_virt::clocks::NoSpeed>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Speed {
    numerator: NonZeroU32,
    denominator: NonZeroU32,
}

impl Speed {
    /// A speed of `numerator / denominator`.
    ///
    /// # Errors
    /// One of them is 0.
    pub fn new(numerator: u32, denominator: u32) -> Result<Self, NoSpeed> {
        let lowest = |number: u32| {
            let common = gcd(numerator.into(), denominator.into());
            let lowest = u64::from(number).checked_div(common)?;
            NonZeroU32::new(u32::try_from(lowest).ok()?)
        };
        match (lowest(numerator), lowest(denominator)) {
            (Some(numerator), Some(denominator)) => Ok(Self {
                numerator,
                denominator,
            }),
            _ => Err(NoSpeed(format!("{numerator}/{denominator}"))),
        }
    }

    /// How far the clock goes while the other goes on by so many nanoseconds, rounded down.
    pub(super) fn gone(self, nanoseconds: u64) -> u128 {
        u128::from(nanoseconds) * u128::from(self.numerator.get())
            / u128::from(self.denominator.get())
    }

    /// How long the other takes until the clock has gone on by so many nanoseconds: the least span
    /// for which [`gone`](Self::gone) tells as much.
    pub(super) fn takes(self, nanoseconds: u64) -> u128 {
        let scaled = u128::from(nanoseconds) * u128::from(self.denominator.get());
        scaled.div_ceil(u128::from(self.numerator.get()))
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    match a.checked_rem(b) {
        None => a,
        Some(rest) => gcd(b, rest),
    }
}

impl FromStr for Speed {
    type Err = NoSpeed;

    fn from_str(text: &str) -> Result<Self, NoSpeed> {
        let parse = || {
            let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            if !digits(whole) || !digits(part) {
                return None;
            }
            let part = part.trim_end_matches('0');
            let mut denominator = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
            let mut numerator = format!("{whole}{part}").parse::<u64>().ok()?;
            let common = gcd(numerator, denominator);
            numerator = numerator.checked_div(common)?;
            denominator = denominator.checked_div(common)?;
            Self::new(numerator.try_into().ok()?, denominator.try_into().ok()?).ok()
        };
        parse().ok_or_else(|| NoSpeed(text.to_owned()))
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator.get() {
            1 => self.numerator.fmt(f),
            denominator => write!(f, "{}/{denominator}", self.numerator),
        }
    }
}

/// What is no speed at which a clock can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSpeed(pub String);

impl fmt::Display for NoSpeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no speed: it has to be a number above 0, such as `10` or `0.25`, both parts of \
             whose fraction are below 2^32",
            self.0
        )
    }
}

impl std::error::Error for NoSpeed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_speeds_and_what_is_none() {
        let cases = [
            ("1", Some((1, 1))),
            ("10", Some((10, 1))),
            ("0.1", Some((1, 10))),
            ("1.50", Some((3, 2))),
            ("007", Some((7, 1))),
            ("0.000000001", Some((1, 1_000_000_000))),
            ("4294967295", Some((u32::MAX, 1))),
            ("4294967296", None),
            ("0.0000000001", None),
            ("0", None),
            ("0.0", None),
            ("-1", None),
            ("+1", None),
            (".5", None),
            ("1.", None),
            ("1e3", None),
            ("inf", None),
            ("NaN", None),
            ("", None),
            ("1.2.3", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(n, d)| Speed::new(n, d).unwrap());
            assert_eq!(text.parse::<Speed>().ok(), expected, "{text}");
        }
        assert!("9".repeat(1000).parse::<Speed>().is_err());
        assert!(format!("1.{}", "0".repeat(1000)).parse::<Speed>().is_ok());
    }

    #[test]
    fn new_zero_refused() {
        for (numerator, denominator) in [(0, 1), (1, 0), (0, 0)] {
            assert!(Speed::new(numerator, denominator).is_err());
        }
    }

    #[test]
    fn takes_least_span_in_which_it_goes_as_far() {
        for (numerator, denominator) in [(1, 1), (10, 1), (1, 10), (3, 7), (u32::MAX, 1)] {
            let speed = Speed::new(numerator, denominator).unwrap();
            for nanoseconds in [0, 1, 2, 1000, u64::from(u32::MAX), 1 << 60] {
                let Ok(span) = u64::try_from(speed.takes(nanoseconds)) else {
                    continue;
                };
                assert!(speed.gone(span) >= u128::from(nanoseconds), "{speed}");
                if let Some(less) = span.checked_sub(1) {
                    assert!(speed.gone(less) < u128::from(nanoseconds), "{speed}");
                }
            }
        }
    }
}
