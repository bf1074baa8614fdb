//! The typeface of the program, measured and drawn the same on every machine.

use std::fmt::Write;
use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, Glyph, OutlineCurve, Point, ScaleFont, point};
use base64::Engine;

use crate::foundation::escape::visible_line;

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../assets/fonts/NotoSans-Bold.ttf");
/// The same typeface with the letters of English alone, for pages: letters of a figure are outlines already.
const PAGE_REGULAR: &[u8] = include_bytes!("../../assets/fonts/NotoSans-Regular-page.ttf");
const PAGE_BOLD: &[u8] = include_bytes!("../../assets/fonts/NotoSans-Bold-page.ttf");
/// What the typeface of figures holds, for an error.
pub const LETTERS: &str = "Latin, Greek or Cyrillic letters, digits and common signs";
pub const FAMILY: &str = "Noto Sans";

/// Height of letters with and below the line, as parts of their size.
pub const ABOVE: f64 = 0.76;
pub const BELOW: f64 = 0.22;

fn face(bold: bool) -> Option<&'static FontRef<'static>> {
    static FACES: OnceLock<[Option<FontRef<'static>>; 2]> = OnceLock::new();
    FACES.get_or_init(|| [REGULAR, BOLD].map(|bytes| FontRef::try_from_slice(bytes).ok()))
        [usize::from(bold)]
    .as_ref()
}

/// Ems of a face to the scale that draws letters of this size.
fn scale(font: &FontRef<'_>, size: f64) -> f32 {
    let em = f64::from(font.units_per_em().unwrap_or(1000.0));
    (size * f64::from(font.height_unscaled()) / em) as f32
}

/// Each letter of a text on a line that begins at zero, and the width of all.
fn set(text: &str, size: f64, bold: bool) -> (Vec<Glyph>, f64) {
    let Some(font) = face(bold) else {
        return (Vec::new(), 0.0);
    };
    let scaled = font.as_scaled(scale(font, size));
    let (mut glyphs, mut x, mut last) = (Vec::new(), 0.0_f32, None);
    for letter in text.chars() {
        let id = font.glyph_id(letter);
        if let Some(last) = last {
            x += scaled.kern(last, id);
        }
        glyphs.push(id.with_scale_and_position(scale(font, size), point(x, 0.0)));
        x += scaled.h_advance(id);
        last = Some(id);
    }
    (glyphs, f64::from(x))
}

/// Width of a text in pixels.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    set(text, size, bold).1
}

/// Letters of a text that the typeface lacks. Signs without a shape, such as marks of direction, are no letters.
pub fn lacking(text: &str, bold: bool) -> Vec<char> {
    let has = |c: &char| face(bold).is_some_and(|font| font.glyph_id(*c).0 != 0);
    let marks_direction = |c: &char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}');
    let has_shape =
        |c: &char| !marks_direction(c) && visible_line(c.encode_utf8(&mut [0; 4])) == c.to_string();
    text.chars().filter(|c| has_shape(c) && !has(c)).collect()
}

/// The dots of a text whose line begins at `from`: column, row, and how much of the dot is covered.
pub fn dots(
    text: &str,
    size: f64,
    bold: bool,
    from: (f64, f64),
    mut dot: impl FnMut(i32, i32, f32),
) {
    let Some(font) = face(bold) else { return };
    for mut glyph in set(text, size, bold).0 {
        glyph.position.x += from.0 as f32;
        glyph.position.y += from.1 as f32;
        if let Some(outline) = font.outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, covered| {
                dot(
                    x as i32 + corner.x as i32,
                    y as i32 + corner.y as i32,
                    covered,
                );
            });
        }
    }
}

/// One letter as the path of its outline in thousandths of its size, with its place in the text.
pub struct GlyphOutline {
    pub letter: char,
    pub x: f64,
}

/// Where the letters of a text stand; spaces are left out.
pub fn outlined(text: &str, size: f64, bold: bool) -> Vec<GlyphOutline> {
    let places = set(text, size, bold).0;
    text.chars()
        .zip(places)
        .filter(|(letter, _)| *letter != ' ')
        .map(|(letter, glyph)| GlyphOutline {
            letter,
            x: f64::from(glyph.position.x),
        })
        .collect()
}

/// The outline of a letter as path data, in thousandths of its size, upward negative.
pub fn outline(letter: char, bold: bool) -> String {
    let mut path = String::new();
    let Some(font) = face(bold) else { return path };
    let Some(outline) = font.outline(font.glyph_id(letter)) else {
        return path;
    };
    let unit = 1000.0 / font.units_per_em().unwrap_or(1000.0);
    let at = |p: Point| {
        format!(
            "{} {}",
            (p.x * unit).round() as i32,
            (-p.y * unit).round() as i32
        )
    };
    let mut pen: Option<Point> = None;
    for curve in outline.curves {
        let (from, to) = match &curve {
            OutlineCurve::Line(a, b) => (*a, *b),
            OutlineCurve::Quad(a, _, b) => (*a, *b),
            OutlineCurve::Cubic(a, _, _, b) => (*a, *b),
        };
        if pen != Some(from) {
            let _ = write!(path, "M{}", at(from));
        }
        let _ = match curve {
            OutlineCurve::Line(_, b) => write!(path, "L{}", at(b)),
            OutlineCurve::Quad(_, c, b) => write!(path, "Q{} {}", at(c), at(b)),
            OutlineCurve::Cubic(_, c, d, b) => write!(path, "C{} {} {}", at(c), at(d), at(b)),
        };
        pen = Some(to);
    }
    path
}

/// Style rules that carry the typeface into a page.
pub fn font_faces() -> String {
    let face = |bytes: &[u8], weight: u32| {
        let data = base64::engine::general_purpose::STANDARD.encode(bytes);
        format!(
            "@font-face{{font-family:'{FAMILY}';font-weight:{weight};src:url(data:font/ttf;base64,{data})}}"
        )
    };
    face(PAGE_REGULAR, 400) + &face(PAGE_BOLD, 700)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_texts_are_wider_and_bold_is_wider_still() {
        assert!(width("wide", 10.0, false) > width("wid", 10.0, false));
        assert!(width("wide", 10.0, true) > width("wide", 10.0, false));
        assert!((width("wide", 20.0, false) - 2.0 * width("wide", 10.0, false)).abs() < 1e-3);
    }

    #[test]
    fn a_letter_without_a_shape_is_told() {
        assert_eq!(lacking("a\u{6f22}", false), ['\u{6f22}']);
        assert!(outline('o', false).matches('M').count() == 2);
        for text in [
            "Größe, déjà vu, Łódź",
            "Ελλάδα λ",
            "Экспорт Київ",
            "3 × 10⁶ €",
        ] {
            assert!(lacking(text, false).is_empty(), "{text}");
            assert!(lacking(text, true).is_empty(), "{text}");
        }
    }
}
