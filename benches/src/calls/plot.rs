//! The figures as a picture.

use crate::Failure;
use plotters::prelude::*;
use std::path::Path;

/// One figure: a call, by its place among all calls, and who made it.
pub(super) struct Point {
    pub(super) call: usize,
    pub(super) participant: String,
    pub(super) shortest: f64,
}

const WIDTH: u32 = 1100;
const HEIGHT_OF_A_CALL: u32 = 24;
const MARGIN: u32 = 120;

/// Draws a line for each call and a dot for each participant: the further to the left, the faster.
/// Each step of the scale is ten times the one before.
pub(super) fn draw(path: &Path, calls: &[&str], points: &[Point]) -> Result<(), Failure> {
    let height = MARGIN + HEIGHT_OF_A_CALL * u32::try_from(calls.len())?;
    let area = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    let fastest = points.iter().map(|point| point.shortest);
    let slowest = fastest.clone().fold(10.0, f64::max);
    let fastest = fastest.fold(10.0, f64::min).max(0.1);
    let mut chart = ChartBuilder::on(&area)
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(320)
        .right_y_label_area_size(250)
        .build_cartesian_2d(
            (fastest * 0.8..slowest * 1.25).log_scale(),
            -0.5..calls.len() as f64 - 0.5,
        )?;
    let name = |place: &f64| {
        // The first call stands at the top.
        let from_below = place.round();
        match (from_below - place).abs() < 0.01 {
            true => {
                let from_above = calls.len() as f64 - 1.0 - from_below;
                calls.get(from_above as usize).copied().unwrap_or_default()
            }
            false => "",
        }
        .to_owned()
    };
    chart
        .configure_mesh()
        .y_labels(calls.len())
        .y_label_formatter(&name)
        .x_desc("ns per call")
        .draw()?;
    let mut participants: Vec<&str> = Vec::new();
    for point in points {
        if !participants.contains(&&*point.participant) {
            participants.push(&point.participant);
        }
    }
    for (number, participant) in participants.into_iter().enumerate() {
        let color = Palette99::pick(number).to_rgba();
        let own = points
            .iter()
            .filter(|point| point.participant == participant);
        let dots = own.map(|point| {
            let place = (calls.len() - 1 - point.call) as f64;
            Circle::new((point.shortest.max(0.1), place), 4, color.filled())
        });
        chart
            .draw_series(dots)?
            .label(participant)
            .legend(move |place| Circle::new(place, 4, color.filled()));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .draw()?;
    area.present()?;
    Ok(())
}
