//! Tile maps: one tile for each nation near its place on the map, coloured by the median of a measure.

use super::canvas::TextAnchor;
use super::theme::{
    BLUE, Colour, GRID, INK, LABEL, SMALL, SOFT, TINY, VERMILLION, between, in_unit, on,
};
use super::{FigureLayout, arm_of, two_digits};
use crate::config::figure::TileMapSpec;
use crate::results::Results;

/// Column and row of each nation, by ISO3: near neighbours stay near; not to scale.
const PLACES: &str = include_str!("../../assets/tiles.csv");
const TILE: f64 = 36.5;
const PALE: Colour = (245, 245, 245);

/// Draws the map; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    tiles: &TileMapSpec,
) -> Result<String, String> {
    let arm = arm_of(results, &tiles.regime)?;
    let last = results.manifest.study.window_last;
    let value_of = |iso3: &str| {
        let mut rows = results.bands.iter();
        let row = rows.find(|r| {
            r.month == last
                && r.regime == arm.name
                && r.measure == tiles.measure
                && r.entity == iso3
        })?;
        Some(row.band.p50).filter(|v| v.is_finite())
    };
    let of = format!("Under {} in {last}, median. ", arm.name);
    let colour = |value: f64| {
        if value >= 0.5 {
            between(PALE, BLUE, 2.0 * value - 1.0)
        } else {
            between(PALE, VERMILLION, 1.0 - 2.0 * value)
        }
    };
    let (left, top) = (14.0, sheet.y + 6.0);
    let (mut bottom, mut drawn, mut values) = (top, 0, Vec::new());
    let canvas = &mut sheet.canvas;
    for line in PLACES.lines().skip(1) {
        let mut cells = line.split(',');
        let (Some(iso3), Some(Ok(column)), Some(Ok(row))) = (
            cells.next(),
            cells.next().map(str::parse::<f64>),
            cells.next().map(str::parse::<f64>),
        ) else {
            continue;
        };
        let (x, y) = (left + column * TILE, top + row * TILE);
        bottom = f64::max(bottom, y + TILE);
        let centre = (x + TILE / 2.0, y + TILE / 2.0);
        let (fill, text) = match value_of(iso3) {
            Some(value) => {
                drawn += 1;
                values.push((iso3, value));
                (colour(value), in_unit(two_digits(value), "fraction"))
            }
            None => (GRID, String::new()),
        };
        canvas.rect(
            (x + 1.0, y + 1.0),
            (x + TILE - 1.0, y + TILE - 1.0),
            fill,
            1.0,
        );
        let ink = on(fill);
        canvas.bold(
            (centre.0, centre.1 - 6.0),
            iso3,
            TINY,
            ink,
            TextAnchor::Centre,
        );
        canvas.text(
            (centre.0, centre.1 + 7.0),
            text,
            TINY,
            ink,
            TextAnchor::Centre,
        );
    }
    if drawn == 0 {
        return Err(format!(
            "no bands were kept of {} of any nation; the study names it under `bands`",
            tiles.measure
        ));
    }
    // The scale, where the map leaves room.
    let (x, y) = (left + 15.4 * TILE, top + 8.75 * TILE);
    canvas.text(
        (x, y - 16.0),
        "part of what it builds on",
        SMALL,
        SOFT,
        TextAnchor::Left,
    );
    for step in 0..20 {
        let part = f64::from(step) / 19.0;
        let from = x + f64::from(step) * 9.0;
        canvas.rect((from, y - 6.0), (from + 9.0, y + 6.0), colour(part), 1.0);
    }
    canvas.text(
        (x, y + 16.0),
        tiles.low.clone(),
        LABEL,
        INK,
        TextAnchor::Left,
    );
    canvas.text(
        (x + 180.0, y + 16.0),
        tiles.high.clone(),
        LABEL,
        INK,
        TextAnchor::Right,
    );
    sheet.y = bottom + 12.0;
    sheet.caption.push(format!(
        "{of}{drawn} nations; grey: none recorded. Tiles are near their place on the map, not to scale."
    ));
    values.sort_by(|a, b| a.1.total_cmp(&b.1));
    let name =
        |(iso3, value): &(&str, f64)| format!("{iso3} {}", in_unit(two_digits(*value), "fraction"));
    let first: Vec<String> = values.iter().take(5).map(name).collect();
    let last: Vec<String> = values.iter().rev().take(5).map(name).collect();
    Ok(format!(
        "{of}nearest to {}: {}; nearest to {}: {}",
        tiles.low,
        first.join(", "),
        tiles.high,
        last.join(", ")
    ))
}
