//! Moments in time.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// A moment between 1970 and 2554, to the nanosecond.
///
/// As text it is what RFC 3339 writes for UTC.
///
/// ```
/// use turnkey_virt::clocks::Moment;
///
/// let moment: Moment = "2019-11-12T00:00:00.5Z".parse()?;
/// assert_eq!(moment.nanoseconds(), 1_573_516_800_500_000_000);
/// assert_eq!(moment, Moment::new(1_573_516_800_500_000_000));
/// assert_eq!(moment.to_string(), "2019-11-12T00:00:00.500000000Z");
/// # Ok::<(), turnkey_virt::clocks::NoMoment>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// So many nanoseconds after 1970-01-01T00:00:00Z.
    pub const fn new(nanoseconds: u64) -> Self {
        Self(nanoseconds)
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub const fn nanoseconds(self) -> u64 {
        self.0
    }
}

impl FromStr for Moment {
    type Err = NoMoment;

    /// Reads a text such as `2019-11-12T00:00:00Z`, in UTC, with any number of digits for the
    /// second's fraction, of which nine count.
    fn from_str(text: &str) -> Result<Self, NoMoment> {
        humantime::parse_rfc3339(text)
            .ok()
            .and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok())
            .and_then(|since| u64::try_from(since.as_nanos()).ok())
            .map(Self)
            .ok_or_else(|| NoMoment(text.to_owned()))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = Duration::from_nanos(self.0);
        match SystemTime::UNIX_EPOCH.checked_add(since) {
            Some(time) => humantime::format_rfc3339(time).fmt(f),
            None => write!(f, "{since:?} after 1970"),
        }
    }
}

/// A text that names no moment which clocks can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoMoment(pub String);

impl fmt::Display for NoMoment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no moment between 1970 and 2554 in UTC, such as `2019-11-12T00:00:00Z`",
            self.0
        )
    }
}

impl std::error::Error for NoMoment {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_moments_and_what_is_none() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2019-11-12T00:00:00+00:00", Some(1_573_516_800_000_000_000)),
            ("2000-02-29T23:59:59Z", Some(951_868_799_000_000_000)),
            ("1970-01-01T00:00:00.000000001Z", Some(1)),
            ("1970-01-01T00:00:00.0000000019Z", Some(1)),
            ("2554-07-21T23:34:33.709551615Z", Some(u64::MAX)),
            ("2554-07-21T23:34:33.709551616Z", None),
            ("9999-12-31T23:59:59Z", None),
            ("1969-12-31T23:59:59Z", None),
            ("2019-02-29T00:00:00Z", None),
            ("2019-11-12T24:00:00Z", None),
            ("2019-11-12T00:00:00+01:00", None),
            ("2019-11-12 00:00:00Z", None),
            ("2019-11-12T00:00:00", None),
            ("2019-11-12", None),
            ("１９７０-01-01T00:00:00Z", None),
            ("0000-00-00T00:00:00Z", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let moment = text.parse::<Moment>();
            assert_eq!(moment.ok().map(Moment::nanoseconds), expected, "{text}");
        }
    }

    #[test]
    fn display_any_moment_reads_back() {
        for nanoseconds in [0, 1, 951_868_799_999_999_999, u64::MAX] {
            let moment = Moment::new(nanoseconds);
            assert_eq!(moment.to_string().parse(), Ok(moment));
        }
    }
}
