//! Forms that take turns.

use crate::Failure;
use std::time::{Duration, Instant};

/// Something that is measured.
pub(crate) trait Timed {
    /// Sees to what so many calls find. It is not timed.
    ///
    /// # Errors
    /// That failed.
    fn prepare(&mut self, times: u32) -> Result<(), Failure> {
        let _ = times;
        Ok(())
    }

    /// Makes so many calls.
    ///
    /// # Errors
    /// One of them failed.
    fn run(&mut self, times: u32) -> Result<(), Failure>;

    /// Makes so many calls, and answers how long they took.
    ///
    /// # Errors
    /// One of them failed.
    fn time(&mut self, times: u32) -> Result<Duration, Failure> {
        let start = Instant::now();
        self.run(times)?;
        Ok(start.elapsed())
    }

    /// Looks at what the calls left, and takes it away. It is not timed.
    ///
    /// # Errors
    /// It is not what it has to be.
    fn finish(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

impl<F: FnMut(u32) -> Result<(), Failure>> Timed for F {
    fn run(&mut self, times: u32) -> Result<(), Failure> {
        self(times)
    }
}

pub(crate) type Form<'a> = Box<dyn Timed + 'a>;

/// What a call of a form takes, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) shortest: f64,
    pub(crate) median: f64,
}

/// About as long as a round of a form takes: short enough that it has a chance to be over before
/// the thread is interrupted, long enough that looking at the clock counts for nothing.
const ROUND: Duration = Duration::from_micros(200);

/// A call that takes so long is a round of its own: what it takes to begin at all counts for nothing.
const LONG: Duration = Duration::from_millis(2);

/// Once such calls of one form have taken so long together, it is no longer its turn.
const ENOUGH: Duration = Duration::from_secs(5);

/// Measures forms that take turns, for so many rounds. Each begins with a call that nobody times, as
/// the turns of the others have left nothing of it in the processor's caches; and the time of a single
/// call, the shortest or the median as well, is taken off, with what it takes to begin at all.
pub(crate) fn measure(forms: &mut [Form<'_>], rounds: usize) -> Result<Vec<Sample>, Failure> {
    let mut found = Vec::new();
    for form in &mut *forms {
        found.push(Found::of(form)?);
    }
    for _ in 0..rounds {
        for (form, found) in forms.iter_mut().zip(&mut found) {
            found.round(form)?;
        }
    }
    Ok(found.into_iter().map(Found::sample).collect())
}

/// What the rounds of a form took.
enum Found {
    /// Rounds of one call, and of so many more.
    Short {
        count: u32,
        one: Vec<Duration>,
        all: Vec<Duration>,
    },
    /// Calls that are long.
    Long(Vec<Duration>),
}

impl Found {
    /// Finds out how many calls take about a round.
    fn of(form: &mut Form<'_>) -> Result<Self, Failure> {
        let mut count = 1;
        loop {
            // An interruption would make few calls look like many.
            let mut spans = Vec::new();
            for _ in 0..3 {
                spans.push(time(form, count)?);
                if spans.iter().sum::<Duration>() >= ENOUGH / 10 {
                    break;
                }
            }
            let shortest = spans.iter().copied().min().unwrap_or_default();
            if count == 1 && shortest >= LONG {
                return Ok(Self::Long(spans));
            }
            if shortest * 2 >= ROUND || count >= 1 << 24 {
                let (one, all) = Default::default();
                return Ok(Self::Short { count, one, all });
            }
            count *= 2;
        }
    }

    fn round(&mut self, form: &mut Form<'_>) -> Result<(), Failure> {
        match self {
            Self::Short { count, one, all } => {
                time(form, 1)?;
                one.push(time(form, 1)?);
                all.push(time(form, *count + 1)?);
            }
            Self::Long(spans) => {
                if spans.iter().sum::<Duration>() < ENOUGH {
                    spans.push(time(form, 1)?);
                }
            }
        }
        Ok(())
    }

    fn sample(self) -> Sample {
        let nanos = |span: Duration| span.as_secs_f64() * 1e9;
        let spans: Vec<f64> = match self {
            Self::Short { count, one, all } => sorted(all)
                .zip(sorted(one))
                .map(|(all, one)| nanos(all.saturating_sub(one)) / f64::from(count))
                .collect(),
            Self::Long(spans) => sorted(spans).map(nanos).collect(),
        };
        let at = |place: usize| spans.get(place).copied().unwrap_or(f64::NAN);
        Sample {
            shortest: at(0),
            median: at(spans.len() / 2),
        }
    }
}

fn sorted(mut spans: Vec<Duration>) -> impl Iterator<Item = Duration> {
    spans.sort();
    spans.into_iter()
}

fn time(form: &mut Form<'_>, count: u32) -> Result<Duration, Failure> {
    form.prepare(count)?;
    let span = form.time(count)?;
    form.finish()?;
    Ok(span)
}
