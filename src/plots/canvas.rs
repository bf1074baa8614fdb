//! A sheet of marks, drawn through plotters as SVG or PNG with the same letters on every machine.

use std::path::Path;
use std::sync::Once;

use base64::Engine;
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle, WHITE, register_font,
};

use super::theme::Colour;

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../assets/fonts/NotoSans-Bold.ttf");
const FAMILY: &str = "Noto Sans";
/// Coordinates of a backend are whole pixels: drawing this much larger keeps curves smooth.
const FINE: u32 = 4;
/// Pixels of a PNG for each pixel of the figure.
const PNG: u32 = 2;

/// Where a text hangs on its point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    Left,
    Centre,
    Right,
}

enum Mark {
    Line {
        points: Vec<(f64, f64)>,
        colour: Colour,
        width: f64,
    },
    Area {
        points: Vec<(f64, f64)>,
        colour: Colour,
        opacity: f64,
    },
    Text {
        at: (f64, f64),
        text: String,
        size: f64,
        bold: bool,
        colour: Colour,
        anchor: Anchor,
    },
}

/// Marks on a sheet, in pixels from the top left.
pub struct Canvas {
    pub width: f64,
    pub height: f64,
    marks: Vec<Mark>,
}

impl Canvas {
    pub fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            marks: Vec::new(),
        }
    }

    pub fn line(&mut self, points: Vec<(f64, f64)>, colour: Colour, width: f64) {
        self.marks.push(Mark::Line {
            points,
            colour,
            width,
        });
    }

    /// A line of dashes along x, 5 pixels on and 4 off.
    pub fn dashes(&mut self, points: &[(f64, f64)], colour: Colour, width: f64) {
        let (mut piece, mut gone, mut on) = (Vec::new(), 0.0, true);
        for pair in points.windows(2) {
            let length = (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1);
            let steps = (length / 1.0).ceil().max(1.0) as usize;
            for step in 0..steps {
                let part = step as f64 / steps as f64;
                let at = (
                    pair[0].0 + part * (pair[1].0 - pair[0].0),
                    pair[0].1 + part * (pair[1].1 - pair[0].1),
                );
                if on {
                    piece.push(at);
                }
                gone += length / steps as f64;
                if gone >= if on { 5.0 } else { 4.0 } {
                    if on && piece.len() > 1 {
                        self.line(std::mem::take(&mut piece), colour, width);
                    }
                    piece.clear();
                    gone = 0.0;
                    on = !on;
                }
            }
        }
        if piece.len() > 1 {
            self.line(piece, colour, width);
        }
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

    pub fn text(
        &mut self,
        at: (f64, f64),
        text: impl Into<String>,
        size: f64,
        colour: Colour,
        anchor: Anchor,
    ) {
        self.marks.push(Mark::Text {
            at,
            text: text.into(),
            size,
            bold: false,
            colour,
            anchor,
        });
    }

    pub fn bold(
        &mut self,
        at: (f64, f64),
        text: impl Into<String>,
        size: f64,
        colour: Colour,
        anchor: Anchor,
    ) {
        self.marks.push(Mark::Text {
            at,
            text: text.into(),
            size,
            bold: true,
            colour,
            anchor,
        });
    }

    /// The figure as SVG, with its typeface inside. `title` and `description` speak to readers who do not see it.
    ///
    /// # Errors
    /// When the backend fails.
    pub fn svg(&self, title: &str, description: &str) -> Result<String, String> {
        let mut text = String::new();
        {
            let backend = SVGBackend::with_string(&mut text, self.size(FINE));
            self.draw(&backend.into_drawing_area(), f64::from(FINE))?;
        }
        let close = text.find('>').ok_or("no opening tag")?;
        let (w, h) = self.size(1);
        let (fine_w, fine_h) = self.size(FINE);
        let head = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {fine_w} {fine_h}\" role=\"img\">\n\
             <title>{}</title>\n<desc>{}</desc>\n<style>{}</style>",
            escape(title),
            escape(description),
            font_faces()
        );
        Ok(head + &text[close + 1..])
    }

    /// The figure as PNG at twice its size, smoothed from a drawing twice as large again.
    ///
    /// # Errors
    /// When the backend fails or the file cannot be written.
    pub fn png(&self, path: &Path) -> Result<(), String> {
        let (w, h) = self.size(FINE);
        let mut large = vec![255_u8; (w * h * 3) as usize];
        {
            let backend = BitMapBackend::with_buffer(&mut large, (w, h));
            self.draw(&backend.into_drawing_area(), f64::from(FINE))?;
        }
        let small = halved(&large, w as usize, h as usize);
        let (w, h) = self.size(PNG);
        let mut file = BitMapBackend::new(path, (w, h));
        file.blit_bitmap((0, 0), (w, h), &small)
            .map_err(|e| e.to_string())?;
        file.present().map_err(|e| e.to_string())
    }

    fn size(&self, scale: u32) -> (u32, u32) {
        (
            (self.width * f64::from(scale)).round() as u32,
            (self.height * f64::from(scale)).round() as u32,
        )
    }

    fn draw<B: DrawingBackend>(
        &self,
        sheet: &DrawingArea<B, Shift>,
        scale: f64,
    ) -> Result<(), String> {
        static FONTS: Once = Once::new();
        FONTS.call_once(|| {
            // A typeface that cannot be read leaves texts out; the figures' test would show it.
            let _ = register_font(FAMILY, FontStyle::Normal, REGULAR);
            let _ = register_font(FAMILY, FontStyle::Bold, BOLD);
        });
        let failed = |e: plotters::drawing::DrawingAreaErrorKind<B::ErrorType>| e.to_string();
        let at = |p: &(f64, f64)| ((p.0 * scale).round() as i32, (p.1 * scale).round() as i32);
        let all = |points: &[(f64, f64)]| points.iter().map(at).collect::<Vec<_>>();
        sheet.fill(&WHITE).map_err(failed)?;
        for mark in &self.marks {
            match mark {
                Mark::Line {
                    points,
                    colour,
                    width,
                } => {
                    let style = ShapeStyle {
                        color: rgb(*colour).to_rgba(),
                        filled: false,
                        stroke_width: (width * scale).round().max(1.0) as u32,
                    };
                    sheet
                        .draw(&PathElement::new(all(points), style))
                        .map_err(failed)?;
                }
                Mark::Area {
                    points,
                    colour,
                    opacity,
                } => {
                    let style = rgb(*colour).mix(*opacity).filled();
                    let corners = all(points);
                    let upright = corners.len() == 4
                        && corners[0].1 == corners[1].1
                        && corners[1].0 == corners[2].0;
                    if upright {
                        sheet
                            .draw(&Rectangle::new([corners[0], corners[2]], style))
                            .map_err(failed)?;
                    } else {
                        sheet.draw(&Polygon::new(corners, style)).map_err(failed)?;
                    }
                }
                Mark::Text {
                    at: place,
                    text,
                    size,
                    bold,
                    colour,
                    anchor,
                } => {
                    let style = if *bold {
                        FontStyle::Bold
                    } else {
                        FontStyle::Normal
                    };
                    let across = match anchor {
                        Anchor::Left => HPos::Left,
                        Anchor::Centre => HPos::Center,
                        Anchor::Right => HPos::Right,
                    };
                    // Backends count a size of text as 1.24 of what readers call it.
                    let font = FontDesc::new(FontFamily::Name(FAMILY), size * scale * 1.24, style);
                    let ink = rgb(*colour);
                    let style = TextStyle::from(font)
                        .color(&ink)
                        .pos(Pos::new(across, VPos::Center));
                    sheet.draw_text(text, &style, at(place)).map_err(failed)?;
                }
            }
        }
        sheet.present().map_err(failed)
    }
}

fn rgb(colour: Colour) -> RGBColor {
    RGBColor(colour.0, colour.1, colour.2)
}

/// Each pixel the mean of four.
fn halved(large: &[u8], w: usize, h: usize) -> Vec<u8> {
    let mut small = Vec::with_capacity(large.len() / 4);
    for y in (0..h).step_by(2) {
        for x in (0..w).step_by(2) {
            for c in 0..3 {
                let at = |dx: usize, dy: usize| u32::from(large[((y + dy) * w + x + dx) * 3 + c]);
                small.push(((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1) + 2) / 4) as u8);
            }
        }
    }
    small
}

/// Style rules that carry the typeface; once a page is enough where several figures stand on it.
pub fn font_faces() -> String {
    let face = |bytes: &[u8], weight: u32| {
        let data = base64::engine::general_purpose::STANDARD.encode(bytes);
        format!(
            "@font-face{{font-family:'{FAMILY}';font-weight:{weight};src:url(data:font/ttf;base64,{data})}}"
        )
    };
    face(REGULAR, 400) + &face(BOLD, 700)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
