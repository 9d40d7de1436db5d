//! The figures as a picture.

use crate::Failure;
use plotters::prelude::*;
use std::path::Path;

/// One figure: who made a call, how it is called, and how often the raw system call fits into it.
pub(super) struct Point {
    pub(super) call: &'static str,
    pub(super) participant: String,
    pub(super) ratio: f64,
}

const WIDTH: u32 = 1000;
const NAMES: u32 = 330;
const LINE: u32 = 22;
/// The scale and what it is of.
const FOOT: u32 = 60;
const FONT: (&str, u32) = ("sans-serif", 16);

/// Whoever is drawn: of our own the one that the peers can be compared with.
fn is_drawn(participant: &str) -> bool {
    match participant {
        "raw" => false,
        "turnkey, wasmtime, host" => true,
        other => !other.starts_with("turnkey"),
    }
}

/// Draws a line for each call and a dot for each participant: the further to the left, the faster.
/// Each step of the scale is ten times the one before.
pub(super) fn draw(path: &Path, points: &[Point]) -> Result<(), Failure> {
    let points: Vec<_> = points
        .iter()
        .filter(|point| is_drawn(&point.participant))
        .collect();
    let calls = each_once(points.iter().map(|point| point.call));
    let participants = each_once(points.iter().map(|point| &*point.participant));
    let head = 10 + LINE * u32::try_from(participants.len())?;
    let height = head + FOOT + LINE * u32::try_from(calls.len())?;
    let area = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    let (head, body) = area.split_vertically(head);

    let ratios = || points.iter().map(|point| point.ratio);
    let (least, most) = (ratios().fold(0.5, f64::min), ratios().fold(10.0, f64::max));
    let lines = calls.len() as f64;
    let mut chart = ChartBuilder::on(&body)
        .margin(10)
        .x_label_area_size(40)
        .y_label_area_size(NAMES)
        .build_cartesian_2d((least * 0.8..most * 1.5).log_scale(), -0.5..lines - 0.5)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .disable_y_axis()
        .y_labels(0)
        .x_label_formatter(&|ratio| format!("{ratio}"))
        .x_label_style(FONT)
        .x_desc("time for a call, in that of the raw system call")
        .axis_desc_style(FONT)
        .draw()?;
    let paths = (0..calls.len()).map(|line| {
        let place = line as f64;
        PathElement::new([(least * 0.8, place), (most * 1.5, place)], BLACK.mix(0.1))
    });
    chart.draw_series(paths)?;
    let raw = PathElement::new([(1.0, -0.5), (1.0, lines - 0.5)], BLACK.mix(0.6));
    chart.draw_series([raw])?;
    // The first stands at the top.
    let place = |call: &str| {
        let from_above = calls.iter().position(|other| *other == call);
        from_above.map_or(0.0, |from_above| lines - 1.0 - from_above as f64)
    };
    for call in &calls {
        let (_, y) = chart.backend_coord(&(1.0, place(call)));
        let (_, top) = body.get_base_pixel();
        let right = i32::try_from(NAMES)?;
        let style = FONT.into_text_style(&body);
        let anchor = plotters::style::text_anchor::Pos::new(
            plotters::style::text_anchor::HPos::Right,
            plotters::style::text_anchor::VPos::Center,
        );
        body.draw_text(call, &style.pos(anchor), (right, y - top))?;
    }
    for (number, participant) in participants.into_iter().enumerate() {
        let color = Palette99::pick(number).to_rgba();
        let own = points
            .iter()
            .filter(|point| point.participant == participant);
        let dots =
            own.map(|point| Circle::new((point.ratio, place(point.call)), 5, color.filled()));
        chart.draw_series(dots)?;
        let y = i32::try_from(10 + LINE * u32::try_from(number)?)?;
        let left = i32::try_from(NAMES)? + 20;
        head.draw(&Circle::new((left, y + 6), 5, color.filled()))?;
        head.draw(&Text::new(participant, (left + 14, y), FONT))?;
    }
    area.present()?;
    Ok(())
}

/// The same without what was there before.
fn each_once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut known = Vec::new();
    for name in names {
        if !known.contains(&name) {
            known.push(name);
        }
    }
    known
}
