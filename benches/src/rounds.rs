//! Forms that take turns.

use crate::Failure;
use std::time::{Duration, Instant};

/// Something that is measured: it makes so many calls.
pub(crate) type Form<'a> = Box<dyn FnMut(u32) -> Result<(), Failure> + 'a>;

/// What a call of a form takes, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) shortest: f64,
    pub(crate) median: f64,
}

/// About as long as a round of a form takes: short enough that it has a chance to be over before
/// the thread is interrupted, long enough that looking at the clock counts for nothing.
const ROUND: Duration = Duration::from_micros(200);

/// Measures forms that take turns, for so many rounds. Each begins with a call that nobody times, as
/// the turns of the others have left nothing of it in the processor's caches; and the time of a single
/// call, the shortest or the median as well, is taken off, with what it takes to begin at all.
pub(crate) fn measure(forms: &mut [Form<'_>], rounds: usize) -> Result<Vec<Sample>, Failure> {
    let mut counts = Vec::new();
    for form in &mut *forms {
        counts.push(calls_per_round(form)?);
    }
    let mut found = vec![Found::default(); forms.len()];
    for _ in 0..rounds {
        for ((form, count), found) in forms.iter_mut().zip(&counts).zip(&mut found) {
            form(1)?;
            found.one.push(time(form, 1)?);
            found.all.push(time(form, *count + 1)?);
        }
    }
    let samples = found.into_iter().zip(counts);
    Ok(samples.map(|(found, count)| found.sample(count)).collect())
}

/// What the rounds of a form took.
#[derive(Clone, Default)]
struct Found {
    /// Those of a single call.
    one: Vec<Duration>,
    all: Vec<Duration>,
}

impl Found {
    fn sample(mut self, count: u32) -> Sample {
        self.one.sort();
        self.all.sort();
        let at = |place: usize| {
            let one = self.one.get(place).copied().unwrap_or_default();
            let all = self.all.get(place).copied().unwrap_or_default();
            all.saturating_sub(one).as_secs_f64() * 1e9 / f64::from(count)
        };
        Sample {
            shortest: at(0),
            median: at(self.all.len() / 2),
        }
    }
}

fn time(form: &mut Form<'_>, count: u32) -> Result<Duration, Failure> {
    let start = Instant::now();
    form(count)?;
    Ok(start.elapsed())
}

/// How many calls take about a round.
fn calls_per_round(form: &mut Form<'_>) -> Result<u32, Failure> {
    let mut count = 1;
    loop {
        // An interruption would make few calls look like many.
        let mut shortest = Duration::MAX;
        for _ in 0..3 {
            shortest = shortest.min(time(form, count)?);
        }
        if shortest * 2 >= ROUND || count >= 1 << 24 {
            return Ok(count);
        }
        count *= 2;
    }
}
