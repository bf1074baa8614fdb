//! Escapes untrusted text for markup, scripts, spreadsheets, terminals and shells, with one function for each target.
//!
//! Names, titles, citations and paths come from files that other people wrote. All text that is assembled for another program
//! is escaped here; templates call [`markup`] automatically.

use std::borrow::Cow;

/// The visible replacement of a character that would control a terminal or a page.
///
/// Controls become their pictures (U+2400 and following), so that columns and underlinings stay in place; controls that
/// turn the direction of what follows, line separators and what XML does not allow become U+FFFD.
const fn shown(c: char) -> char {
    match c {
        '\0'..='\u{1f}' => match char::from_u32(0x2400 + c as u32) {
            Some(picture) => picture,
            None => '\u{fffd}',
        },
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{fffe}'
        | '\u{ffff}' => '\u{fffd}',
        c => c,
    }
}

fn shown_but(text: &str, kept: fn(char) -> bool) -> Cow<'_, str> {
    let acts = |c: char| !kept(c) && shown(c) != c;
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let one = |c: char| if kept(c) { c } else { shown(c) };
    Cow::Owned(text.replace("\r\n", "\n").chars().map(one).collect())
}

/// Text for a terminal, with any number of lines: it cannot move the cursor, set colours or overwrite text.
pub fn visible(text: &str) -> Cow<'_, str> {
    shown_but(text, |c| c == '\n' || c == '\t')
}

/// Text for a terminal that stays on one line, such as a cell of a table.
pub fn visible_line(text: &str) -> Cow<'_, str> {
    shown_but(text, |_| false)
}

/// Text for HTML or SVG, between tags or in an attribute in double quotes; the program writes no other quotes.
pub fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// JSON for a script element, in which no tag or comment can begin.
///
/// The escaped characters occur in JSON only within strings, where the escape has the same meaning.
pub fn json_in_script(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out
}

/// Whether a spreadsheet would interpret a cell as a formula. Numbers of either sign are not formulas.
fn is_formula(cell: &str) -> bool {
    // Full-width forms count as formulas too, since spreadsheets may treat them as the ASCII forms.
    let begins = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    cell.starts_with(begins) && cell.parse::<f64>().is_err()
}

/// A cell of a CSV table that no spreadsheet evaluates: formulas are prefixed with an apostrophe.
///
/// Numbers stay as they are. So that [`csv_plain`] gives back every text as it was, what begins with apostrophes before a
/// formula has one more.
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    if is_formula(text.trim_start_matches('\'')) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text of a cell that [`csv_cell`] wrote.
pub fn csv_plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_formula(text.trim_start_matches('\'')) => text,
        _ => cell,
    }
}

/// Every cell of a CSV table as [`csv_cell`] writes it; a table without formulas keeps its bytes.
///
/// # Errors
/// When the text is no CSV.
pub fn csv_table(table: Vec<u8>) -> Result<Vec<u8>, csv::Error> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(table.as_slice());
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::with_capacity(table.len()));
    let (mut record, mut changed) = (csv::StringRecord::new(), false);
    while reader.read_record(&mut record)? {
        let cells = record.iter().map(csv_cell);
        let cells = cells.inspect(|cell| changed |= matches!(cell, Cow::Owned(_)));
        writer.write_record(cells.map(|cell| cell.into_owned()))?;
    }
    if !changed {
        return Ok(table);
    }
    writer
        .into_inner()
        .map_err(|e| csv::Error::from(e.into_error()))
}

/// Whether a shell reads a byte literally at this position of a word. A leading `=` has a special meaning in some shells.
fn is_plain(at: usize, byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-+%/:,@".contains(&byte) || byte == b'=' && at > 0
}

/// Any bytes as one word of a POSIX shell.
pub fn shell_bytes(word: &[u8]) -> Vec<u8> {
    if !word.is_empty() && word.iter().enumerate().all(|(at, b)| is_plain(at, *b)) {
        return word.to_vec();
    }
    let mut out = vec![b'\''];
    for byte in word {
        match byte {
            b'\'' => out.extend_from_slice(b"'\\''"),
            byte => out.push(*byte),
        }
    }
    out.push(b'\'');
    out
}

/// Any text as one word of a POSIX shell.
pub fn shell_word(word: &str) -> String {
    // Quoting adds only ASCII characters.
    String::from_utf8(shell_bytes(word.as_bytes())).unwrap_or_default()
}

/// A positional argument, such as a file, as one word that is not parsed as an option.
pub fn shell_argument(word: &str) -> String {
    if word.starts_with('-') {
        shell_word(&format!("./{word}"))
    } else {
        shell_word(word)
    }
}

/// An option with its value, as words of a shell; a value that begins as an option does is tied to it.
pub fn shell_option(option: &str, value: &str) -> String {
    let tie = if value.starts_with('-') { '=' } else { ' ' };
    format!("{option}{tie}{}", shell_word(value))
}

/// Words of a command as [`shell_word`] writes them; nothing where a quotation does not end. Characters that a shell would
/// act on are taken for themselves.
pub fn shell_words(command: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    let mut rest = command.chars();
    while let Some(c) = rest.next() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if !quoted => word.get_or_insert_default().push(rest.next()?),
            c if c.is_ascii_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    (!quoted).then_some(words)
}

/// A recorded command of this program, quoted so that a shell runs only this command; none where the text is no such command.
///
/// `CHOKEPOINT_FAIL=N` may precede it: the hook with which tests make a run fail.
pub fn recorded_command(text: &str) -> Option<String> {
    let words = shell_words(text)?;
    let hook = |word: &str| {
        word.strip_prefix("CHOKEPOINT_FAIL=")
            .is_some_and(|n| n.parse::<u32>().is_ok())
    };
    let hooks = usize::from(words.first().is_some_and(|w| hook(w)));
    if words.get(hooks).is_none_or(|w| w != "chokepoint") {
        return None;
    }
    let quoted: Vec<String> = words.iter().map(|w| shell_word(w)).collect();
    Some(quoted.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: [&str; 14] = [
        "",
        "plain",
        "a; touch pwned #",
        "it's $(touch pwned) `touch pwned`",
        "two\nlines",
        "\u{1b}[31mred\u{7}",
        "-rf",
        "=cmd",
        "~root",
        "a\\b\"c",
        "漢字 🙂",
        "''",
        "'=x",
        "a\u{202e}b\u{2028}c\0",
    ];

    #[test]
    fn a_word_comes_back_from_a_shell_as_it_was() {
        for text in HOSTILE.into_iter().filter(|t| !t.contains('\0')) {
            let command = format!("printf %s {}", shell_word(text));
            let said = std::process::Command::new("sh")
                .args(["-c", &command])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(said.stdout).unwrap(), text);
            assert_eq!(shell_words(&command).unwrap()[2], text);
        }
        for plain in ["gamma=2", "configs/studies/a.toml", "50%", "a:b,c@d+e"] {
            assert_eq!(shell_word(plain), plain);
        }
        assert_eq!(shell_words("a 'b"), None);
        assert_eq!(shell_option("--regime", "-x"), "--regime=-x");
        assert_eq!(shell_argument("-x.toml"), "./-x.toml");
    }

    #[test]
    fn a_recorded_command_is_this_program_and_nothing_beside_it() {
        let same = "CHOKEPOINT_FAIL=3 chokepoint run mine --set gamma=2 --only 7";
        assert_eq!(recorded_command(same).unwrap(), same);
        assert_eq!(
            recorded_command("chokepoint run x; touch pwned").unwrap(),
            "chokepoint run 'x;' touch pwned"
        );
        for other in ["touch pwned", "CHOKEPOINT_FAIL=$(id) chokepoint run x", ""] {
            assert_eq!(recorded_command(other), None, "{other}");
        }
    }

    #[test]
    fn nothing_acts_on_a_terminal() {
        for text in HOSTILE {
            let line = visible_line(text);
            assert!(!line.contains(char::is_control), "{text:?}");
            assert_eq!(line.chars().count(), text.chars().count());
        }
        assert_eq!(visible("a\r\nb\tc\u{1b}"), "a\nb\tc\u{241b}");
        assert_eq!(visible("a\rb\u{9b}"), "a\u{240d}b\u{fffd}");
    }

    #[test]
    fn markup_is_text_in_every_place() {
        assert_eq!(
            markup("f\" onload='x' <b>&\0"),
            "f&quot; onload='x' &lt;b&gt;&amp;\u{2400}"
        );
        let json = serde_json::to_string("</script><!--\u{2028}&").unwrap();
        let inside = json_in_script(&json);
        assert!(!inside.contains(['<', '>', '&', '\u{2028}']));
        let back: String = serde_json::from_str(&inside).unwrap();
        assert_eq!(back, "</script><!--\u{2028}&");
    }

    #[test]
    fn a_spreadsheet_runs_no_cell_and_every_text_comes_back() {
        for text in HOSTILE
            .into_iter()
            .chain(["@SUM(A1)", "+1+2", "\tx", "''-y", "'plain"])
        {
            let cell = csv_cell(text);
            assert!(!is_formula(&cell), "{cell}");
            assert_eq!(csv_plain(&cell), text);
        }
        for number in ["-1.5", "+2", "-1e-7", "-inf", "NaN", "0"] {
            assert_eq!(csv_cell(number), number);
        }
        let table = b"a,b\n-1,\"x, y\"\n".to_vec();
        assert_eq!(csv_table(table.clone()).unwrap(), table);
        let table = b"=a,-1\n\"x,y\",@b\n".to_vec();
        assert_eq!(csv_table(table).unwrap(), b"'=a,-1\n\"x,y\",'@b\n");
    }
}
