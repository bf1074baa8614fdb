//! How the program is cited.

/// This program: authors, title, version, day of release, address and hash of the source.
pub fn citation() -> String {
    citation_of(env!("CARGO_PKG_VERSION"), env!("CHOKEPOINT_SOURCE"))
}

/// The program of this version and source, as results name it. Only the day of this program's release is known to it.
pub fn citation_of(version: &str, source: &str) -> String {
    let authors = env!("CARGO_PKG_AUTHORS").replace(':', "; ");
    let subject = env!("CARGO_PKG_DESCRIPTION").trim_start_matches("A ");
    let released = match env!("CHOKEPOINT_RELEASED") {
        day if !day.is_empty() && version == env!("CARGO_PKG_VERSION") => format!(" ({day})"),
        _ => String::new(),
    };
    let address = match env!("CARGO_PKG_REPOSITORY") {
        "" => String::new(),
        address => format!(" {address}."),
    };
    format!(
        "{authors}. Chokepoint: a {subject}. Version {version}{released}.{address} Source {source}."
    )
}
