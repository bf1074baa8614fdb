//! Writes a canvas as SVG, with letters as outlines, as text that can be edited, or as text of a page.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::canvas::{Canvas, Mark, TextAnchor, TextMark};
use super::letters::{FAMILY, outline, outlined};
use super::theme::Colour;
use crate::foundation::escape::markup;

/// How text is written.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum TextRendering {
    /// As outlines, which need no typeface on the viewer's machine.
    #[default]
    Outlines,
    /// As text in the typeface of the page, which can be searched and read aloud.
    Page,
    /// As text in the viewer's typeface, which can be edited.
    Text,
}

/// Typefaces of text that can be edited: those of the figures, and what Windows, macOS and Linux have instead.
const STACK: &str = "'Noto Sans','Segoe UI','Helvetica Neue',Arial,sans-serif";

/// The sheet as SVG. `title` and `description` speak to readers who do not see it; `id` is unique on a page.
pub fn svg(
    canvas: &Canvas,
    id: &str,
    title: &str,
    description: &str,
    words: TextRendering,
) -> String {
    let (w, h) = (canvas.width.round(), canvas.height.round());
    let id = markup(id);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\" \
         aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>\n",
        markup(title),
        markup(description)
    );
    if words == TextRendering::Outlines {
        out.push_str(&definitions(canvas));
    }
    if words != TextRendering::Page {
        let _ = writeln!(out, "<path fill=\"#fff\" d=\"M0 0H{w}V{h}H0z\"/>");
    }
    for mark in &canvas.marks {
        match mark {
            Mark::Line {
                points,
                colour,
                width,
                dashes,
            } => {
                let _ = write!(
                    out,
                    "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"",
                    hex(*colour),
                    short(*width)
                );
                if let Some((on, off)) = dashes {
                    let _ = write!(out, " stroke-dasharray=\"{} {}\"", short(*on), short(*off));
                }
                let _ = writeln!(out, " d=\"{}\"/>", path(points));
            }
            Mark::Area {
                points,
                colour,
                opacity,
            } => {
                let _ = write!(out, "<path fill=\"{}\"", hex(*colour));
                if *opacity < 1.0 {
                    let _ = write!(out, " fill-opacity=\"{}\"", short(*opacity));
                }
                let _ = writeln!(out, " d=\"{}z\"/>", path(points));
            }
            Mark::Text(text) => match words {
                TextRendering::Outlines => push_outlines(&mut out, text),
                _ => push_text(&mut out, text),
            },
        }
    }
    out.push_str("</svg>\n");
    let family = match words {
        TextRendering::Outlines => return out,
        TextRendering::Page => format!("'{FAMILY}',sans-serif"),
        TextRendering::Text => STACK.into(),
    };
    out.replacen(" role=", &format!(" font-family=\"{family}\" role="), 1)
}

fn push_text(out: &mut String, text: &TextMark) {
    let (_, y) = text.start();
    let weight = if text.bold {
        " font-weight=\"700\""
    } else {
        ""
    };
    let anchor = match text.anchor {
        TextAnchor::Left => "",
        TextAnchor::Centre => " text-anchor=\"middle\"",
        TextAnchor::Right => " text-anchor=\"end\"",
    };
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\"{weight}{anchor}>{}</text>",
        short(text.at.0),
        short(y),
        short(text.size),
        hex(text.colour),
        markup(&text.text)
    );
}

fn push_outlines(out: &mut String, text: &TextMark) {
    let (x, y) = text.start();
    let part = text.size / 1000.0;
    let _ = write!(
        out,
        "<g fill=\"{}\" transform=\"translate({} {})scale({part})\">",
        hex(text.colour),
        short(x),
        short(y)
    );
    for one in outlined(&text.text, text.size, text.bold) {
        let _ = write!(
            out,
            "<use href=\"#{}\" x=\"{}\"/>",
            name(one.letter, text.bold),
            (one.x / part).round()
        );
    }
    out.push_str("</g>\n");
}

/// Every letter that occurs, once.
fn definitions(canvas: &Canvas) -> String {
    let letters: BTreeSet<(bool, char)> = canvas
        .texts()
        .flat_map(|t| t.text.chars().map(|c| (t.bold, c)))
        .filter(|(_, c)| *c != ' ')
        .collect();
    let mut out = String::from("<defs>");
    for (bold, letter) in letters {
        let _ = write!(
            out,
            "<path id=\"{}\" d=\"{}\"/>",
            name(letter, bold),
            outline(letter, bold)
        );
    }
    out + "</defs>\n"
}

fn name(letter: char, bold: bool) -> String {
    format!("{}{:x}", if bold { 'b' } else { 'r' }, letter as u32)
}

fn hex(colour: Colour) -> String {
    format!("#{:02x}{:02x}{:02x}", colour.0, colour.1, colour.2)
}

/// Points as path data to a tenth of a pixel, relative to the point before: short.
fn path(points: &[(f64, f64)]) -> String {
    let tenths = |v: f64| (v * 10.0).round() as i64;
    let mut out = String::new();
    let mut before = (0, 0);
    for (n, point) in points.iter().enumerate() {
        let at = (tenths(point.0), tenths(point.1));
        if n > 0 && at == before {
            continue;
        }
        let by = if n == 0 {
            at
        } else {
            (at.0 - before.0, at.1 - before.1)
        };
        let gap = if by.1 < 0 { "" } else { " " };
        let _ = write!(
            out,
            "{}{}{gap}{}",
            if n == 0 { 'M' } else { 'l' },
            tenth(by.0),
            tenth(by.1)
        );
        before = at;
    }
    out
}

fn tenth(tenths: i64) -> String {
    if tenths % 10 == 0 {
        return (tenths / 10).to_string();
    }
    let sign = if tenths < 0 { "-" } else { "" };
    let whole = match tenths.abs() / 10 {
        0 => String::new(),
        n => n.to_string(),
    };
    format!("{sign}{whole}.{}", tenths.abs() % 10)
}

fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
