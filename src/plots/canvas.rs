//! A canvas of lines, areas and texts with known boxes, drawn as SVG or PNG with the same typeface on every machine.

use std::cell::RefCell;
use std::io::Write;
use std::path::Path;

use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{PathElement, Polygon, Rectangle};
use plotters::style::{Color, RGBColor, ShapeStyle};

use super::letters::{ABOVE, BELOW, LETTERS, dots, lacking, width};
use super::theme::Colour;
use crate::foundation::maths;
use crate::results::files::AtomicFile;

/// Coordinates of a bitmap are whole pixels: drawing this much larger than the PNG keeps curves smooth.
const FINE: f64 = 2.0;

thread_local! {
    /// Pixels of the finer grid.
    static LARGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}
/// Pixels of a PNG for each pixel of the figure.
const PNG: f64 = 2.0;
/// Pixels of a PNG for print for each pixel of the figure: 32 cm wide at 300 dots an inch.
const PRINT: f64 = 4.0;
/// Width and height of a slide.
const SLIDE: (u32, u32) = (1920, 1080);

/// The size of a PNG.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PngSize {
    /// Twice the figure: 1,920 pixels wide.
    #[default]
    Screen,
    /// A slide of 1,920 by 1,080 pixels; the figure is as large as fits, in the middle of a white sheet.
    Slide,
    /// Four times the figure: 3,840 pixels wide.
    Print,
}
/// No letter is smaller than this, in pixels of the figure: half the size of its PNG.
pub const SMALLEST: f64 = 9.0;

/// Alignment of a text at its point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextAnchor {
    Left,
    Centre,
    Right,
}

/// A text at a point; `at` is half the height of its capitals above the baseline.
#[derive(Clone, Debug)]
pub struct TextMark {
    pub at: (f64, f64),
    pub text: String,
    pub size: f64,
    pub bold: bool,
    pub colour: Colour,
    pub anchor: TextAnchor,
}

impl TextMark {
    fn width(&self) -> f64 {
        width(&self.text, self.size, self.bold)
    }

    /// Start of the first letter on the baseline.
    pub fn start(&self) -> (f64, f64) {
        let back = match self.anchor {
            TextAnchor::Left => 0.0,
            TextAnchor::Centre => self.width() / 2.0,
            TextAnchor::Right => self.width(),
        };
        (self.at.0 - back, self.at.1 + 0.36 * self.size)
    }

    /// Left, top, right, bottom.
    fn bounds(&self) -> [f64; 4] {
        let (x, line) = self.start();
        [
            x,
            line - ABOVE * self.size,
            x + self.width(),
            line + BELOW * self.size,
        ]
    }
}

pub enum Mark {
    Line {
        points: Vec<(f64, f64)>,
        colour: Colour,
        width: f64,
        /// Pixels on and off.
        dashes: Option<(f64, f64)>,
    },
    Area {
        points: Vec<(f64, f64)>,
        colour: Colour,
        opacity: f64,
    },
    Text(TextMark),
}

/// Marks on a sheet, in pixels from the top left.
pub struct Canvas {
    pub width: f64,
    pub height: f64,
    pub marks: Vec<Mark>,
}

impl Canvas {
    /// An empty sheet; its height is known when everything is on it.
    pub fn new(width: f64) -> Self {
        Self {
            width,
            height: 0.0,
            marks: Vec::new(),
        }
    }

    pub fn line(&mut self, points: Vec<(f64, f64)>, colour: Colour, width: f64) {
        self.marks.push(Mark::Line {
            points,
            colour,
            width,
            dashes: None,
        });
    }

    pub fn dashes(
        &mut self,
        points: Vec<(f64, f64)>,
        colour: Colour,
        width: f64,
        on_off: (f64, f64),
    ) {
        self.marks.push(Mark::Line {
            points,
            colour,
            width,
            dashes: Some(on_off),
        });
    }

    pub fn area(&mut self, points: Vec<(f64, f64)>, colour: Colour, opacity: f64) {
        self.marks.push(Mark::Area {
            points,
            colour,
            opacity,
        });
    }

    pub fn rect(&mut self, from: (f64, f64), to: (f64, f64), colour: Colour, opacity: f64) {
        self.area(
            vec![from, (to.0, from.1), to, (from.0, to.1)],
            colour,
            opacity,
        );
    }

    /// A round dot.
    pub fn dot(&mut self, at: (f64, f64), radius: f64, colour: Colour, opacity: f64) {
        let corner = |n: u32| {
            let turn = f64::from(n) * std::f64::consts::TAU / 24.0;
            let (sin, cos) = maths::sin_cos(turn);
            (at.0 + radius * cos, at.1 + radius * sin)
        };
        self.area((0..24).map(corner).collect(), colour, opacity);
    }

    pub fn text(
        &mut self,
        at: (f64, f64),
        text: impl Into<String>,
        size: f64,
        colour: Colour,
        anchor: TextAnchor,
    ) {
        self.words(at, text.into(), size, false, colour, anchor);
    }

    pub fn bold(
        &mut self,
        at: (f64, f64),
        text: impl Into<String>,
        size: f64,
        colour: Colour,
        anchor: TextAnchor,
    ) {
        self.words(at, text.into(), size, true, colour, anchor);
    }

    fn words(
        &mut self,
        at: (f64, f64),
        text: String,
        size: f64,
        bold: bool,
        colour: Colour,
        anchor: TextAnchor,
    ) {
        self.marks.push(Mark::Text(TextMark {
            at,
            text,
            size,
            bold,
            colour,
            anchor,
        }));
    }

    pub fn texts(&self) -> impl Iterator<Item = &TextMark> {
        self.marks.iter().filter_map(|mark| match mark {
            Mark::Text(text) => Some(text),
            _ => None,
        })
    }

    /// What is wrong with the words on the sheet: those that overlap, leave the sheet, are painted over, are too small, or
    /// lack a letter.
    pub fn faults(&self) -> Vec<String> {
        let boxes: Vec<(&TextMark, [f64; 4])> = self.texts().map(|t| (t, t.bounds())).collect();
        let mut faults = Vec::new();
        for (n, (text, [left, top, right, bottom])) in boxes.iter().enumerate() {
            let words = &text.text;
            if *left < 0.0 || *top < 0.0 || *right > self.width || *bottom > self.height {
                faults.push(format!("`{words}` leaves the sheet"));
            }
            if text.size < SMALLEST {
                faults.push(format!("`{words}` is {} pixels high", text.size));
            }
            for letter in lacking(words, text.bold) {
                faults.push(format!("`{words}`: the typeface lacks `{letter}`"));
            }
            for (other, [l, t, r, b]) in &boxes[..n] {
                let across = right.min(*r) - left.max(*l);
                let down = bottom.min(*b) - top.max(*t);
                // Boxes span the full height of the typeface; an overlap of half a pixel is allowed.
                if across > 0.5 && down > 0.5 {
                    faults.push(format!("`{words}` lies over `{}`", other.text));
                }
            }
        }
        for (n, mark) in self.marks.iter().enumerate() {
            let Mark::Area {
                points, opacity, ..
            } = mark
            else {
                continue;
            };
            let reach = |of: fn(&(f64, f64)) -> f64| {
                let values = points.iter().map(of);
                values.fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)))
            };
            let ((l, r), (t, b)) = (reach(|p| p.0), reach(|p| p.1));
            let before = self.marks[..n].iter().filter_map(|m| match m {
                Mark::Text(text) => Some(text),
                _ => None,
            });
            for text in before.filter(|_| *opacity >= 0.5) {
                let [left, top, right, bottom] = text.bounds();
                if right.min(r) - left.max(l) > 0.5 && bottom.min(b) - top.max(t) > 0.5 {
                    faults.push(format!("`{}` is painted over", text.text));
                }
            }
        }
        faults
    }

    /// The first text with a letter that the typeface lacks, and that letter.
    pub fn without_glyph(&self) -> Option<String> {
        self.texts().find_map(|t| {
            let letter = *lacking(&t.text, t.bold).first()?;
            Some(format!(
                "`{}`: the typeface has no `{letter}` (U+{:04X}); expected {LETTERS}",
                t.text, letter as u32
            ))
        })
    }

    /// The figure as PNG, smoothed from a drawing twice as large.
    ///
    /// # Errors
    /// When the backend fails or the file cannot be written.
    pub fn png(&self, path: &Path, size: PngSize) -> Result<(), String> {
        let scale = match size {
            PngSize::Screen => PNG,
            PngSize::Print => PRINT,
            PngSize::Slide => {
                let (wide, high) = (f64::from(SLIDE.0), f64::from(SLIDE.1));
                (wide / self.width.round()).min(high / self.height.round())
            }
        };
        let drawn = [self.width, self.height].map(|v| (v.round() * scale) as u32);
        let (w, h) = match size {
            PngSize::Slide => SLIDE,
            _ => (drawn[0], drawn[1]),
        };
        let placed = |fine: f64| Placement {
            scale: scale * fine,
            left: f64::from(w - drawn[0].min(w)) / 2.0 * fine,
            top: f64::from(h - drawn[1].min(h)) / 2.0 * fine,
        };
        let large_size = (w * FINE as u32, h * FINE as u32);
        // White; the memory serves all pictures of a thread.
        let mut large = LARGE.take();
        large.clear();
        large.resize((large_size.0 * large_size.1 * 3) as usize, 255);
        {
            let sheet = BitMapBackend::with_buffer(&mut large, large_size).into_drawing_area();
            for mark in &self.marks {
                draw_shape(&sheet, mark, &placed(FINE))?;
            }
            sheet.present().map_err(|e| e.to_string())?;
        }
        let mut small = halved(&large, large_size.0 as usize);
        LARGE.set(large);
        // Letters are smoothed as they are drawn, so they need no finer grid.
        for text in self.texts() {
            ink_text(text, &placed(1.0), &mut small, (w, h));
        }
        encode_png(path, &small, (w, h))
    }
}

/// Where a canvas lies in a drawing: pixels for each of its own, and its corner.
struct Placement {
    scale: f64,
    left: f64,
    top: f64,
}

/// Draws a line or an area; letters are inked later.
fn draw_shape(
    sheet: &DrawingArea<BitMapBackend<'_>, Shift>,
    mark: &Mark,
    placed: &Placement,
) -> Result<(), String> {
    let scale = placed.scale;
    let all = |points: &[(f64, f64)]| -> Vec<(i32, i32)> {
        let at = |v: f64, from: f64| (v * scale + from).round() as i32;
        let both = |p: &(f64, f64)| (at(p.0, placed.left), at(p.1, placed.top));
        points.iter().map(both).collect()
    };
    let drawn = match mark {
        Mark::Line {
            points,
            colour,
            width,
            dashes,
        } => {
            let style = ShapeStyle {
                color: rgb(*colour).to_rgba(),
                filled: false,
                stroke_width: (width * scale).round().max(1.0) as u32,
            };
            let pieces = match dashes {
                Some(on_off) => pieces(points, *on_off),
                None => vec![points.clone()],
            };
            pieces
                .iter()
                .try_for_each(|p| sheet.draw(&PathElement::new(all(p), style)))
        }
        Mark::Area {
            points,
            colour,
            opacity,
        } => {
            let style = rgb(*colour).mix(*opacity).filled();
            let corners = all(points);
            let upright =
                corners.len() == 4 && corners[0].1 == corners[1].1 && corners[1].0 == corners[2].0;
            if upright {
                sheet.draw(&Rectangle::new([corners[0], corners[2]], style))
            } else {
                sheet.draw(&Polygon::new(corners, style))
            }
        }
        Mark::Text(_) => Ok(()),
    };
    drawn.map_err(|e| e.to_string())
}

/// Mixes the letters of a text into a drawing of this size.
fn ink_text(text: &TextMark, placed: &Placement, drawing: &mut [u8], (w, h): (u32, u32)) {
    let scale = placed.scale;
    let (x, y) = text.start();
    let from = (x * scale + placed.left, y * scale + placed.top);
    let size = text.size * scale;
    dots(&text.text, size, text.bold, from, |x, y, covered| {
        // Most dots in the box around a letter are bare.
        if covered > 0.0 && x >= 0 && y >= 0 && (x as u32) < w && (y as u32) < h {
            let first = (y as usize * w as usize + x as usize) * 3;
            let ink = [text.colour.0, text.colour.1, text.colour.2];
            for (byte, ink) in drawing[first..first + 3].iter_mut().zip(ink) {
                let mixed = f32::from(*byte) * (1.0 - covered) + f32::from(ink) * covered;
                *byte = mixed.round() as u8;
            }
        }
    });
}

/// Writes pixels as a PNG file, whole or not at all.
fn encode_png(path: &Path, pixels: &[u8], (w, h): (u32, u32)) -> Result<(), String> {
    // The encoder infers the format from the ending and writes in place, so it writes beside the partial file first.
    let failed = |e: std::io::Error| e.to_string();
    let mut whole = AtomicFile::create(path).map_err(failed)?;
    let mut beside = whole.partial().as_os_str().to_os_string();
    beside.push(".png");
    let encoded = || -> Result<Vec<u8>, String> {
        let mut file = BitMapBackend::new(&beside, (w, h));
        file.blit_bitmap((0, 0), (w, h), pixels)
            .map_err(|e| e.to_string())?;
        file.present().map_err(|e| e.to_string())?;
        std::fs::read(&beside).map_err(failed)
    };
    let bytes = encoded();
    let _ = std::fs::remove_file(&beside);
    whole.write_all(&bytes?).map_err(failed)?;
    whole.finish().map_err(failed)
}

/// The pieces of a line that are on, one pixel at a time.
fn pieces(points: &[(f64, f64)], (on, off): (f64, f64)) -> Vec<Vec<(f64, f64)>> {
    let (mut all, mut piece, mut gone, mut drawing) = (Vec::new(), Vec::new(), 0.0, true);
    for pair in points.windows(2) {
        let length = maths::hypot(pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let steps = (length * 2.0).ceil().max(1.0) as usize;
        for step in 0..steps {
            let part = step as f64 / steps as f64;
            if drawing {
                piece.push((
                    pair[0].0 + part * (pair[1].0 - pair[0].0),
                    pair[0].1 + part * (pair[1].1 - pair[0].1),
                ));
            }
            gone += length / steps as f64;
            if gone >= if drawing { on } else { off } {
                if piece.len() > 1 {
                    all.push(std::mem::take(&mut piece));
                }
                piece.clear();
                gone = 0.0;
                drawing = !drawing;
            }
        }
    }
    if piece.len() > 1 {
        all.push(piece);
    }
    all
}

fn rgb(colour: Colour) -> RGBColor {
    RGBColor(colour.0, colour.1, colour.2)
}

/// Each pixel the mean of four, of a drawing this wide; width and height are even.
fn halved(large: &[u8], w: usize) -> Vec<u8> {
    let mut small = Vec::with_capacity(large.len() / 4);
    for rows in large.chunks_exact(w * 6) {
        let (upper, lower) = rows.split_at(w * 3);
        for (u, l) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
            let mean = |c: usize| {
                let sum =
                    u16::from(u[c]) + u16::from(u[c + 3]) + u16::from(l[c]) + u16::from(l[c + 3]);
                ((sum + 2) / 4) as u8
            };
            small.extend([mean(0), mean(1), mean(2)]);
        }
    }
    small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_overlap_or_leave_the_sheet_are_told() {
        let mut canvas = Canvas::new(100.0);
        canvas.height = 50.0;
        let ink = (0, 0, 0);
        canvas.text((10.0, 10.0), "one", 10.0, ink, TextAnchor::Left);
        canvas.text((12.0, 14.0), "two", 10.0, ink, TextAnchor::Left);
        canvas.text((95.0, 30.0), "three", 10.0, ink, TextAnchor::Left);
        canvas.text((10.0, 40.0), "four", 8.0, ink, TextAnchor::Left);
        canvas.text((50.0, 40.0), "five", 9.0, ink, TextAnchor::Left);
        canvas.rect((55.0, 35.0), (60.0, 45.0), ink, 1.0);
        let faults = canvas.faults();
        assert_eq!(
            faults,
            [
                "`two` lies over `one`",
                "`three` leaves the sheet",
                "`four` is 8 pixels high",
                "`five` is painted over"
            ]
        );
    }
}
