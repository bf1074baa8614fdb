//! Tile maps: one tile for each nation near its place on the map, coloured by the median of a measure.

use super::canvas::{Canvas, TextAnchor};
use super::drawn_data::digits;
use super::theme::{
    BLUE, Colour, GRID, INK, LABEL, SMALL, SOFT, TINY, VERMILLION, between, in_unit, month, on,
};
use super::{FigureLayout, arm_of, named, two_digits};
use crate::config::figure::TileMapSpec;
use crate::results::{BandRow, Results};

/// Column and row of each nation, by ISO3: near neighbours stay near; not to scale.
const PLACES: &str = include_str!("../../assets/tiles.csv");
const TILE: f64 = 36.5;
const PALE: Colour = (245, 245, 245);

/// A tile of the map: the nation, its column and its row.
struct Tile {
    iso3: &'static str,
    column: f64,
    row: f64,
}

fn tiles_of_map() -> impl Iterator<Item = Tile> {
    PLACES.lines().skip(1).filter_map(|line| {
        let mut cells = line.split(',');
        Some(Tile {
            iso3: cells.next()?,
            column: cells.next()?.parse().ok()?,
            row: cells.next()?.parse().ok()?,
        })
    })
}

/// From red at 0 over pale to blue at 1.
fn colour(value: f64) -> Colour {
    if value >= 0.5 {
        between(PALE, BLUE, 2.0 * value - 1.0)
    } else {
        between(PALE, VERMILLION, 1.0 - 2.0 * value)
    }
}

/// The median of a nation at the end of the window.
fn median_of(results: &Results, tiles: &TileMapSpec, arm: &str, iso3: &str) -> Option<f64> {
    let last = results.manifest.study.window_last;
    let is_its = |r: &&BandRow| {
        r.month == last && r.regime == arm && r.measure == tiles.measure && r.entity == iso3
    };
    let row = results.bands.iter().find(is_its)?;
    Some(row.band.p50).filter(|v| v.is_finite())
}

/// Draws the map; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    tiles: &TileMapSpec,
) -> Result<String, String> {
    let arm = arm_of(results, &tiles.regime)?;
    let last = results.manifest.study.window_last;
    let (left, top) = (14.0, sheet.y + 6.0);
    let (mut bottom, mut values) = (top, Vec::new());
    for tile in tiles_of_map() {
        let at = (left + tile.column * TILE, top + tile.row * TILE);
        bottom = f64::max(bottom, at.1 + TILE);
        let value = median_of(results, tiles, &arm.name, tile.iso3);
        values.extend(value.map(|v| (tile.iso3, v)));
        draw_tile(&mut sheet.canvas, at, tile.iso3, value);
    }
    if values.is_empty() {
        return Err(format!(
            "no bands were kept of {} of any nation; the study names it under `bands`",
            tiles.measure
        ));
    }
    for (iso3, value) in &values {
        let row = [("nation", (*iso3).to_string()), ("median", digits(*value))];
        sheet.data.add(&row);
    }
    // The scale, where the map leaves room.
    let at = (left + 15.4 * TILE, top + 8.75 * TILE);
    let tiles = &TileMapSpec {
        low: named(results, &tiles.low),
        high: named(results, &tiles.high),
        ..tiles.clone()
    };
    draw_scale(&mut sheet.canvas, at, tiles);
    sheet.y = bottom + 12.0;
    let of = format!("Under {} in {}, median. ", arm.label(), month(last));
    sheet.caption.push(format!(
        "{of}{} nations; grey: none recorded. Tiles are near their place on the map, not to scale.",
        values.len()
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

/// The finding of a map: how many nations lie nearer to its upper end.
pub fn finding(results: &Results, tiles: &TileMapSpec) -> Option<String> {
    let arm = arm_of(results, &tiles.regime).ok()?;
    let last = results.manifest.study.window_last;
    let values: Vec<f64> = tiles_of_map()
        .filter_map(|tile| median_of(results, tiles, &arm.name, tile.iso3))
        .collect();
    let nearer = values.iter().filter(|v| **v > 0.5).count();
    (!values.is_empty()).then(|| {
        format!(
            "{nearer} of {} nations are nearer to {} than to {} under {}, {}",
            values.len(),
            named(results, &tiles.high),
            named(results, &tiles.low),
            arm.label(),
            month(last)
        )
    })
}

fn draw_tile(canvas: &mut Canvas, (x, y): (f64, f64), iso3: &str, value: Option<f64>) {
    let centre = (x + TILE / 2.0, y + TILE / 2.0);
    let (fill, text) = match value {
        Some(value) => (colour(value), in_unit(two_digits(value), "fraction")),
        None => (GRID, String::new()),
    };
    let corner = (x + TILE - 1.0, y + TILE - 1.0);
    canvas.rect((x + 1.0, y + 1.0), corner, fill, 1.0);
    let ink = on(fill);
    let at = (centre.0, centre.1 - 6.0);
    canvas.bold(at, iso3, TINY, ink, TextAnchor::Centre);
    let at = (centre.0, centre.1 + 7.0);
    canvas.text(at, text, TINY, ink, TextAnchor::Centre);
}

fn draw_scale(canvas: &mut Canvas, (x, y): (f64, f64), tiles: &TileMapSpec) {
    let words = "part of what it builds on";
    canvas.text((x, y - 16.0), words, SMALL, SOFT, TextAnchor::Left);
    for step in 0..20 {
        let part = f64::from(step) / 19.0;
        let from = x + f64::from(step) * 9.0;
        canvas.rect((from, y - 6.0), (from + 9.0, y + 6.0), colour(part), 1.0);
    }
    let (low, high) = (&tiles.low, &tiles.high);
    canvas.text((x, y + 16.0), low.as_str(), LABEL, INK, TextAnchor::Left);
    let end = (x + 180.0, y + 16.0);
    canvas.text(end, high.as_str(), LABEL, INK, TextAnchor::Right);
}
